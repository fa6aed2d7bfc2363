"""GET /v1/catalog…: the data catalogue."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from api.auth import Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import model_response, strict_router
from domain.catalog.entries import Catalog, CatalogEntry, CatalogTable
from services.catalog.catalog import get_table, list_tables

router = strict_router("/v1/catalog", "catalog")
TableName = Annotated[
    str,
    Path(description="the table's name", examples=["fact_award", "silver.award", "bronze.releases"], max_length=200),
]


@router.get("", response_model=Catalog)
def catalog(context: Context, _: Reader) -> Response:
    """List the tables of bronze, silver, gold and marts: owner, description, grain, size, freshness and quality."""
    parts, owner = context.parts, context.settings.data_owner
    tables = list_tables(parts.warehouse, parts.lake, owner)
    items = [CatalogTable(**table.model_dump(exclude={"columns"})) for table in tables]
    return model_response(Catalog(items=items))


@router.get("/{table}", response_model=CatalogEntry, responses=answers(404))
def catalog_table(table: TableName, context: Context, _: Reader) -> Response:
    """Get a table with its columns, and what each column is made of."""
    parts, owner = context.parts, context.settings.data_owner
    return model_response(get_table(parts.warehouse, parts.lake, owner, table))
