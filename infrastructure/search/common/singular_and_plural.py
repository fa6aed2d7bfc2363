"""The likely other number of the words of a text: each becomes a word of an index, where a query may look up all of
`plurals`, the wrong ones too.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial

from domain.search.stop_words import STOP_WORDS
from infrastructure.search.common.typing_errors import plurals

IBERIAN = STOP_WORDS["es"] | STOP_WORDS["pt"]
FUNCTION_WORDS = (
    "about above after all also among any because been before being below between both can could each either every few "
    "had has have her him his how however"
    " its least less may more most must not one only other our over per shall she should since some such than them "
    "then there these they those three through"
    " too two twice under until upon very was were what when where whether which while who whose will within without "
    "would you your"
)
NO_NOUNS = frozenset(FUNCTION_WORDS.split()).union(*STOP_WORDS.values())  # words without another number
HISSES = ("s", "x", "z", "ch", "sh")
TAKES_ES = ("ss", "us", "is", "as", "ens", *HISSES[1:], "o")
IBERIAN_TAKES_ES = (*TAKES_ES, "al", "el", "ar", "or", "en", "ad", "ed", "ud", "cion", "sion")
PARTICIPLE_MIN_CHARACTERS = 6  # awarded, which has no plural; seed has
VOWELS = "aeiou"


def other_numbers(known: AbstractSet[str]) -> set[str]:
    """The likely plurals and singulars of these (folded) words of a document, without those that it has."""
    english = len(STOP_WORDS["en"] & known) > len(IBERIAN & known)
    return set().union(*map(OF_ENGLISH if english else OF_ANY, known)).difference(known)


def _other_number(endings: tuple[str, ...], word: str) -> tuple[str, ...]:
    if word in NO_NOUNS or (word.endswith("ed") and len(word) >= PARTICIPLE_MIN_CHARACTERS):
        return ()
    return tuple(other for other in plurals(word) if _likely(sorted((word, other), key=len), endings))


def _likely(pair: Sequence[str], takes_es: tuple[str, ...]) -> bool:
    one, several = pair
    if several == one + "es":
        return one.endswith(takes_es)
    if several == one + "s":
        return not one.endswith(HISSES) and (one[-1] != "y" or one[-2] in VOWELS)
    return not several.endswith("ies") or one[-2] not in VOWELS


OF_ENGLISH, OF_ANY = (
    lru_cache(maxsize=100_000)(partial(_other_number, endings)) for endings in (TAKES_ES, IBERIAN_TAKES_ES)
)
