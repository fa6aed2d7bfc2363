"""Invented buyers and suppliers of each country: the same for every seed, so that they recur across processes."""

from functools import cache
from typing import NamedTuple

from seeds.dice import Dice
from seeds.places import BRANDS, COUNTRIES, NAMES, STREETS, Country
from seeds.subjects import subjects

BUYERS = 90
SUPPLIERS = 160  # per subject
LETTERS = "ABCDEFGHJKLMNPRSTUVWXY"


class Organization(NamedTuple):
    """A public body or firm. `number` is invented, outside the ranges of real registers; domains end in .example."""

    name: str
    scheme: str
    number: str
    street: str
    town: str
    region: str
    postcode: str
    country: str
    scale: str  # of a firm: micro, sme or large
    url: str


class World(NamedTuple):
    """The organisations of a country; suppliers by subject."""

    buyers: tuple[Organization, ...]
    suppliers: tuple[tuple[Organization, ...], ...]


@cache
def world(country: int) -> World:
    """The organisations of that country."""
    home, dice = COUNTRIES[country], Dice(7_001 + country)
    buyers = tuple(_buyer(home, dice, index) for index in range(BUYERS))
    suppliers = tuple(
        tuple(_supplier(home, dice, kind, index) for index in range(SUPPLIERS)) for kind in range(len(subjects()))
    )
    return World(buyers, suppliers)


def town(home: Country, dice: Dice) -> str:
    """The name of a place in that country."""
    return dice.pick(home.first) + dice.pick(home.second)


def _buyer(home: Country, dice: Dice, index: int) -> Organization:
    place = town(home, dice)
    name = home.bodies[index % len(home.bodies)].format(town=place)
    return _organization(home, dice, name, place, home.schemes[1], f"X{index + 1:04d}", "large")


def _supplier(home: Country, dice: Dice, kind: int, index: int) -> Organization:
    root = dice.pick(NAMES) if dice.chance(0.6) else dice.pick(BRANDS)
    if dice.chance(0.25):
        root = f"{root} & {dice.pick(NAMES)}"
    name = f"{root} {dice.pick(subjects()[kind].trades)} {dice.pick(home.forms)}"
    scale = dice.weighted(("micro", "sme", "large"), (25, 55, 20))
    return _organization(home, dice, name, town(home, dice), home.schemes[0], f"99{kind:02d}{index:04d}", scale)


def _organization(
    home: Country, dice: Dice, name: str, place: str, scheme: str, number: str, scale: str
) -> Organization:
    street = f"{dice.between(1, 240)} {dice.pick(STREETS)}"
    postcode = "".join(
        dice.pick(LETTERS) if sign == "A" else str(dice.below(10)) if sign == "0" else sign for sign in home.postcode
    )
    url = "https://www." + "".join(letter for letter in name.lower() if "a" <= letter <= "z") + ".example"
    return Organization(name, scheme, number, street, place, dice.pick(home.regions), postcode, home.name, scale, url)


def misspelt(name: str, dice: Dice) -> str:
    """The name with a typical spelling variation."""
    way = dice.below(7)
    if way == 0:
        return name.upper()
    if way == 1:
        return (
            name.replace("Limited", "Ltd.")
            .replace(" Ltd", " Limited")
            .replace(" and ", " & ")
            .replace("Council", "Cncl")
        )
    if way == 2:
        return f"{name} "
    if way == 3:
        return f"{name} (formerly {name.split(' ')[0]} Holdings)"
    at = 1 + dice.below(len(name) - 2)
    if way == 4:
        return name[:at] + name[at + 1 :]
    if way == 5:
        return name[: at - 1] + name[at] + name[at - 1] + name[at + 1 :]
    return name[:at] + name[at] + name[at:]
