"""How loosely words match: whether they are corrected, and whether some of them may be missing.

The words and the whole index decide it, never the filters, so that the counts of facets hold when a facet is clicked. Typesense itself would go
by what the filters leave; so every search says how loose it is, and where there are filters another one counts without them, in the same request.
"""

from typing import Any

from infrastructure.search.embedded.text_query import ENOUGH
from infrastructure.search.typesense.keyword import BARE, Asker
from infrastructure.search.typesense.text import Typed

ANY = {"drop_tokens_threshold": 1_000_000}  # words may be missing: more documents than are ever enough
TRIES = 45  # of the 50 searches that a request may hold
Json = dict[str, Any]


def ask_by_words(asker: Asker, base: Json, typed: Typed, filter_by: str, *, ranked: bool) -> tuple[Json, Json]:
    """The answer to a search by word, and the search that it is the answer to: the strictest that finds enough in the whole index.

    Where `ranked`, documents with some of the words may follow those with all; else they come only where there are no others. A strict text has them all.
    """
    within = {"filter_by": filter_by} if filter_by else {}
    if typed.strict or not typed.free:
        return asker.ask([base | within])[0], base | within
    answer, *whole = asker.ask([base | within, *([_counting(base)] if within else [])])
    chosen, found = base, _found((whole or [answer])[0])
    if not found and (tries := _looser(base, typed, ranked=ranked)):
        answers = asker.ask([_counting(one) for one in tries] if within else tries)
        better = ((one, count, told) for one, told in zip(tries, answers, strict=True) if (count := _found(told)))
        chosen, found, answer = next(better, (base, 0, answer))
    loose = chosen | ANY if 0 < found < (ENOUGH if ranked and typed.size > 2 else 1) else chosen
    if loose == chosen and (chosen is base or not within):
        return answer, chosen | within
    return asker.ask([loose | within])[0], loose | within


def _looser(base: Json, typed: Typed, *, ranked: bool) -> list[Json]:
    """Searches that find more, the strictest first: words corrected, by as few letters as it takes; then words left out, from the end."""
    errors = [] if typed.codes_only else ["1", "2"]
    fewer = [base | ANY] if ranked else [_shorter(base, missing) for missing in range(1, typed.size)]
    tries = [base | {"num_typos": most} for most in errors]
    if typed.size > 1:
        tries += [one | {"num_typos": most} for one in fewer for most in ("0", *errors)]
    return tries[:TRIES]


def _shorter(base: Json, missing: int) -> Json:
    """The search without its last words; only the last of all may be unfinished."""
    return base | {"q": base["q"].rsplit(" ", missing)[0], "prefix": "false"}


def _counting(search: Json) -> Json:
    return {name: value for name, value in search.items() if name not in BARE} | {"page": 1, "per_page": 0}


def _found(answer: Json) -> int:
    """Documents found, not groups of them."""
    return int(answer["found_docs"] if "found_docs" in answer else answer["found"])
