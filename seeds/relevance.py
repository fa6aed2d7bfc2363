"""A labelled set for relevance: queries of four kinds, and which of the generated processes answer each.

A process answers a query where its title holds the query's fragment of a title, or one of its items the query's code. Paraphrases share no
telling word with the title; synonyms share none either, and find it by SYNONYMS alone; typos are titles with letters swapped or lost.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from seeds.dice import Dice
from seeds.generate import releases
from seeds.subjects import subjects

# What people ask → the fragment of the titles that answer it.
PARAPHRASES = {
    "mending holes in streets": "Pothole repair",
    "new tarmac for main streets": "Carriageway resurfacing",
    "pavements for pedestrians": "Footway and kerb renewal",
    "portable computers for staff": "Laptops and docking stations",
    "wifi equipment": "wireless access points",
    "photovoltaic energy for education buildings": "Solar panels on the roofs",
    "emergency vehicles for paramedics": "Ambulances for the",
    "public transport vehicles accessible for wheelchairs": "Low-floor buses",
    "flu jabs": "Influenza vaccines",
    "medication for diabetics": "insulin and diabetes",
    "imaging device for radiology": "magnetic resonance scanner",
    "lunches for pupils": "School meals",
    "hot food delivered to pensioners at home": "Meals on wheels",
    "gardening and mowing": "Grass cutting and hedges",
    "arborists to prune branches": "Tree surveys and tree surgery",
    "rubbish trucks emptying bins at homes": "Household waste and recycling collection",
    "composting of organic leftovers": "Treatment of food and garden waste",
    "washing glass panes of offices": "Window cleaning",
    "cabs for passengers": "Taxi journeys",
    "CCTV surveillance": "Security cameras and monitoring",
    "bouncers and crowd control at concerts": "Stewards for events",
    "lawyers": "Framework for legal services",
    "protection against hackers": "Cyber security monitoring",
    "programs for wages and accounting": "finance and payroll software",
    "assistance for the elderly where they live": "Home care for older people",
    "lessons for migrants learning to speak": "Language classes for newcomers",
    "gymnasium building": "Construction of a sports hall",
    "bookcases": "Library shelving",
}
# Jargon that no title holds, the words of the titles that it stands for, and the fragment of those titles.
JARGON = (
    ("dustbins", "refuse sacks", "household waste", "Household waste and recycling collection"),
    ("notebooks", "mobile workstations", "laptops", "Laptops and docking stations"),
    ("MRI", "tomograph", "magnetic resonance scanner", "magnetic resonance scanner"),
    ("blacktop", "macadam", "carriageway resurfacing", "Carriageway resurfacing"),
    ("PV", "photovoltaics", "solar panels", "Solar panels on the roofs"),
    ("arborist", "lopping", "tree surgery", "Tree surveys and tree surgery"),
    ("infosec", "cyberdefence", "cyber security", "Cyber security monitoring"),
    ("paratransit", "shared cabs", "dial-a-ride", "dial-a-ride"),
)
SYNONYMS = tuple((first, second, words) for first, second, words, _ in JARGON)


class Query(NamedTuple):
    """A query, its kind, and the ocids that answer it."""

    text: str
    kind: str
    relevant: frozenset[str]


def labelled(count: int = 2_000, seed: int = 7) -> tuple[list[dict[str, Any]], list[Query]]:
    """`count` releases, and the queries that at least one of their processes answers."""
    feed = list(releases(count, seed=seed))
    titles = {one["ocid"]: str(one["tender"]["title"]) for one in feed if one.get("tender", {}).get("title")}
    found = [*_by_title(titles, seed), *_by_code(feed)]
    return feed, [one for one in found if one.relevant]


def _by_title(titles: dict[str, str], seed: int) -> Iterator[Query]:
    for text, fragment in PARAPHRASES.items():
        yield Query(text, "paraphrase", _holding(titles, fragment))
    for text, second, _, fragment in JARGON:
        yield Query(text, "synonym", _holding(titles, fragment))
        yield Query(second, "synonym", _holding(titles, fragment))
    dice = Dice(seed)
    for fragment in PARAPHRASES.values():
        yield Query(" ".join(_mistyped(dice, word) for word in fragment.split()), "typo", _holding(titles, fragment))


def _by_code(feed: Iterable[dict[str, Any]]) -> Iterator[Query]:
    having: dict[str, set[str]] = {}
    for one in feed:
        for item in one.get("tender", {}).get("items", []):
            if item.get("classification", {}).get("scheme") == "CPV":
                having.setdefault(item["classification"]["id"], set()).add(one["ocid"])
    codes = sorted({thing.code for subject in subjects() for thing in subject.things} & having.keys())
    for code in codes[::5]:
        yield Query(code, "code", frozenset(having[code]))


def _holding(titles: dict[str, str], fragment: str) -> frozenset[str]:
    return frozenset(ocid for ocid, title in titles.items() if fragment.lower() in title.lower())


def _mistyped(dice: Dice, word: str) -> str:
    """The word with two neighbours swapped, or a letter lost, where it is long enough to be known all the same."""
    if len(word) < 5 or not word.isalpha():
        return word
    at = dice.between(1, len(word) - 3)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :] if dice.between(0, 1) else word[:at] + word[at + 1 :]
