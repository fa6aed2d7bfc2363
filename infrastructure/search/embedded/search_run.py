"""One search on one snapshot: which documents are found, in which order, and how many there are."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from tantivy import DocAddress, Occur, Query, Searcher

from domain.search.embedding_text import embedding_text
from domain.search.queries import Mode, SearchQuery, Synonym
from domain.shared.errors import NotFoundError
from domain.shared.surrogate_keys import surrogate_key
from infrastructure.search.common.document_codec import decode
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import TITLE_CHARACTERS
from infrastructure.search.common.rank_fusion import Ranked, by_meaning, by_words, fused
from infrastructure.search.embedded import paging
from infrastructure.search.embedded.filters_and_facets import filter_query
from infrastructure.search.embedded.index_store import IndexStore
from infrastructure.search.embedded.nearest_vectors import keys_of, neighbours, similarities, with_keys
from infrastructure.search.embedded.schema import DOCUMENT
from infrastructure.search.embedded.term_queries import TermQueryBuilder, count, every
from infrastructure.search.embedded.text_query import FULL, like_query, text_query
from infrastructure.search.embedded.vectors import NONE, Snapshot
from services.ports.embeddings import Vectors

RankedDocument = Ranked[int, DocAddress]
DOUBT = 0.4  # of the share of meaning, where words were corrected or have synonyms
DEEP = 500  # hits by word whose rank counts in the fusion; those behind them follow in their order


class SearchRun:
    """The answer to a query, worked out as far as it is asked for. InvalidError where a field can't be asked so."""

    def __init__(
        self,
        store: IndexStore,
        searcher: Searcher,
        query: SearchQuery,
        synonyms: Sequence[Synonym],
        vectors: Snapshot | None,
    ) -> None:
        self._store, self._searcher, self._query, self._vectors = store, searcher, query, vectors
        self.matcher = TermQueryBuilder(store.schema, searcher, store.spec.fields, strict=query.strict)
        if query.similar_to is not None and self._vector is None:
            self.text = like_query(self.matcher, _about(store, searcher, query.similar_to))
        else:
            self.text = text_query(self.matcher, searcher, query.text, ranked=query.sort is None, synonyms=synonyms)
        filters = [
            (Occur.Must, Query.const_score_query(filter_query(store.spec, store.schema, one), 0.0))
            for one in query.filters
        ]
        if query.similar_to is not None:
            filters.append((Occur.MustNot, Query.term_query(store.schema, ID, query.similar_to)))
        self._filters = filters
        self._counted: int | None = None  # by the page

    @cached_property
    def mode(self) -> Mode:
        """How the documents are found: by meaning only where there is a vector to compare, and vectors to compare it
        with.
        """
        asked = self._query.mode
        if self._vector is None or self.text.nothing or (asked is Mode.KEYWORD and self._query.similar_to is None):
            return Mode.KEYWORD
        if asked is Mode.SEMANTIC or self.text.words is None:
            return Mode.SEMANTIC
        # An identifier was typed; or hits are sorted by a field, where a far neighbour could come first.
        literal = (self.text.codes and self._has_exact) or (
            self._query.sort is not None and count(self._searcher, self._by_word) > 0
        )
        return Mode.KEYWORD if literal else Mode.HYBRID

    @cached_property
    def everything(self) -> Query:
        """All that is found, in no order: for counts and facets."""
        if self.mode is Mode.KEYWORD:
            return self._by_word
        near = with_keys(self._store.schema, [one.key for one in self._meaning])
        if self.mode is Mode.SEMANTIC:
            return near
        return Query.boolean_query([(Occur.Should, self._by_word), (Occur.Should, near)])

    @cached_property
    def found(self) -> int:
        """How many there are; cheaper once there was a page of them."""
        if self.mode is Mode.SEMANTIC:
            return len(self._meaning)
        if self.mode is Mode.HYBRID and self._query.sort is None:
            near = with_keys(self._store.schema, [one.key for one in self._meaning])
            return self._deep.found + len(self._meaning) - count(self._searcher, every([near, self._by_word]))
        return self._counted if self._counted is not None else count(self._searcher, self.everything)

    def page(self, offset: int, size: int) -> list[RankedDocument]:
        """A stretch of what is found, in the order asked for."""
        store, query = self._store, self._query
        if query.sort is not None:
            return self._plain(
                paging.by_field(store.spec, store.schema, self._searcher, self.everything, query.sort, offset, size),
                offset,
            )
        if self.mode is Mode.SEMANTIC:
            return self._meaning[offset : offset + size]
        if self.mode is Mode.HYBRID:
            return self._mixed(offset, size)
        pages = paging.by_id if self.text.words is None else paging.by_relevance
        return self._plain(pages(self._searcher, self.everything, offset, size), offset)

    def similarities(self, keys: Sequence[int]) -> list[float | None]:
        """How near each document is to what is asked, whichever way it was found."""
        if self._vectors is None or self._vector is None:
            return [None] * len(keys)
        return similarities(self._vectors, keys, self._vector)

    def _mixed(self, offset: int, size: int) -> list[RankedDocument]:
        first = self._fused[offset : offset + size]
        if len(first) == size:
            return first
        rest = Query.boolean_query(
            [
                (Occur.Must, self._by_word),
                (Occur.MustNot, with_keys(self._store.schema, [one.key for one in self._meaning])),
            ]
        )
        known = sum(one.semantic_rank is None for one in self._fused)  # of the rest that stand among the first
        start = known + max(0, offset - len(self._fused))
        hits = paging.by_relevance(self._searcher, rest, start, size - len(first)).hits
        return first + fused(by_words(self._keyed(hits), start + 1), (), self._weight)

    @cached_property
    def _fused(self) -> list[RankedDocument]:
        words = by_words(self._keyed(self._deep.hits))
        unembedded = self._unembedded([one.key for one in words])
        return fused(words, self._meaning, self._weight, self._exact, unembedded, self.text.trust)

    def _unembedded(self, keys: Sequence[int]) -> set[int]:
        """Those of the documents that have no vector: embed has not come to them yet, or the model refuses them."""
        rows = self._vectors.find(np.array(keys, dtype=np.int64)).tolist() if self._vectors is not None else ()
        return {key for key, row in zip(keys, rows, strict=False) if row == NONE}

    @cached_property
    def _deep(self) -> paging.Page:
        return paging.by_relevance(self._searcher, self._by_word, 0, DEEP)

    @property
    def _weight(self) -> float:
        """The share of meaning: larger where no document has all the words, smaller where they were found by words that
        were not typed.
        """
        weight = 1 - (1 - self._query.semantic_weight) * self.text.trust
        return weight * DOUBT if self.text.replaced and self.text.trust == FULL else weight

    @cached_property
    def _exact(self) -> set[int]:
        if self.text.exact is None:
            return set()
        query = Query.boolean_query([(Occur.Must, self.text.exact), (Occur.Must, self._by_word)])
        return set(self._keys(paging.by_relevance(self._searcher, query, 0, DEEP).hits))

    @property
    def _has_exact(self) -> bool:
        return self.text.exact is not None and count(self._searcher, self.text.exact) > 0

    @cached_property
    def _by_word(self) -> Query:
        words = [(Occur.Must, self.text.words)] if self.text.words is not None else []
        if not words and not any(occur == Occur.Must for occur, _ in self._filters):
            words = [(Occur.Must, Query.const_score_query(Query.all_query(), 0.0))]
        return (
            Query.boolean_query([*words, *self._filters])
            if self._filters or self.text.words is not None
            else Query.all_query()
        )

    @cached_property
    def _meaning(self) -> list[RankedDocument]:
        if self._vectors is None or self._vector is None:
            return []
        must = [*self._filters, *self.text.frame]
        if must and not any(occur == Occur.Must for occur, _ in must):
            must.append((Occur.Must, Query.all_query()))
        condition = Query.boolean_query(must) if must else None
        return by_meaning(neighbours(self._store.schema, self._searcher, self._vectors, self._vector, condition))

    @cached_property
    def _vector(self) -> Vectors | None:
        if self._vectors is None:
            return None
        if self._query.similar_to is not None:
            row = int(self._vectors.find(np.array([surrogate_key(self._query.similar_to)], dtype=np.int64))[0])
            return self._vectors.matrix[row] if row >= 0 else None
        return np.array(self._query.vector, dtype=np.float32) if self._query.vector is not None else None

    def _plain(self, page: paging.Page, offset: int) -> list[RankedDocument]:
        self._counted = page.found
        return by_words(self._keyed(page.hits), offset + 1)

    def _keyed(self, hits: Sequence[paging.Found]) -> list[tuple[int, DocAddress, float]]:
        return [(key, address, score) for key, (score, address) in zip(self._keys(hits), hits, strict=True)]

    def _keys(self, hits: Sequence[paging.Found]) -> list[int]:
        return keys_of(self._searcher, [address for _, address in hits])


def _about(store: IndexStore, searcher: Searcher, similar_to: str) -> str:
    """What a document without a vector is about, in words. NotFoundError where there is no such document."""
    hits = searcher.search(Query.term_query(store.schema, ID, similar_to), limit=1, count=False).hits
    if not hits:
        raise NotFoundError(f"there is no document {similar_to} among the {store.spec.name}", similar_to=similar_to)
    document = decode(searcher.doc(hits[0][1]).get_first(DOCUMENT) or b"{}")
    return embedding_text(store.spec.name, document)[:TITLE_CHARACTERS]
