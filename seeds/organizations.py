"""Publishers with different habits, and the organisations as each of them writes them."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from seeds.vocabulary import BODIES, FIRST, LAST, PLACES, SECOND

PREFIXES = ("a1b2c3", "d4e5f6", "g7h8j9", "k1m2n3", "p4q5r6")


@dataclass(frozen=True)
class Publisher:
    """`habit`: registered ids (0), ids that mean something in their release only (1), or no ids and careless names (2)."""

    name: str
    prefix: str
    habit: int
    currencies: tuple[str, ...]

    def date(self, date: datetime) -> str:
        """The date as this publisher writes it."""
        if self.habit == 1:
            return date.astimezone(timezone(timedelta(hours=1))).isoformat()
        return date.strftime("%Y-%m-%dT%H:%M:%SZ")


def publishers(count: int, prefix: str) -> list[Publisher]:
    """The first `count` publishers; five ocid prefixes, then numbered ones."""
    money = (("GBP",), ("GBP", "EUR"), ("EUR", "USD", "GBP"))
    names = [PREFIXES[i] if i < len(PREFIXES) else f"x{i:05d}" for i in range(count)]
    return [Publisher(f"Generated publisher {i + 1} ({prefix})", f"ocds-{name}", i % 3, money[i % 3]) for i, name in enumerate(names)]


def buyer(rng: random.Random, publisher: Publisher, place: tuple[str, str, str]) -> dict[str, Any]:
    """A public body of the place."""
    kind = rng.randrange(len(BODIES))
    address = {
        "streetAddress": f"{1 + rng.randrange(90)} High Street",
        "locality": place[0],
        "region": place[1],
        "postalCode": f"ZZ{kind} 1AA",
        "countryName": "United Kingdom",
    }
    number = PLACES.index(place) * len(BODIES) + kind
    return _named(rng, publisher, BODIES[kind].format(place=place[0]), f"GB-LAE-{10_000 + number}", "org-1") | {
        "address": address,
        "details": {"scale": "large"},
    }


def supplier(rng: random.Random, publisher: Publisher) -> dict[str, Any]:
    """A company."""
    i, j, k = rng.randrange(len(FIRST)), rng.randrange(len(SECOND)), rng.randrange(len(LAST))
    number = (i * len(SECOND) + j) * len(LAST) + k
    place = PLACES[number % len(PLACES)]
    party = _named(rng, publisher, f"{FIRST[i]} {SECOND[j]} {LAST[k]}", f"GB-COH-{1_000_000 + number:08d}", f"org-{10 + number % 80}")
    return party | {
        "address": {"locality": place[0], "region": place[1], "countryName": "United Kingdom"},
        "details": {"scale": ("micro", "sme", "large")[number % 3]},
    }


def _named(rng: random.Random, publisher: Publisher, name: str, registered: str, local: str) -> dict[str, Any]:
    if publisher.habit == 0:
        scheme, _, number = registered.rpartition("-")
        return {"id": registered, "name": name, "identifier": {"scheme": scheme, "id": number, "legalName": name}}
    if publisher.habit == 1:
        return {"id": local, "name": name}
    return {"name": _careless(rng, name)}


def _careless(rng: random.Random, name: str) -> str:
    """One of the spellings that hurried people leave behind."""
    way = rng.randrange(8)
    if way == 0:
        return name.upper()
    if way == 1:
        return name.replace(" and ", " & ").replace("Council", "Counci1")
    if way == 2:
        return f"  {name} "
    if way == 3 and len(name) > 6:
        at = 2 + rng.randrange(len(name) - 4)
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return name
