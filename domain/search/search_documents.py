"""Search documents from frames of gold rows: one function per collection, the same for all engines."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from domain.document_files.passages import cut_passages
from domain.lake.flattening.award_status import counts_in_totals
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.search.queries import Collection, CollectionSpec, FieldSpec, SearchDocument
from domain.shared.classification_codes import bare_code
from domain.star.organization_totals import ANY_ROLE

FIELD_MAX_CHARACTERS = 20_000  # of a text field: limits what is searched, not what is stored


def _field(
    name: str, kind: Any, *, many: bool = False, facet: bool = False, sort: bool = False, weight: float = 1.0
) -> FieldSpec:
    return FieldSpec(name=name, type=kind, many=many, facet=facet, sort=sort, weight=weight)


PROCESSES = CollectionSpec(
    name=Collection.PROCESSES,
    fields=(
        _field("id", "keyword"),
        _field("title", "text", weight=5),
        _field("description", "text", weight=1),
        _field("parties", "text", many=True, weight=2),
        _field("items", "text", many=True, weight=1.5),
        _field("classifications", "text", many=True, weight=1),
        _field("awards", "text", many=True, weight=1),
        _field("codes", "keyword", many=True, facet=True),
        _field("classification", "keyword", many=True, facet=True),
        _field("buyer", "keyword", facet=True),
        _field("buyer_id", "keyword"),
        _field("supplier", "keyword", many=True, facet=True),
        _field("supplier_id", "keyword", many=True),
        _field("category", "keyword", facet=True),
        _field("country", "keyword", many=True, facet=True),
        _field("region", "keyword", many=True, facet=True),
        _field("method", "keyword", facet=True),
        _field("status", "keyword", facet=True),
        _field("source", "keyword", facet=True),
        _field("currency", "keyword", facet=True),
        _field("value", "number", sort=True),
        _field("published", "date", sort=True),
        _field("first_published", "date", sort=True),
        _field("deadline", "date", sort=True),
        _field("updated_at", "date", sort=True),
    ),
)
ORGANIZATIONS = CollectionSpec(
    name=Collection.ORGANIZATIONS,
    fields=(
        _field("id", "keyword"),
        _field("name", "text", weight=5),
        _field("names", "text", many=True, weight=2),
        _field("scheme", "keyword", facet=True),
        _field("identifier", "keyword"),
        _field("role", "keyword", many=True, facet=True),
        _field("country", "keyword", many=True, facet=True),
        _field("region", "keyword", many=True, facet=True),
        _field("locality", "text", many=True),
        _field("processes", "number", sort=True),
        _field("awards", "number", sort=True),
        _field("won", "number", sort=True),
        _field("spend", "number", sort=True),
        _field("updated_at", "date", sort=True),
    ),
)
DOCUMENTS = CollectionSpec(
    name=Collection.DOCUMENTS,
    fields=(
        _field("id", "keyword"),
        _field("text", "text", weight=1),
        _field("title", "text", weight=2),
        _field("filename", "text", weight=1.5),
        _field("process_title", "text", weight=1),
        _field("page", "number", sort=True),
        _field("document_id", "keyword", facet=True),
        _field("ocid", "keyword", facet=True),
        _field("state", "keyword", facet=True),
        _field("buyer", "keyword", facet=True),
        _field("buyer_id", "keyword"),
        _field("source", "keyword", facet=True),
        _field("published", "date", sort=True),
        _field("updated_at", "date", sort=True),
    ),
)
SPECS = (PROCESSES, ORGANIZATIONS, DOCUMENTS)


class ProcessFrames(NamedTuple):
    """Gold rows of processes; awards, items and parties have a `process_key` and are in order."""

    processes: pl.DataFrame
    awards: pl.DataFrame
    items: pl.DataFrame
    parties: pl.DataFrame


class OrganizationFrames(NamedTuple):
    """Versions of organisations, the current one first, and their totals by role."""

    versions: pl.DataFrame
    totals: pl.DataFrame


def process_documents(frames: ProcessFrames) -> list[SearchDocument]:
    """The search documents of processes, by ocid: engines order equal hits as they were written.

    `supplier` has suppliers of counted awards only (domain/lake/flattening/award_status.py); `parties` has all parties.
    """
    processes, awards, items, parties = (frame.rename({"process_key": "key"}) for frame in frames)
    counted = awards.filter(counts_in_totals(pl.col("status")))
    award_texts = _values(awards, pl.concat_list(_text("title"), _text("description"))).explode("value")
    item_codes = _values(items, pl.col("codes").str.split(" ")).explode("value")
    return _documents(
        processes.sort("ocid").select(
            pl.col(
                "key", "buyer", "category", "method", "status", "source", "currency", "first_published", "updated_at"
            ),
            _known("buyer_id"),
            _text("title"),
            _text("description"),
            id="ocid",
            value="amount",
            published="last_published",
            deadline="tender_end",
        ),
        {
            "parties": [_values(parties, "name")],
            "items": [_values(items, _text("description"))],
            "classifications": [_values(processes, "classification"), _values(items, "classification")],
            "awards": [award_texts],
            "codes": [_mapped(item_codes, bare_code), _mapped(_values(processes, "code"), bare_code)],
            "classification": [_mapped(_values(frame, "code"), _division) for frame in (processes, items)],
            "supplier": [_values(counted, "supplier")],
            "supplier_id": [_values(counted, _known("supplier_id"))],
            "country": [_values(processes, "country"), _values(items, "country")],
            "region": [_values(processes, "region"), _values(items, "region")],
        },
    )


def organization_documents(frames: OrganizationFrames) -> list[SearchDocument]:
    """The search documents of organisations.

    For the totals see domain/star/organization_totals.py. `won` and `spend` are in the base currency, over the awards
    with a converted amount; absent if no award has one.
    """
    versions, totals = (frame.rename({"organization_id": "key"}) for frame in frames)
    unregistered = pl.col("identifier").fill_null("") == ""  # newer versions may lack the identifier
    registered = _first(versions.sort(unregistered, maintain_order=True)).select("key", "scheme", "identifier")
    # Rounded, since polars divides by a constant through its inverse.
    money = pl.when(pl.col("priced") > 0).then((pl.col("cents") / 100).round(2))
    names = _values(versions, pl.concat_list("name", "legal_name")).explode("value")
    role = pl.col("role")
    scalars = (
        _first(versions)
        .select("key", id="key", name=pl.when(pl.col("name") != "").then("name").otherwise("legal_name"))
        .join(registered, on="key", how="left")
        .join(versions.group_by("key").agg(pl.col("updated_at").max()), on="key", how="left")
        .join(totals.filter(role == ANY_ROLE).select("key", "processes"), on="key", how="left")
        .join(totals.filter(role == "supplier").select("key", "awards", won=money), on="key", how="left")
        .join(totals.filter(role == "buyer").select("key", spend=money), on="key", how="left")
        .with_columns(pl.col("processes").fill_null(0))
    )
    lists = {name: [_values(versions, name)] for name in ("country", "region", "locality")}
    roles = totals.filter(role != ANY_ROLE, pl.col("processes") > 0).sort("key", "role")
    return _documents(scalars, {"names": [names], "role": [_values(roles, "role")], **lists})


def passage_documents(files: pl.DataFrame, pages: pl.DataFrame) -> list[SearchDocument]:
    """The search documents of document files, one per passage; from rows of files with those of their processes, and
    pages (record_id, page, text) in order."""
    about = files.select(
        pl.col("filename", "ocid", "state", "buyer", "source", "published", "updated_at"),
        _known("buyer_id"),
        _text("title"),
        _text("process_title"),
        document_id="record_id",
    )
    pages_of = pages.select("record_id", "page", "text").rows_by_key("record_id", named=True)
    return [
        {"id": passage_id(common["document_id"], passage.number), "text": passage.text, "page": passage.page} | common
        for common in map(_present, about.iter_rows(named=True))
        for passage in cut_passages(pages_of.get(common["document_id"], ()))
    ]


def passage_id(record_id: str, number: int) -> str:
    """The id of a file's passage; `number` counts from 0."""
    return f"{record_id}-{number}"


