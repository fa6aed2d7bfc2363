"""How many typing errors lie between two words, counted as tantivy's automaton counts them."""

CLOSE, FAR = 4, 8  # letters from which one and two errors are forgiven
SINGULAR = 3  # letters of the shortest word that has a plural: bus, gas, tax
# Endings of the plural, and what they may stand for.
SINGULARS = (("ies", ("y", "ie")), ("ves", ("f", "fe")), ("ses", ("sis",)), ("men", ("man",)))
HISSES = ("s", "x", "z", "ch", "sh", "o")
IRREGULAR = {"children": "child", "people": "person", "feet": "foot", "teeth": "tooth", "mice": "mouse"}


def allowed(word: str) -> int:
    """Errors forgiven in a word of this length."""
    return 2 if len(word) >= FAR else 1 if len(word) >= CLOSE else 0


def within(typed: str, word: str, most: int, *, prefix: bool = False) -> bool:
    """Whether at most `most` insertions, deletions, replacements or swaps of neighbours turn `typed` into `word` (or into a beginning of it)."""
    if len(typed) - len(word) > most or (not prefix and len(word) - len(typed) > most):
        return False
    if len(set(typed).difference(word)) > most or (not prefix and len(set(word).difference(typed)) > most):
        return False  # each letter that the other has not takes an error: few words get past here
    before: list[int] = []
    row = list(range(len(typed) + 1))
    best = row[-1]
    for i, letter in enumerate(word, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(typed, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == typed[j - 2] and word[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        best = min(best, row[-1])
    return (best if prefix else row[-1]) <= most


def plurals(word: str) -> list[str]:
    """The other number of an English word, rightly or wrongly spelt: who searches `school` wants `schools`. Whoever is in the list of a word has it in its own.

    A wrong form does no harm, for no document has it; the singular has three letters at least.
    """
    if len(word) < SINGULAR or not word.isascii() or not word.isalpha():
        return []
    return [other for other in dict.fromkeys([*_singulars(word), *_several(word)]) if other != word]


def _singulars(word: str) -> list[str]:
    """What the word may be several of."""
    found = [IRREGULAR[word]] if word in IRREGULAR else []
    for ending, singulars in SINGULARS:
        if word.endswith(ending):
            found += [word[: -len(ending)] + one for one in singulars]
    if word.endswith("es") and _takes_es(word[:-2]):
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us")):
        found.append(word[:-1])
    return [one for one in found if len(one) >= SINGULAR]


def _several(word: str) -> list[str]:
    """What several of the word may be called."""
    found = [plural for plural, singular in IRREGULAR.items() if singular == word]
    for ending, singulars in SINGULARS:
        found += [word[: len(word) - len(one)] + ending for one in singulars if word.endswith(one)]
    found += [word + "es"] if _takes_es(word) else []
    return found if word.endswith("s") else [*found, word + "s"]


def _takes_es(singular: str) -> bool:
    """Short words do so after a hiss or an o alone: `van` is not sought as `vanes`. Of long ones Spanish and Portuguese have many."""
    return len(singular) > SINGULAR or singular.endswith(HISSES)
