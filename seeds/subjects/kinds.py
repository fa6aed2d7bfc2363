"""The shape of a vocabulary."""

from typing import NamedTuple


class Thing(NamedTuple):
    """Something bought: its CPV code, what it is, its unit, and the range of its unit price in whole units of money."""

    code: str
    description: str
    unit: str
    low: int
    high: int


class Subject(NamedTuple):
    """One category. Templates take {place}, {region}, {buyer}, {street}, {number}, {years}, {year}, {months} and {people}."""

    name: str
    main: str  # works, goods or services
    codes: tuple[str, ...]
    trades: tuple[str, ...]  # words of suppliers' names
    value: tuple[int, int]  # range of the whole value, in whole units of money
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    lots: tuple[str, ...]
    things: tuple[Thing, ...]
