"""Stop words by language. They are removed from a query unless only stop words would remain."""

from collections.abc import Sequence

# Folded like indexed words. Words with another meaning elsewhere are left out: IT, AI, die (casting), van, door, Met
# (Office).
LISTS = {
    "en": "a an and are as at be by for from in into is of on or that the their this to was were with",
    "fr": "a au aux avec ce ces cette d dans de des du en et l la le les leur leurs ou par pour que qui sa se ses son "
    "sur un une",
    "es": "a al ante con de del e el en entre es la las lo los o para por que se sin sobre su sus un una unas unos y",
    "pt": "a ao aos as com da das de do dos e em entre na nas no nos o os ou para pela pelas pelo pelos por que se "
    "sem sua suas um uma",
    "de": "als am an auf aus bei das dem den der des ein eine einem einen einer eines fur im in mit nach oder sowie "
    "und von vom zu zum zur",
    "it": "a ad al alla alle che con da dal dalla de dei del della delle di e ed gli i il in la le lo nel nella o per "
    "un una",
    "nl": "aan als bij dat de den der des een en het in is naar of om op te tot uit voor",
}
STOP_WORDS: dict[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in LISTS.items()}


def language(words: Sequence[str]) -> str:
    """The language with the most stop words among the folded words; the first one on a tie."""
    return max(STOP_WORDS, key=lambda name: sum(word in STOP_WORDS[name] for word in words))


def searched_words(words: Sequence[str]) -> list[bool]:
    """Per folded word, whether it is searched: not a stop word, or all words are stop words."""
    stop = STOP_WORDS[language(words)]
    kept = [word not in stop for word in words]
    return kept if any(kept) else [True] * len(words)
