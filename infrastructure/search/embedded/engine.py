"""The search port over tantivy: one folder a collection and schema, many processes reading, whoever holds the lock writing."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock

import tantivy
from tenacity import retry, retry_if_exception, stop_after_delay, wait_random

from domain.errors import InvalidError
from domain.search import Collection, CollectionSpec, Document, FacetValue, Hit, SearchQuery, SearchResult
from infrastructure.search.embedded.query import QueryBuilder, field_of
from infrastructure.search.embedded.schema import STORED, from_stored, make_schema, register, schema_hash, to_tantivy
from infrastructure.search.words import Marker, Words, parse, split

HEAP = 30_000_000  # bytes; tantivy wants 15 MB a thread at least
DEEPEST = 10_000
PAGE = 1_000
busy = retry(retry=retry_if_exception(lambda error: "LockBusy" in str(error)), stop=stop_after_delay(60), wait=wait_random(0.01, 0.1), reraise=True)


class EmbeddedSearch:
    """See services/ports.py `SearchEngine`."""

    def __init__(self, folder: Path, specs: Sequence[CollectionSpec]) -> None:
        self.folder = folder
        self.specs = {spec.name: spec for spec in specs}
        self._open: dict[Collection, tantivy.Index] = {}
        self._lock = Lock()

    def write(self, collection: Collection, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Replace and delete documents in one commit."""
        if not documents and not deleted:
            return
        spec, index = self.specs[collection], self._index(collection)
        made = [(str(document["id"]), to_tantivy(spec, document)) for document in documents]
        with self._lock:
            self._write(index, made, deleted)

    @busy
    def _write(self, index: tantivy.Index, made: Sequence[tuple[str, tantivy.Document]], deleted: Sequence[str]) -> None:
        writer = index.writer(HEAP, 1)
        for key in (*(key for key, _ in made), *deleted):
            writer.delete_documents_by_term("id", key)
        for _, document in made:
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()

    def upsert(self, collection: Collection, documents: Sequence[Document]) -> None:
        """Replace whole documents by id."""
        self.write(collection, documents, [])

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Delete documents; unknown ids are fine."""
        self.write(collection, [], ids)

    def clear(self, collection: Collection) -> None:
        """Delete every document."""
        index = self._index(collection)
        with self._lock:
            self._clear(index)

    @busy
    def _clear(self, index: tantivy.Index) -> None:
        writer = index.writer(HEAP, 1)
        writer.delete_all_documents()
        writer.commit()
        writer.wait_merging_threads()

    def search(self, query: SearchQuery) -> SearchResult:
        """See domain/search.py. InvalidError for unknown fields and pages past DEEPEST documents."""
        started = time.perf_counter()
        if query.page * query.per_page > DEEPEST:
            raise InvalidError(f"page {query.page} of {query.per_page} lies past the first {DEEPEST} documents; narrow the search instead")
        spec, searcher = self.specs[query.collection], self._searcher(query.collection)
        words = parse(query.text)
        builder = QueryBuilder(spec, self._index(query.collection).schema, searcher)
        order = _order(spec, query.sort)
        for one in builder.build(query, words):
            result = searcher.search(one, limit=query.per_page, count=True, offset=(query.page - 1) * query.per_page, **order)
            if result.count:
                break
        marker = builder.marker(words)
        hits = [self._hit(spec, searcher, score if query.sort is None else 0.0, address, marker) for score, address in result.hits]
        facets = _facets(spec, searcher, one, query)
        took = (time.perf_counter() - started) * 1000
        return SearchResult(found=result.count, page=query.page, per_page=query.per_page, took_ms=round(took, 3), hits=hits, facets=facets)

    def _hit(self, spec: CollectionSpec, searcher: tantivy.Searcher, score: float, address: tantivy.DocAddress, marker: Marker) -> Hit:
        document = from_stored(spec, searcher.doc(address).get_first(STORED))
        highlights = {}
        for field in spec.fields:
            if field.type != "text":
                continue
            value = document.get(field.name)
            marked = next((found for text in (value if isinstance(value, list) else [value]) if text and (found := marker.mark(str(text)))), None)
            if marked:
                highlights[field.name] = marked
        return Hit(id=document["id"], score=score, document=document, highlights=highlights)

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        """Titles (names) that have the words typed, the last of them perhaps unfinished."""
        field = max((field for field in self.specs[collection].fields if field.type == "text"), key=lambda field: field.weight)
        narrow = CollectionSpec(name=collection, fields=(field,))
        searcher = self._searcher(collection)
        words = parse(prefix)
        words = Words(words=words.words or split(prefix), open_end=bool(words.words))
        if not words.words:
            return []
        query = QueryBuilder(narrow, self._index(collection).schema, searcher).build(SearchQuery(collection=collection), words)[0]
        found = searcher.search(query, limit=limit * 4, count=False).hits
        texts = [from_stored(self.specs[collection], searcher.doc(address).get_first(STORED)).get(field.name) for _, address in found]
        return list(dict.fromkeys(str(text) for text in texts if text))[:limit]

    def scan(self, collection: Collection) -> Iterator[Document]:
        """Every document, in no order."""
        searcher, spec = self._searcher(collection), self.specs[collection]
        for start in range(0, searcher.num_docs, PAGE):
            for _, address in searcher.search(tantivy.Query.all_query(), limit=PAGE, count=False, offset=start).hits:
                yield from_stored(spec, searcher.doc(address).get_first(STORED))

    def count(self, collection: Collection) -> int:
        """How many documents there are."""
        return int(self._searcher(collection).num_docs)

    def _searcher(self, collection: Collection) -> tantivy.Searcher:
        index = self._index(collection)
        index.reload()
        return index.searcher()

    def _index(self, collection: Collection) -> tantivy.Index:
        if collection not in self._open:
            spec = self.specs[collection]
            folder = self.folder / f"{collection}-{schema_hash(spec)}"
            folder.mkdir(parents=True, exist_ok=True)
            index = tantivy.Index(make_schema(spec), path=str(folder))
            register(index)
            self._open[collection] = index
        return self._open[collection]


def _order(spec: CollectionSpec, sort: str | None) -> dict[str, object]:
    if sort is None:
        return {}
    field = field_of(spec, sort.removeprefix("-"), "sort", {"number", "date", "keyword"})
    return {"order_by_field": field.name, "order": tantivy.Order.Desc if sort.startswith("-") else tantivy.Order.Asc}


def _facets(spec: CollectionSpec, searcher: tantivy.Searcher, query: tantivy.Query, wanted: SearchQuery) -> dict[str, list[FacetValue]]:
    fields = [field_of(spec, name, "facet", {"keyword"}).name for name in wanted.facet_by]
    if not fields:
        return {}
    counted = searcher.aggregate(query, {name: {"terms": {"field": name, "size": wanted.facet_size}} for name in fields})
    return {name: [FacetValue(value=str(one["key"]), count=int(one["doc_count"])) for one in counted[name]["buckets"]] for name in fields}
