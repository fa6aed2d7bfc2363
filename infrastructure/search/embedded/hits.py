"""Builds the hits of a search: documents, highlights, explanations, groups."""

from collections.abc import Iterator

from tantivy import Searcher

from domain.search.queries import Explanation, FieldSpec, Hit, Mode, SearchDocument, SearchQuery
from infrastructure.search.common.highlighting import Highlighter
from infrastructure.search.common.identifiers import ID
from infrastructure.search.embedded.document_codec import decode
from infrastructure.search.embedded.filters_and_facets import allowed
from infrastructure.search.embedded.index_store import IndexStore
from infrastructure.search.embedded.rank_fusion import Ranked
from infrastructure.search.embedded.schema import DOCUMENT
from infrastructure.search.embedded.search_run import SearchRun

PAGE_HITS = 100  # hits that grouping reads per query
GROUPED = 2_000  # hits that grouping considers


class HitBuilder:
    """Builds the hits of one search."""

    def __init__(self, store: IndexStore, searcher: Searcher, query: SearchQuery, run: SearchRun, model: str | None) -> None:
        self._store, self._searcher, self._query, self._run, self._model = store, searcher, query, run, model
        self._highlighter = Highlighter(run.matcher.words, store.spec.fields) if query.text.strip() else None

    def hits(self) -> list[Hit]:
        """The hits of the requested page."""
        if self._query.group_by is not None:
            return self._groups(allowed(self._store.spec, self._query.group_by, "group", _groupable))
        offset = (self._query.page - 1) * self._query.per_page
        return self._build([(ranked, self._document(ranked), None) for ranked in self._run.page(offset, self._query.per_page)])

    def _groups(self, field: FieldSpec) -> list[Hit]:
        """The groups of the page, in the order of their first hits; a document without a value is its own group."""
        first, last = (self._query.page - 1) * self._query.per_page, self._query.page * self._query.per_page
        groups: dict[str, list[tuple[Ranked, SearchDocument, str | None]]] = {}
        for ranked in self._ranked_hits():
            document = self._document(ranked)
            value = document.get(field.name)
            key = f"value {value}" if value is not None else f"id {document[ID]}"
            if key not in groups and len(groups) >= last:
                continue
            group = groups.setdefault(key, [])
            if len(group) < self._query.group_limit:
                group.append((ranked, document, str(value) if value is not None else None))
        return self._build([member for group in list(groups.values())[first:last] for member in group])

    def _ranked_hits(self) -> Iterator[Ranked]:
        for offset in range(0, GROUPED, PAGE_HITS):
            page = self._run.page(offset, PAGE_HITS)
            yield from page
            if len(page) < PAGE_HITS:
                return

    def _build(self, found: list[tuple[Ranked, SearchDocument, str | None]]) -> list[Hit]:
        similarities = self._run.similarities([ranked.key for ranked, _, _ in found]) if self._query.explain else [None] * len(found)
        return [self._hit(ranked, document, group, similarity) for (ranked, document, group), similarity in zip(found, similarities, strict=True)]

    def _hit(self, ranked: Ranked, document: SearchDocument, group: str | None, similarity: float | None) -> Hit:
        highlights = self._highlighter.highlights(document) if self._highlighter else {}
        explain = self._explanation(ranked, document, similarity) if self._query.explain else None
        return Hit(id=document[ID], score=round(ranked.score, 4), document=document, highlights=highlights, explain=explain, group=group)

    def _explanation(self, ranked: Ranked, document: SearchDocument, similarity: float | None) -> Explanation:
        by_word = self._query.text.strip() and ranked.keyword_rank is not None
        return Explanation(
            words=self._highlighter.found(document) if self._highlighter else {},
            keyword_rank=ranked.keyword_rank if by_word else None,
            keyword_score=round(ranked.keyword_score, 4) if by_word and ranked.keyword_score is not None else None,
            semantic_rank=ranked.semantic_rank,
            similarity=round(similarity, 4) if similarity is not None else None,
            model=self._model if similarity is not None or self._run.mode is not Mode.KEYWORD else None,
        )

    def _document(self, ranked: Ranked) -> SearchDocument:
        return decode(self._searcher.doc(ranked.address).get_first(DOCUMENT) or b"{}")


def _groupable(field: FieldSpec) -> bool:
    return field.type == "keyword" and not field.many
