"""GET /v1/marts/…: reads the data marts, as lists or files."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, create_model

from api.auth import SCHEMES, Reader
from api.context import Context
from api.openapi import COMMON
from api.requests.parameters import json_response, next_link, reject_unknown_parameters
from api.responses.exports import EXPORTS, export_format
from api.v1.export_responses import export_response
from api.v1.gold import OWN_OF_MART, RowPaging, conditions
from domain.marts.marts import MARTS, Mart
from services.exports.orders import rows_order
from services.marts.queries import in_order, list_mart_rows, list_marts
from services.star.rows import RowRequest

router = APIRouter(prefix="/v1/marts", tags=["marts"], dependencies=SCHEMES, responses=COMMON)
FILTERS = """
Every column is a filter: `year=2024`, `awards__gte=10`, `amount_base__null=true`, `month__prefix=2024`; so are the
attributes of the organisations: `buyer.country=GB`; organisations by id or any name they have had: `buyer=Brackdale`.
A repeated filter matches any of its values. An unknown name is refused with a list of the known ones. Amounts are in
the base currency. Without `sort`, rows are in the order of their columns.
"""
AS_OF = "the instant of the last change that it shows at least; null before the first one"


class MartDescription(BaseModel):
    """What a mart answers."""

    name: str = Field(examples=["spend"])
    description: str = Field(examples=[MARTS["spend"].description])
    grain: str = Field(description="what one row is", examples=[MARTS["spend"].grain])
    columns: dict[str, str] = Field(description="the columns, each with what it means")
    base_currency: str = Field(description="the currency of `amount_base`", examples=["EUR"])
    as_of: datetime | None = Field(description=AS_OF)
    links: dict[str, str] = Field(examples=[{"rows": "/v1/marts/spend"}])


class MartList(BaseModel):
    """All marts."""

    items: list[MartDescription]


@router.get("", dependencies=[Depends(reject_unknown_parameters)])
def index(context: Context, _: Reader) -> MartList:
    """List the marts: what each answers, its columns, and as of when."""
    return MartList(
        items=[
            MartDescription(
                name=mart.name,
                description=mart.description,
                grain=mart.grain,
                columns=dict(mart.columns),
                base_currency=context.parts.base_currency,
                as_of=as_of,
                links={"rows": f"{router.prefix}/{mart.name}"},
            )
            for mart, as_of in list_marts(context.parts.warehouse)
        ]
    )


def _page_model(mart: Mart) -> type[BaseModel]:
    """The model of a page, for OpenAPI: its rows with the meaning of each column."""
    name = mart.name.title().replace("-", "")
    columns: dict[str, Any] = {
        column: (str | int | float | None, Field(None, description=meaning)) for column, meaning in mart.columns.items()
    }
    row = create_model(f"{name}Row", __doc__=f"One row is {mart.grain}.", __config__={"extra": "allow"}, **columns)
    return create_model(
        f"{name}Mart",
        __doc__=f"A page of the mart: {mart.description}.",
        items=(list[row], ...),
        next=(str | None, Field(description="the URL of the next page")),
        as_of=(datetime | None, Field(description=AS_OF)),
        base_currency=(str, Field(description="the currency of `amount_base`")),
    )


def _endpoint(mart: Mart) -> Callable[..., Response]:
    def rows(request: Request, context: Context, user: Reader, paging: Annotated[RowPaging, Depends()]) -> Response:
        row_request = RowRequest(conditions(request, OWN_OF_MART), paging.sort, paging.fields)
        warehouse, name = context.parts.warehouse, mart.name
        if form := export_format(request, paging.form):
            ordered = in_order(name, row_request)
            return export_response(request, context, user, rows_order("mart", name, ordered, form))
        page, as_of = list_mart_rows(warehouse, name, row_request, paging.cursor, paging.limit)
        found = {"items": page.items, "next": next_link(request, page.cursor), "as_of": as_of}
        return json_response(found | {"base_currency": context.parts.base_currency})

    return rows


for each in MARTS.values():
    router.add_api_route(
        f"/{each.name}",
        _endpoint(each),
        name=each.name,
        response_model=_page_model(each),
        responses=EXPORTS,
        description=f"{each.description}. One row is {each.grain}.\n{FILTERS}",
    )
