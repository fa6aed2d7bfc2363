"""A labelled set of organisations: generated ones, each under several typical spellings, and others that look alike.

Two mentions are the same organisation if they have the same `organization`. TUNED was used to choose weights and
thresholds; HELD_OUT has other names and places: no constant may be tuned on it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from seeds.dice import Dice
from seeds.organizations import Organization, world
from seeds.places import COUNTRIES

TUNED, HELD_OUT = 31, 32  # seeds
ORGANIZATIONS = 400
SWAPS = {
    "Limited": "Ltd",
    "Ltd": "Limited",
    " and ": " & ",
    " & ": " and ",
    "Council": "Cncl",
    "Department": "Dept.",
    "University": "Univ.",
    "Services": "Svcs",
    "GmbH": "G.m.b.H.",
    "S.A.": "SA",
}
ALIKE = (
    ("North", "South"),
    ("Primary School", "High School"),
    ("Ward 1", "Ward 2"),
    ("No 4", "No 5"),
    ("East", "West"),
)


class Mention(NamedTuple):
    """An organisation as one publisher writes it. `organization`: which one it is; ids are accounts without meaning."""

    organization: int
    name: str
    street: str | None
    town: str | None
    postcode: str | None
    country: str | None


def mentions(seed: int) -> list[Mention]:
    """The labelled set of a seed; sets of odd and even seeds have no organisation in common."""
    dice = Dice(seed)
    found: list[Mention] = []
    for number, known in enumerate(dice.some(_organizations()[seed % 2 :: 2], ORGANIZATIONS)):
        found += _spellings(2 * number, known, dice)
        if dice.chance(0.5):
            found += _alike(2 * number + 1, known, dice)
    return found


def _organizations() -> list[Organization]:
    """Generated bodies and firms of all countries; the place in a firm's name tells it from firms of its trade."""
    worlds = [world(country) for country in range(len(COUNTRIES))]
    firms = [one for home in worlds for trade in home.suppliers for one in trade[::8]]
    found = [
        *(one for home in worlds for one in home.buyers),
        *(one._replace(name=f"{one.town} {one.name}") for one in firms),
    ]
    return list({(one.name, one.town, one.country): one for one in found}.values())  # a body drawn twice is one


def _spellings(number: int, known: Organization, dice: Dice) -> Iterator[Mention]:
    yield _mention(number, known, known.name)
    for _ in range(dice.between(1, 3)):
        vary = dice.pick(VARIATIONS)
        yield _partial(_mention(number, known, vary(known.name, dice)), dice)


def _alike(number: int, known: Organization, dice: Dice) -> Iterator[Mention]:
    """Another organisation of a like name: in the same place with a distinguishing word, or in another place."""
    if dice.chance(0.7):
        one, other = dice.pick(ALIKE)
        yield _mention(number * 10_000, known, f"{known.name} {one}")
        yield _mention(number * 10_000 + 1, known, f"{known.name} {other}")
    else:
        elsewhere = known._replace(town=f"{known.town} Heath", street="1 Other Row", postcode=known.postcode[::-1])
        yield _mention(number * 10_000, elsewhere, known.name)


def _mention(number: int, known: Organization, name: str) -> Mention:
    return Mention(number, name, known.street, known.town, known.postcode, known.country)


def _partial(mention: Mention, dice: Dice) -> Mention:
    """The mention with what publishers leave out."""
    way = dice.below(5)
    if way == 0:
        return mention._replace(postcode=None)
    if way == 1:
        return mention._replace(country=None)
    if way == 2:
        return mention._replace(
            street=f"{mention.street}, {mention.town}, {mention.postcode}", town=None, postcode=None
        )
    return mention


def _swapped(name: str, _: Dice) -> str:
    for one, other in SWAPS.items():
        if one in name:
            return name.replace(one, other)
    return f"The {name}"


def _mistyped(name: str, dice: Dice) -> str:
    """One letter of the longest word is missing, doubled or swapped with the next one."""
    word = max(name.split(), key=len)
    at = 1 + dice.below(len(word) - 2)
    way = dice.below(3)
    changed = (
        word[:at]
        + ("" if way == 0 else word[at] * 2 if way == 1 else word[at + 1] + word[at])
        + (word[at + 1 :] if way < 2 else word[at + 2 :])
    )
    return name.replace(word, changed, 1)


def _reordered(name: str, _: Dice) -> str:
    first, *others = name.split()
    return f"{' '.join(others)}, {first}"


VARIATIONS: tuple[Callable[[str, Dice], str], ...] = (
    lambda name, _: name.upper(),
    lambda name, _: f"  {name} ",
    lambda name, _: name.replace(" ", "  ").replace("-", " "),
    lambda name, dice: f"{name} (formerly {name.split()[0]} {dice.pick(('Holdings', 'Partners'))})",
    lambda name, dice: f"{name} t/a {dice.pick(('Quick', 'Prime'))} Supplies",
    _swapped,
    _mistyped,
    _reordered,
)
