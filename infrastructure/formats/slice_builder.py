"""Collects the elements and refusals of one slice, up to its size limits."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.jobs.job import Position
from domain.raw_records.record import RefusedElement, SourceLocation, refused
from domain.shared.dates import DateOrder
from services.ports.sources import Element, Slice

DateOrderFinder = Callable[[], DateOrder | None]
SLICE_BYTES = 48 * 1024**2  # of elements: bounds memory for slices of large records


class SliceBuilder:
    """Elements and refused elements of one slice."""

    def __init__(self, name: str, limit: int, date_order: DateOrderFinder | None = None) -> None:
        self.name = name
        self.date_order = date_order
        self.limit = limit
        self.elements: list[Element] = []
        self.refused: list[RefusedElement] = []
        self.bytes = 0

    @property
    def full(self) -> bool:
        """Whether the next element belongs to the next slice."""
        return len(self.elements) + len(self.refused) >= self.limit or self.bytes >= SLICE_BYTES

    def add(self, raw: bytes, place: SourceLocation, package: dict[str, Any] | None = None) -> None:
        """Add an element."""
        self.elements.append(Element(raw, place, package, date_order=self.date_order))
        self.bytes += len(raw)

    def refuse(self, place: SourceLocation, code: str, reason: str, raw: bytes = b"") -> None:
        """Add a refused element, with an excerpt of its beginning."""
        self.refused.append(refused(place, code, reason, raw))

    def take(self, other: Slice, offset: int) -> None:
        """Add all elements and refusals of another slice, whose text begins at this offset."""
        self.elements += [
            replace(one, place=_moved(one.place, offset), date_order=self.date_order) for one in other.elements
        ]
        self.refused += [one.model_copy(update={"place": _moved(one.place, offset)}) for one in other.refused]
        self.bytes += sum(len(one.raw) for one in other.elements)

    def build(self, position: Position | None) -> Slice:
        """Build the slice."""
        return Slice(self.elements, self.refused, position)


def _moved(place: SourceLocation, offset: int) -> SourceLocation:
    return place.model_copy(update={"offset": (place.offset or 0) + offset})
