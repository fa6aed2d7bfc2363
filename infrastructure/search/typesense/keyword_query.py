"""A query text as Typesense's `q`, and its keyword searches, from the strictest to the loosest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from domain.search.queries import CollectionSpec, Synonym
from domain.search.stop_words import searched_words
from infrastructure.search.common.matched_words import MatchedWords
from infrastructure.search.common.query_parsing import QueryPart, parse
from infrastructure.search.common.synonym_matching import alternatives
from infrastructure.search.common.text_analysis import all_words, words
from infrastructure.search.common.typing_errors import CLOSE, FAR, plurals
from infrastructure.search.typesense.schema import query_by

EVERYTHING = "*"
NO_SUCH_WORD = "0" * 40  # instead of a word that is too long for an index
DROP_WORDS = {"drop_tokens_threshold": 1_000_000}  # hits with fewer words follow, however many have them all
PREFIX_CANDIDATES = 100
MATCHED_MAX = 15  # the server counts no more `tokens_matched`
Json = dict[str, Any]


@dataclass(frozen=True)
class KeywordQuery:
    """A parsed text. `free` parts may be missing in a hit, unless it is `strict`; `frame` parts (phrases, exclusions)
    always hold. `synonyms` are those of excluded words; `whole` are the identifiers that the whole text may be."""

    free: tuple[QueryPart, ...] = ()
    frame: tuple[QueryPart, ...] = ()
    strict: bool = False
    synonyms: tuple[Synonym, ...] = ()
    whole: tuple[str, ...] = ()
    nothing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def spellings(self) -> list[str]:
        """The identifiers that its parts may be."""
        return [spelling for part in self.free if part.identifier for spelling in part.spellings]

    @property
    def excludes(self) -> bool:
        """Whether something is excluded."""
        return any(part.excluded for part in self.frame)

    @property
    def framing(self) -> str:
        """The `q` of what must hold for hits by vector, too."""
        return KeywordQuery(frame=self.frame, synonyms=self.synonyms).q()

    def q(self, *, codes_apart: bool = False) -> str:
        """The text as `q`; the last word stays last. The words of a code are a phrase, unless they may be apart."""

        def joined(part: QueryPart) -> str:
            together = not codes_apart if part.code else self.strict and part.adjacent
            return _quoted(_words(part)) if together else " ".join(_words(part))

        phrases = [_quoted(_words(part)) for part in self.frame if not part.excluded]
        excluded = [f"-{_quoted(row)}" for part in self.frame if part.excluded for row in self._excluded(part)]
        start = [] if self.free or phrases else [EVERYTHING]
        return " ".join([*start, *phrases, *excluded, *map(joined, self.free)])

    def levels(self, spec: CollectionSpec, *, ranked: bool) -> list[tuple[Json, Json]]:
        """Searches, the strictest first: as typed, then with typing errors, then without some words.

        Each with the search to use where it finds few hits: if `ranked`, those that lack some words follow."""
        strict = by_words(spec, self.q(), unfinished=not self.strict and any(part.open_end for part in self.free))
        count = sum(1 if part.code else len(_words(part)) for part in self.free)
        if self.strict or not count:
            return [(strict, strict)]
        loose = strict | {"q": self.q(codes_apart=not all(part.code for part in self.free))}
        shorter = [loose | {"q": loose["q"].rsplit(" ", n)[0], "prefix": "false"} for n in range(1, count)]
        looser = [loose | DROP_WORDS] if ranked and count > 1 else shorter
        followed = loose | DROP_WORDS if ranked and count > 2 else strict
        pairs = [(strict, followed), *((one, one) for one in looser)]
        return [(one | {"num_typos": n}, other | {"num_typos": n}) for one, other in pairs for n in ("0", "1", "2")]

    def lacks_words(self, hit: Json) -> bool:
        """Whether a hit has not all of the words."""
        tokens = min(MATCHED_MAX, sum(len(_words(part)) for part in self.free))
        return int(hit.get("text_match_info", {}).get("tokens_matched", tokens)) < tokens

    def matched_words(self, matched: Iterable[str]) -> MatchedWords:
        """The words to highlight: those typed, singular and plural, and those that the server matched."""
        found = MatchedWords(exact=set(matched), wholes=set(self.whole))
        for part in (one for one in (*self.free, *self.frame) if not one.excluded):
            if part.adjacent:
                found.rows.add(part.words)
                continue
            found.exact.update(part.words)
            found.exact.update(other for word in part.words for other in plurals(word) if not part.phrase)
            found.wholes.update(part.spellings if part.code else ())
            if part.open_end and len(part.words[-1]) > 1:
                found.beginnings.add(part.words[-1])
        return found

    def _excluded(self, part: QueryPart) -> Iterable[Sequence[str]]:
        """The phrases of an excluded part, with synonyms; the server excludes other numbers by itself."""
        terms = [] if part.phrase else [row for _, _, rows in alternatives(self.synonyms, [part.words]) for row in rows]
        return dict.fromkeys([tuple(_words(part)), *terms])


def keyword_query(text: str, *, strict: bool = False, synonyms: Sequence[Synonym] = ()) -> KeywordQuery:
    """The parsed text, without stop words where others remain. In a `strict` one every word is finished."""
    parsed = parse(text, strict=strict)
    free = [part for part in parsed.chunks if not part.phrase and not part.excluded]
    frame = tuple(part for part in parsed.chunks if part.phrase or part.excluded)
    whole: Sequence[str] = ()
    if any(part.identifier for part in parsed.chunks) and not any(
        part.excluded or part.missing for part in parsed.chunks
    ):
        whole = parsed.chunks[0].spellings if len(parsed.chunks) == 1 else [parsed.whole]
    return KeywordQuery(
        _without_stop_words(free), frame, strict, tuple(synonyms), tuple(whole), parsed.nothing, parsed.notes
    )


def similar_query(text: str) -> KeywordQuery:
    """The words of a document, to find similar ones."""
    return KeywordQuery(_without_stop_words(parse(" ".join(words(text))).chunks))


def by_words(spec: CollectionSpec, q: str, *, unfinished: bool = False) -> Json:
    """The parameters of a search for all these words as typed; the last one may be unfinished."""
    weights = query_by(spec)
    return {
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
        "max_candidates": PREFIX_CANDIDATES,
        "split_join_tokens": "off",
    }


def _without_stop_words(parts: Sequence[QueryPart]) -> tuple[QueryPart, ...]:
    kept = searched_words([part.words[0] if len(part.words) == 1 else "" for part in parts]) if parts else []
    return tuple(part for part, says in zip(parts, kept, strict=True) if says)


def _words(part: QueryPart) -> list[str]:
    """The words of a part; of a code those without scheme and check digit."""
    if part.missing:
        return [NO_SUCH_WORD]
    return (all_words(part.spellings[-1]) if part.code else []) or list(part.words)


def _quoted(row: Sequence[str]) -> str:
    return f'"{" ".join(row)}"' if len(row) > 1 else row[0]
