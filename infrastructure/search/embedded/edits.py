"""How many typing errors lie between two words, counted as tantivy's automaton counts them."""

CLOSE, FAR = 4, 8  # letters from which one and two errors are forgiven


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
    """The other number of an English word, rightly or wrongly spelt: who searches `school` wants `schools`."""
    if len(word) < 4 or not word.isalpha():
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y"]
    if word.endswith("ss"):
        return [word + "es"]
    if word.endswith("s"):
        return [word[:-1], *([word[:-2]] if word.endswith("es") else [])]
    return [word + "s", *([word[:-1] + "ies"] if word.endswith("y") else [word + "es"])]
