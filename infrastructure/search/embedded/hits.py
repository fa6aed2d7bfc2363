"""From what was found to what is answered: documents, highlights, explanations, groups."""

from collections.abc import Iterator

from tantivy import Searcher

from domain.search.queries import Explanation, FieldSpec, Hit, Mode, SearchDocument, SearchQuery
from infrastructure.search.common.allowed_fields import group_field
from infrastructure.search.common.document_codec import decode
from infrastructure.search.common.highlighting import Highlighter
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import GROUPED
from infrastructure.search.embedded.index_store import IndexStore
from infrastructure.search.embedded.schema import DOCUMENT
from infrastructure.search.embedded.search_run import RankedDocument, SearchRun

READ = 100  # hits that grouping reads at once


class HitBuilder:
    """Makes the hits of one search."""

    def __init__(
        self, store: IndexStore, searcher: Searcher, query: SearchQuery, finding: SearchRun, model: str | None
    ) -> None:
        self._store, self._searcher, self._query, self._finding, self._model = store, searcher, query, finding, model
        self._highlighter = Highlighter(finding.matcher.words, store.spec.fields) if query.text.strip() else None

    def hits(self) -> list[Hit]:
        """The page that is asked for."""
        if self._query.group_by is not None:
            return self._groups(group_field(self._store.spec, self._query.group_by))
        offset = (self._query.page - 1) * self._query.per_page
        return self._made(
            [(one, self._document(one), None) for one in self._finding.page(offset, self._query.per_page)]
        )

    def _groups(self, field: FieldSpec) -> list[Hit]:
        """The groups of the page, in the order of their first hits; a document without a value is a group by itself."""
        first, last = (self._query.page - 1) * self._query.per_page, self._query.page * self._query.per_page
        groups: dict[str, list[tuple[RankedDocument, SearchDocument, str | None]]] = {}
        for one in self._walk():
            document = self._document(one)
            value = document.get(field.name)
            key = f"value {value}" if value is not None else f"id {document[ID]}"
            if key not in groups and len(groups) >= last:
                continue
            group = groups.setdefault(key, [])
            if len(group) < self._query.group_limit:
                group.append((one, document, str(value) if value is not None else None))
        return self._made([member for group in list(groups.values())[first:last] for member in group])

    def _walk(self) -> Iterator[RankedDocument]:
        for offset in range(0, GROUPED, READ):
            page = self._finding.page(offset, READ)
            yield from page
            if len(page) < READ:
                return

    def _made(self, found: list[tuple[RankedDocument, SearchDocument, str | None]]) -> list[Hit]:
        near = (
            self._finding.similarities([one.key for one, _, _ in found]) if self._query.explain else [None] * len(found)
        )
        return [
            self._hit(one, document, group, similarity)
            for (one, document, group), similarity in zip(found, near, strict=True)
        ]

    def _hit(self, one: RankedDocument, document: SearchDocument, group: str | None, similarity: float | None) -> Hit:
        highlights = self._highlighter.highlights(document) if self._highlighter else {}
        explain = self._explanation(one, document, similarity) if self._query.explain else None
        return Hit(
            id=document[ID],
            score=round(one.score, 4),
            document=document,
            highlights=highlights,
            explain=explain,
            group=group,
        )

    def _explanation(self, one: RankedDocument, document: SearchDocument, similarity: float | None) -> Explanation:
        by_word = self._query.text.strip() and one.keyword_rank is not None
        return Explanation(
            words=self._highlighter.found(document) if self._highlighter else {},
            keyword_rank=one.keyword_rank if by_word else None,
            keyword_score=round(one.keyword_score, 4) if by_word and one.keyword_score is not None else None,
            semantic_rank=one.semantic_rank,
            similarity=round(similarity, 4) if similarity is not None else None,
            model=self._model if similarity is not None or self._finding.mode is not Mode.KEYWORD else None,
        )

    def _document(self, one: RankedDocument) -> SearchDocument:
        return decode(self._searcher.doc(one.handle).get_first(DOCUMENT) or b"{}")