def _documents(scalars: pl.DataFrame, lists: Mapping[str, Sequence[pl.DataFrame]]) -> list[SearchDocument]:
    """A document for each row of `scalars`, by its column `key`; missing and empty values are absent.

    `lists`: frames of a field (key, value), whose distinct values are kept in order.
    """
    values = pl.concat(
        frame.select("key", pl.lit(field).alias("field"), "value")
        for field, frames in lists.items()
        for frame in frames
    )
    present = values.filter(pl.col("value") != "", pl.col("key").is_in(scalars["key"].implode()))
    distinct = present.unique(maintain_order=True)
    documents = {row.pop("key"): _present(row) for row in scalars.iter_rows(named=True)}
    for key, field, found in distinct.group_by("key", "field", maintain_order=True).agg("value").iter_rows():
        documents[key][field] = found
    return list(documents.values())


def _present(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


def _values(frame: pl.DataFrame, value: str | pl.Expr) -> pl.DataFrame:
    return frame.select("key", value=value)


def _mapped(values: pl.DataFrame, function: Callable[[str], str | None]) -> pl.DataFrame:
    """The values through a function, which is called once for each distinct value."""
    distinct = values["value"].drop_nulls().unique()
    mapped = pl.Series([function(one) for one in distinct], dtype=pl.String)
    return values.with_columns(pl.col("value").replace_strict(distinct, mapped, default=None))


def _first(versions: pl.DataFrame) -> pl.DataFrame:
    return versions.unique("key", keep="first", maintain_order=True)


def _known(organization_id: str) -> pl.Expr:
    return pl.when(pl.col(organization_id) != UNKNOWN).then(organization_id).alias(organization_id)


def _text(name: str) -> pl.Expr:
    """A text, cut to what is searched; null if it is empty."""
    return pl.when(pl.col(name) != "").then(pl.col(name).str.head(FIELD_MAX_CHARACTERS)).alias(name)


def _division(code: str) -> str | None:
    """First two digits of a CPV code: the division, a facet."""
    return code[:2] if len(code) >= 8 and code[:8].isdigit() else None
