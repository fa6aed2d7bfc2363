"""Publishers and their publishing habits."""

from functools import cache
from typing import NamedTuple

from seeds.places import COUNTRIES, Country


class Publisher(NamedTuple):
    """A publisher. `ids`: "global" gives registered identifiers, "local" ids like org-12, "none" no ids and misspelt
    names.

    `whole`: each release repeats everything known so far; else it holds only changes. `breaks` separates paragraphs.
    """

    name: str
    prefix: str
    country: int
    ids: str
    whole: bool
    zone: str  # time zone of its dates: "Z" or an offset
    breaks: str
    uri: str
    license: str

    @property
    def offset(self) -> int:
        """Seconds by which its local time is ahead of UTC."""
        return 0 if self.zone == "Z" else int(self.zone[:3]) * 3_600

    @property
    def home(self) -> Country:
        """Country of the publisher."""
        return COUNTRIES[self.country]


_HABITS = (("global", True), ("local", False), ("none", True))
_NAMES = ("Contracts Register", "Tenders Portal", "Procurement Bulletin")
_LICENCES = (
    "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    "https://creativecommons.org/licenses/by/4.0/",
    "https://opendatacommons.org/licenses/pddl/1-0/",
)
_LETTERS = "abcdefghijkmnpqrstuvwxyz"


@cache
def publisher(index: int) -> Publisher:
    """Return publisher number `index`, from 0; habits repeat every three, countries every five."""
    country = index % len(COUNTRIES)
    home = COUNTRIES[country]
    ids, whole = _HABITS[index % 3]
    prefix = f"ocds-zz{_LETTERS[index // 24 % 24]}{_LETTERS[index % 24]}{home.code.lower()}"
    zone = "Z" if index % 3 == 0 else home.offset
    name = f"{home.name} {_NAMES[index % 3]}" + (f" {index // 15 + 1}" if index >= 15 else "")
    return Publisher(
        name,
        prefix,
        country,
        ids,
        whole,
        zone,
        ("\n\n", " ", "\r\n")[index % 3],
        f"https://data.{prefix[5:]}.example",
        _LICENCES[index % 3],
    )
