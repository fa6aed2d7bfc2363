"""Counts typing errors between two words, as tantivy's automaton does, and knows English plurals."""

CLOSE, FAR = 4, 8  # letters from which one and two errors are allowed
SINGULAR_MIN_LETTERS = 3  # letters of the shortest singular: bus, gas, tax
# Plural endings, and the singular endings that they may replace.
SINGULARS = (("ies", ("y", "ie")), ("ves", ("f", "fe")), ("ses", ("sis",)), ("men", ("man",)))
SIBILANT_ENDINGS = ("s", "x", "z", "ch", "sh", "o")
IRREGULAR = {"children": "child", "people": "person", "feet": "foot", "teeth": "tooth", "mice": "mouse"}


def allowed(word: str) -> int:
    """The number of typing errors allowed in a word of this length."""
    return 2 if len(word) >= FAR else 1 if len(word) >= CLOSE else 0


def within(typed: str, word: str, most: int, *, prefix: bool = False) -> bool:
    """Whether at most `most` insertions, deletions, replacements or swaps of neighbours turn `typed` into `word`.

    `prefix`: into a beginning of it.
    """
    if len(typed) - len(word) > most or (not prefix and len(word) - len(typed) > most):
        return False
    if len(set(typed).difference(word)) > most or (not prefix and len(set(word).difference(typed)) > most):
        return False  # each letter missing in the other word costs an error; rejects most words early
    previous: list[int] = []
    row = list(range(len(typed) + 1))
    best = row[-1]
    for i, letter in enumerate(word, 1):
        second_previous, previous, row = previous, row, [i]
        for j, wanted in enumerate(typed, 1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == typed[j - 2] and word[i - 2] == wanted:
                cost = min(cost, second_previous[j - 2] + 1)
            row.append(cost)
        best = min(best, row[-1])
    return (best if prefix else row[-1]) <= most


def plurals(word: str) -> list[str]:
    """The plurals and singulars of an English word, so that `school` finds `schools`. The relation is symmetric.

    Forms that don't exist do no harm, as no document has them. A singular has at least three letters.
    """
    if len(word) < SINGULAR_MIN_LETTERS or not word.isascii() or not word.isalpha():
        return []
    return [other for other in dict.fromkeys([*_singulars(word), *_plurals(word)]) if other != word]


def _singulars(word: str) -> list[str]:
    """Possible singulars of the word."""
    found = [IRREGULAR[word]] if word in IRREGULAR else []
    for ending, singulars in SINGULARS:
        if word.endswith(ending):
            found += [word[: -len(ending)] + ending_or_form for ending_or_form in singulars]
    if word.endswith("es") and _takes_es(word[:-2]):
        found.append(word[:-2])
    if word.endswith("s") and not word.endswith(("ss", "us")):
        found.append(word[:-1])
    return [ending_or_form for ending_or_form in found if len(ending_or_form) >= SINGULAR_MIN_LETTERS]


def _plurals(word: str) -> list[str]:
    """Possible plurals of the word."""
    found = [plural for plural, singular in IRREGULAR.items() if singular == word]
    for ending, singulars in SINGULARS:
        found += [
            word[: len(word) - len(ending_or_form)] + ending
            for ending_or_form in singulars
            if word.endswith(ending_or_form)
        ]
    found += [word + "es"] if _takes_es(word) else []
    return found if word.endswith("s") else [*found, word + "s"]


def _takes_es(singular: str) -> bool:
    """Whether the plural may end in -es. Short words need a sibilant or o (not `vanes` for `van`); long ones may be
    Spanish or Portuguese."""
    return len(singular) > SINGULAR_MIN_LETTERS or singular.endswith(SIBILANT_ENDINGS)
