"""Finding by word: the parameters of Typesense's searches, and what their answers say of the words."""

from collections.abc import Sequence
from typing import Any

from domain.errors import UnavailableError
from domain.search import CollectionSpec
from infrastructure.search.common.edits import CLOSE, FAR, plurals
from infrastructure.search.embedded.finding import DOUBT
from infrastructure.search.embedded.text_query import FULL, MOST, SOME
from infrastructure.search.typesense.answers import matched
from infrastructure.search.typesense.client import IMPATIENT, Client, failure
from infrastructure.search.typesense.schema import CODES, DOCUMENT, PLURALS, WORDS, word_fields
from infrastructure.search.typesense.text import EVERYTHING, Typed

SCALE = 10  # Typesense's weights are whole numbers
HEAVIEST = 127
PREFIXES = 100  # words that an unfinished one may stand for
BARE = {"facet_by", "max_facet_values", "facet_strategy", "group_by", "group_limit", "group_missing_values", "highlight_fields"}
Json = dict[str, Any]


class Asker:
    """Sends searches to a server, several in one request."""

    def __init__(self, client: Client, synonym_set: str | None = None) -> None:
        self._client = client
        self.synonym_set = synonym_set

    def ask(self, searches: Sequence[Json]) -> list[Json]:
        """An answer each. Errors of one of them as those of a request; NotFoundError where a collection is gone."""
        answer = self._client.ask("POST", "/multi_search", body={"searches": list(searches)}, patience=IMPATIENT)
        results: list[Json] = answer["results"]
        if len(results) != len(searches):
            raise UnavailableError(f"Typesense answered {len(results)} of {len(searches)} searches")
        for one in results:
            if "error" in one or "code" in one:
                raise failure(int(one.get("code", 500)), str(one.get("error", "no reason given")))
        return results


def words(spec: CollectionSpec, alias: str, typed: Typed, synonyms: str | None = None) -> Json:
    """A search for all these words as they were typed, of which the last may be unfinished."""
    if not typed.asks:
        return {"collection": alias, "q": EVERYTHING, "include_fields": DOCUMENT}
    return by_text(spec, alias, typed.q, literal=bool(typed.frame)) | {
        "prefix": "true" if typed.open_end else "false",
        "highlight_fields": text_fields(spec),
        **({"synonym_sets": synonyms} if synonyms else {}),
    }


def by_text(spec: CollectionSpec, alias: str, q: str, *, literal: bool) -> Json:
    """A search in all fields; a `literal` one without the other number of words. As it stands, nothing is unfinished or misspelt."""
    weights = {WORDS + field.name: min(HEAVIEST, max(1, round(field.weight * SCALE))) for field in spec.fields if field.type == "text"}
    weights |= {CODES: HEAVIEST} | ({} if literal else {PLURALS: 1})
    return {
        "collection": alias,
        "q": q,
        "query_by": ",".join(weights),
        "query_by_weights": ",".join(map(str, weights.values())),
        "prefix": "false",
        "num_typos": "0",
        "min_len_1typo": CLOSE,
        "min_len_2typo": FAR,
        "typo_tokens_threshold": 1,
        "drop_tokens_threshold": 0,
        "enable_typos_for_numerical_tokens": False,
        "enable_typos_for_alpha_numerical_tokens": False,
        "max_candidates": PREFIXES,
        "split_join_tokens": "off",
        "include_fields": DOCUMENT,
    }


def text_fields(spec: CollectionSpec) -> str:
    """The fields of which the server says what matched, as a parameter."""
    return ",".join([*word_fields(spec), PLURALS])


def meaning_weighs(typed: Typed, hits: Sequence[Json], asked: float) -> float:
    """The share of meaning: more of it than asked for where no document has all the words, less where words were corrected or replaced by synonyms."""
    trusted = trust(typed, hits)
    weight = 1 - (1 - asked) * trusted
    return weight * DOUBT if trusted == FULL and replaced(typed, hits) else weight


def replaced(typed: Typed, hits: Sequence[Json]) -> bool:
    """Whether a word was found in no document as it was typed: corrected, or found by its synonym; or of a script without blanks. A model knows neither."""
    if hits and any(chunk.foreign for chunk in typed.free):
        return True
    found = set().union(*map(matched, hits))
    asked = [(word, chunk.open_end) for chunk in typed.free if not chunk.code for word in chunk.words]
    return bool(found) and any(not _stands(word, found, unfinished=unfinished) for word, unfinished in asked)


def _stands(word: str, found: set[str], *, unfinished: bool) -> bool:
    return bool(found.intersection({word, *plurals(word)})) or (unfinished and any(one.startswith(word) for one in found))


def trust(typed: Typed, hits: Sequence[Json]) -> float:
    """How far the words can be trusted: wholly where a document has all of them."""
    dropped = min((int(hit.get("text_match_info", {}).get("num_tokens_dropped", 0)) for hit in hits), default=typed.size)
    return FULL if not dropped else MOST if dropped <= typed.size // 3 else SOME
