"""Types of the vocabularies."""

from typing import NamedTuple


class Thing(NamedTuple):
    """An item: CPV code, description, unit, and range of its unit price in whole currency units."""

    code: str
    description: str
    unit: str
    low: int
    high: int


class Subject(NamedTuple):
    """One subject.

    Templates take {place}, {region}, {buyer}, {street}, {number}, {years}, {year}, {months} and {people}.
    """

    name: str
    main: str  # works, goods or services
    codes: tuple[str, ...]
    trades: tuple[str, ...]  # words of suppliers' names
    value: tuple[int, int]  # range of the whole value, in whole units of money
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    lots: tuple[str, ...]
    things: tuple[Thing, ...]
