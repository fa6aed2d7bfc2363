"""Lists of marts: their rows with the instant that they show."""

from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from domain.marts.marts import MARTS, Mart
from services.ports.warehouse import Warehouse
from services.shared.pages import Page
from services.star.rows import RowRequest, list_rows


class MartState(NamedTuple):
    """A mart, and the instant of the last change that it shows; None before the first one."""

    mart: Mart
    as_of: datetime | None


def list_marts(warehouse: Warehouse) -> list[MartState]:
    """All marts."""
    with warehouse.read() as work:
        as_of = work.marts.as_of()
    return [MartState(mart, as_of.get(mart.table)) for mart in MARTS.values()]


def list_mart_rows(
    warehouse: Warehouse, name: str, request: RowRequest, cursor: str | None, limit: int
) -> tuple[Page[dict[str, Any]], datetime | None]:
    """A page of a mart, in its own order unless the request has one, and the instant that it shows at least."""
    with warehouse.read() as work:
        as_of = work.marts.as_of().get(MARTS[name].table)
    return list_rows(warehouse, "mart", name, in_order(name, request), cursor, limit), as_of


def in_order(name: str, request: RowRequest) -> RowRequest:
    """The request, in the mart's own order if it has none."""
    return replace(request, sort=request.sort or MARTS[name].sort)
