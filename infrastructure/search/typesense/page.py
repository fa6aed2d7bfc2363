"""One page of documents whose order is known: what stands in them, where the words are, why they were found, in which group."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from domain.search import CollectionSpec, Explanation, Hit, Mode, SearchQuery
from infrastructure.search.embedded.answer import GROUPED
from infrastructure.search.typesense.answers import document, highlighter, hits_of
from infrastructure.search.typesense.conditions import both, by_ids
from infrastructure.search.typesense.keyword import Asker, text_fields
from infrastructure.search.typesense.meaning import TOP, Ranks, page_of
from infrastructure.search.typesense.names import ID, decode_id
from infrastructure.search.typesense.schema import DOCUMENT, IS
from infrastructure.search.typesense.searcher import grouped
from infrastructure.search.typesense.text import Typed
from infrastructure.search.typesense.vectors import VectorStore

Json = dict[str, Any]


class Pages:
    """Makes the hits of one search from the keys that it found."""

    def __init__(self, spec: CollectionSpec, asker: Asker, alias: str, vectors: VectorStore, query: SearchQuery) -> None:
        self._spec, self._asker, self._alias, self._vectors, self._query = spec, asker, alias, vectors, query

    def hits(self, keys: Sequence[str], ranks: Ranks, text: Typed, asked: Json, mode: Mode) -> list[Hit]:
        """The page asked for; `asked` is the search by word that found some of them, empty where none did."""
        chosen = self._grouped(keys, self._query.group_by) if self._query.group_by else list(keys)[page_of(self._query)]
        plain = self._read(chosen, {})
        matched = self._read(chosen, asked | {"highlight_fields": text_fields(self._spec)}) if asked else {}
        near = self._similarities(chosen, ranks) if self._query.explain else {}
        made = []
        for key in chosen:
            if key in plain:
                hit = self._hit(key, plain[key], matched.get(key, plain[key]), ranks, text)
                told = self._explained(hit, matched.get(key, plain[key]), ranks, text, near.get(key), mode) if self._query.explain else None
                made.append(hit.model_copy(update={"explain": told}))
        return [grouped(hit, self._query.group_by) for hit in made] if self._query.group_by else made

    def _hit(self, key: str, one: Json, matched: Json, ranks: Ranks, text: Typed) -> Hit:
        found = document(one)
        light = highlighter(self._spec, matched, text)
        return Hit(id=key, score=round(ranks.score(key), 4), document=found, highlights=light.highlights(found) if light else {})

    def _explained(self, hit: Hit, matched: Json, ranks: Ranks, text: Typed, near: float | None, mode: Mode) -> Explanation:
        light = highlighter(self._spec, matched, text)
        return Explanation(
            words=light.found(hit.document) if light else {},
            keyword_rank=ranks.by_word.get(hit.id),
            keyword_score=ranks.word_score.get(hit.id),
            semantic_rank=ranks.by_meaning.get(hit.id),
            similarity=round(near, 4) if near is not None else None,
            model=self._vectors.serving() if near is not None or mode is not Mode.KEYWORD else None,
        )

    def _similarities(self, keys: Sequence[str], ranks: Ranks) -> dict[str, float]:
        """How near each document is, whichever way it was found, where its vector and that of the query are known."""
        model = self._vectors.serving()
        if model is None or self._query.vector is None:
            return ranks.similarity
        rows = self._vectors.read(model, [key for key in keys if key not in ranks.similarity])
        asked = np.asarray(self._query.vector, dtype=np.float32)
        return ranks.similarity | {key: float(row.vector @ asked) for key, row in rows.items()}

    def _grouped(self, keys: Sequence[str], name: str) -> list[str]:
        """The keys on the page, in the order of the groups' first hits; a document without a value is a group by itself."""
        parts = [keys[start : start + TOP] for start in range(0, min(len(keys), GROUPED), TOP)]
        asked = {"collection": self._alias, "q": "*", "per_page": TOP, "include_fields": f"{ID},{IS}{name}"}
        answers = self._asker.ask([asked | {"filter_by": by_ids(part)} for part in parts]) if parts else []
        values = {decode_id(hit["document"][ID]): hit["document"].get(IS + name) for answer in answers for hit in hits_of(answer)}
        groups: dict[object, list[str]] = {}
        for key in keys[:GROUPED]:
            if key in values:
                groups.setdefault(key if values[key] is None else values[key], []).append(key)
        return [key for members in list(groups.values())[page_of(self._query)] for key in members[: self._query.group_limit]]

    def _read(self, keys: Sequence[str], asked: Json) -> dict[str, Json]:
        """The hits of these documents, by key."""
        base = asked or {"collection": self._alias, "q": "*"}
        found: dict[str, Json] = {}
        for start in range(0, len(keys), TOP):
            condition = both(by_ids(keys[start : start + TOP]), str(asked.get("filter_by", "")))
            answer = self._asker.ask([base | {"filter_by": condition, "page": 1, "per_page": TOP, "include_fields": DOCUMENT}])[0]
            found |= {str(document(hit)[ID]): hit for hit in hits_of(answer)}
        return found
