"""Finding by word: the parameters of a search, and how loosely its words match.

The words and the whole index decide how loosely, never the filters, so that the counts of facets hold when a facet is
clicked. The server itself would go by what the filters leave; so a search says how loose it is, and where there are
filters another one counts
without them, in the same request.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.search.queries import CollectionSpec
from infrastructure.search.common.limits import ENOUGH
from infrastructure.search.common.text_analysis import words
from infrastructure.search.common.typing_errors import CLOSE, FAR
from infrastructure.search.typesense.http_client import Client
from infrastructure.search.typesense.query_text import Typed
from infrastructure.search.typesense.schema import query_by

ANY = {"drop_tokens_threshold": 1_000_000}  # words may be missing: more documents than are ever enough
TRIES = 45  # of the 50 searches that a request may hold
PREFIXES = 100  # words that an unfinished one may stand for
COUNTED_TOKENS = 15  # the most that the server tells of in `tokens_matched`
BARE = {
    "facet_by",
    "max_facet_values",
    "facet_strategy",
    "group_by",
    "group_limit",
    "group_missing_values",
    "highlight_fields",
}
Json = dict[str, Any]


def by_text(spec: CollectionSpec, alias: str, q: str, *, unfinished: bool = False) -> Json:
    """A search for all these words as they are typed, of which the last may be `unfinished`."""
    weights = query_by(spec)
    return {
        "collection": alias,
        "q": q,
        "query_by": ",".join(weights),
        "query_by_weights": ",".join(map(str, weights.values())),
        "prefix": "true" if unfinished else "false",
        "num_typos": "0",
        "min_len_1typo": CLOSE,
        "min_len_2typo": FAR,
        "typo_tokens_threshold": 1,
        "drop_tokens_threshold": 0,
        "enable_typos_for_numerical_tokens": False,
        "enable_typos_for_alpha_numerical_tokens": False,
        "max_candidates": PREFIXES,
        "split_join_tokens": "off",
    }


def ask_by_words(
    client: Client, base: Json, typed: Typed, filter_by: str, more: Sequence[Json] = (), *, ranked: bool
) -> tuple[Json, Json, list[Json]]:
    """The answer to a search by word, the search that it is the answer to, and the answers to `more`, asked in the same
    request.

    It is the strictest that finds enough in the whole index. Where `ranked`, documents with some of the words may
    follow those with all; else they come only where there are no others. A strict text has them all.
    """
    within = {"filter_by": filter_by} if filter_by else {}
    fixed = typed.strict or not typed.free
    counting = [bare(base)] if within and not fixed else []
    answer, *others = client.search([base | within, *counting, *more])
    rest = others[len(counting) :]
    if fixed:
        return answer, base | within, rest
    chosen, found = base, documents_in(others[0] if counting else answer)
    if not found and (tries := _looser(base, typed, ranked=ranked)):
        answers = client.search([bare(one) for one in tries] if within else tries)
        better = ((one, count, told) for one, told in zip(tries, answers, strict=True) if (count := documents_in(told)))
        chosen, found, answer = next(better, (base, 0, answer))
    loose = (
        chosen | ANY | {"q": typed.loose}
        if 0 < found < (ENOUGH if ranked and typed.size > 2 else 1) and not typed.codes_only
        else chosen
    )
    if loose == chosen and (chosen is base or not within):
        return answer, chosen | within, rest
    return client.search([loose | within])[0], loose | within, rest


def bare(search: Json) -> Json:
    """The same search, for its counts alone."""
    return {name: value for name, value in search.items() if name not in BARE} | {"page": 1, "per_page": 0}


def documents_in(answer: Json) -> int:
    """Documents found, not groups of them."""
    return int(answer["found_docs"] if "found_docs" in answer else answer["found"])


def hits_of(answer: Json) -> list[Json]:
    """The hits of an answer, of its groups too."""
    if "grouped_hits" in answer:
        return [hit for group in answer["grouped_hits"] for hit in group["hits"]]
    found: list[Json] = answer.get("hits", [])
    return found


def lacks_words(hit: Json, typed: Typed) -> bool:
    """Whether a document has not all of the words."""
    return int(hit.get("text_match_info", {}).get("tokens_matched", typed.tokens)) < min(typed.tokens, COUNTED_TOKENS)


def matched(hit: Json) -> set[str]:
    """The words by which the server says it found it."""
    return {word for token in _tokens(hit.get("highlight", {})) for word in words(token)}


def _looser(base: Json, typed: Typed, *, ranked: bool) -> list[Json]:
    """Searches that find more, the strictest first: words corrected, by as few letters as it takes; then words left
    out, from the end.
    """
    if typed.codes_only and typed.size == 1:
        return []
    errors = [] if typed.codes_only else ["1", "2"]
    tries = [base | {"num_typos": most} for most in errors]
    if typed.size > 1:
        loose = base | {"q": typed.loose}
        fewer = [loose | ANY] if ranked else [_shorter(loose, missing) for missing in range(1, typed.size)]
        tries += [one | {"num_typos": most} for one in fewer for most in ("0", *errors)]
    return tries[:TRIES]


def _shorter(base: Json, missing: int) -> Json:
    """The search without its last words; only the last of all may be unfinished."""
    return base | {"q": base["q"].rsplit(" ", missing)[0], "prefix": "false"}


def _tokens(part: Any) -> Iterator[str]:
    """All matched words in a highlight, whose shape follows the document's."""
    if isinstance(part, str):
        yield part
    for one in part if isinstance(part, list) else ():
        yield from _tokens(one)
    for name, value in part.items() if isinstance(part, dict) else ():
        if name == "matched_tokens" or not isinstance(value, str):
            yield from _tokens(value)
