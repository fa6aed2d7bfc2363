"""Flattens compiled releases to the tables of silver, with polars expressions over whole columns. Pure.

Entry point: `flatten`. Parties, whose identities span the whole process, are in parties.py, items in items.py.
"""

import polars as pl

from domain.lake.flattening.award_status import unknown_status_notes
from domain.lake.flattening.bids import flat_amendments, flat_bids, flat_transactions
from domain.lake.flattening.elements import ProcessElements, numbered, process_elements
from domain.lake.flattening.frameworks import sets_up_framework
from domain.lake.flattening.instants import instants
from domain.lake.flattening.items import flat_items
from domain.lake.flattening.parties import ProcessParties, build_parties
from domain.lake.silver import LEVELS, TABLES
from domain.ocds.compiled_repair import repair_compiled_release
from domain.ocds.model_types import polars_type
from domain.ocds.models import CompiledReleaseModel
from domain.raw_records.note_codes import NOTES
from domain.shared.whitespace import NOTE_CODE as WHITESPACE
from domain.shared.whitespace import tidy_columns, whitespace_notes

Frames = dict[str, pl.DataFrame]
SCHEMA = {name: polars_type(field.annotation) for name, field in CompiledReleaseModel.model_fields.items()}
CARRIED = ["silver_batch", "ocid", "compiled", "releases", "first_published", "last_published", "last_seq", "tags"]
CARRIED += ["publisher", "publisher_license"]
DECODE_RELEASES = 250  # compiled releases decoded at once
# Texts that become dimension attributes or filter values; their whitespace is tidied.
CLASSIFIED = ["classification_scheme", "classification_id", "classification_description"]
TIDIED_COLUMNS = {
    "process": [
        "status",
        "procurement_method",
        "procurement_method_details",
        "main_category",
        *CLASSIFIED,
        "currency",
        "publisher",
        "publisher_license",
    ],
    "award": ["status", "currency"],
    "contract": ["status", "currency"],
    "bid": ["status", "currency"],
    "transaction": ["currency"],
    "item": [*CLASSIFIED, "unit_currency", "country", "region", "locality"],
}


def flatten(processes: pl.DataFrame) -> Frames:
    """Return the silver tables, by name, of compiled processes (columns CARRIED), ordered by ocid and position.

    `note` holds the doubts about the compiled releases.
    """
    if not processes.height:
        return {name: pl.DataFrame(schema=columns) for name, columns in TABLES.items()}
    changed: list[pl.DataFrame] = []
    notes: list[pl.DataFrame] = []
    frame = decode(processes.sort("ocid"), notes)
    elements = process_elements(frame)
    parties = build_parties(elements, changed)
    parents = elements.parents("items", "documents")
    rows = pl.concat([_elements(parents[level], "items", level) for level in LEVELS])
    items = tidy_columns(flat_items(rows), TIDIED_COLUMNS["item"], changed)  # first: processes take their places
    flat = {
        "process": _process(frame, parties, items),
        "party": parties.party,
        "award": _award(elements.awards, parties),
        "award_supplier": parties.supplier,
        "contract": _contract(elements.contracts),
        "bid": flat_bids(elements.bids, parties.tenderer),
        "bid_tenderer": parties.tenderer,
        "transaction": flat_transactions(elements.transactions, parties.payments),
        "amendment": flat_amendments(elements),
        "document": _documents(frame, parents),
    }
    frames = {name: tidy_columns(rows, TIDIED_COLUMNS.get(name, ()), changed) for name, rows in flat.items()}
    frames["item"] = items
    notes += [_missing_award_notes(elements), unknown_status_notes(frames["award"]), parties.note]
    notes.append(whitespace_notes(changed, NOTES[WHITESPACE]))
    shaped = [_shaped(note, "note") for note in notes]
    frames["note"] = pl.concat(shaped).sort("ocid", maintain_order=True)
    return {name: _shaped(frames[name], name) for name in frames}


def decode(processes: pl.DataFrame, unread: list[pl.DataFrame] | None = None) -> pl.DataFrame:
    """Return one row per process: the columns CARRIED and the modelled fields of its compiled release.

    Values that can't be decoded (of releases accepted by an earlier version) become null; `unread` gets notes on them.
    """
    # Measured with 8 KB releases: 27,000/s in slices, 15,000/s at once with ten times the memory, read_ndjson 7,000/s.
    parts = [
        _decoded(processes.slice(start, DECODE_RELEASES), unread)
        for start in range(0, processes.height, DECODE_RELEASES)
    ]
    decoded = pl.concat(parts, rechunk=True).struct.unnest().drop("ocid")
    return pl.concat([processes.select(CARRIED), decoded], how="horizontal")


def _decoded(processes: pl.DataFrame, unread: list[pl.DataFrame] | None) -> pl.Series:
    texts = processes["compiled"]
    try:
        return texts.str.json_decode(pl.Struct(SCHEMA))
    except pl.exceptions.ComputeError:
        repaired = [repair_compiled_release(text) for text in texts]
    notes = [
        {"silver_batch": silver_batch, "ocid": ocid, "record_id": None, **note.model_dump()}
        for (silver_batch, ocid), (_, found) in zip(
            processes.select("silver_batch", "ocid").iter_rows(), repaired, strict=True
        )
        for note in found
    ]
    if unread is not None:
        unread.append(pl.DataFrame(notes, schema=TABLES["note"]))
    return pl.Series([text for text, _ in repaired], dtype=pl.String).str.json_decode(pl.Struct(SCHEMA))


def _shaped(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """Return exactly the columns of the silver table, in its order and types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in TABLES[table].items())


def _field(*path: str) -> pl.Expr:
    found = pl.col(path[0])
    for name in path[1:]:
        found = found.struct.field(name)
    return found


def _award(awards: pl.DataFrame, parties: ProcessParties) -> pl.DataFrame:
    counted = parties.supplier.group_by("ocid", pl.col("award_position").alias("position")).agg(
        pl.col("organization_id").n_unique().alias("suppliers")
    )
    rows = awards.select(
        "silver_batch",
        "ocid",
        pl.col("position").cast(pl.Int32),
        pl.col("id").alias("award_id"),
        "title",
        "description",
        "status",
        "date",
        _field("value", "amount"),
        _field("value", "currency"),
        _field("contractPeriod", "startDate").alias("contract_start"),
        _field("contractPeriod", "endDate").alias("contract_end"),
    )
    rows = rows.join(counted, on=["ocid", "position"], how="left", maintain_order="left").with_columns(
        pl.col("suppliers").fill_null(0)
    )
    return instants(rows, ["date", "contract_start", "contract_end"])


def _contract(contracts: pl.DataFrame) -> pl.DataFrame:
    rows = contracts.select(
        "silver_batch",
        "ocid",
        "position",
        pl.col("id").alias("contract_id"),
        pl.col("awardID").alias("award_id"),
        "title",
        "description",
        "status",
        pl.col("dateSigned").alias("date_signed"),
        _field("value", "amount"),
        _field("value", "currency"),
        _field("period", "startDate").alias("start"),
        _field("period", "endDate").alias("end"),
    )
    return instants(rows, ["date_signed", "start", "end"])


def _missing_award_notes(elements: ProcessElements) -> pl.DataFrame:
    """A note for each contract whose awardID names no award in any release of the process."""
    known = elements.awards.select("ocid", pl.col("id").alias("awardID"))
    missing = elements.contracts.filter(pl.col("awardID").is_not_null()).join(known, on=["ocid", "awardID"], how="anti")
    return missing.sort("ocid", "position").select(
        "silver_batch",
        "ocid",
        pl.lit(None).alias("record_id"),
        pl.lit("award_not_found").alias("code"),
        pl.format("/contracts/{}/awardID", "position").alias("path"),
        pl.format("no release of the process has the award {}", pl.col("awardID").str.head(80)).alias("message"),
    )


def _elements(parents: pl.DataFrame, column: str, level: str) -> pl.DataFrame:
    rows = parents.select("silver_batch", "ocid", "parent_position", "parent_id", column)
    return numbered(rows.with_columns(pl.lit(level).alias("level")), column, "position")


def _documents(frame: pl.DataFrame, parents: Frames) -> pl.DataFrame:
    planning = frame.select("silver_batch", "ocid", _field("planning", "documents").alias("documents"))
    planning = planning.with_columns(
        pl.lit(0, dtype=pl.Int32).alias("parent_position"), pl.lit(None, dtype=pl.String).alias("parent_id")
    )
    frames = [_elements(planning, "documents", "planning")]
    frames += [_elements(parents[level], "documents", level) for level in LEVELS]
    document = pl.col("documents").struct
    rows = pl.concat(frames).select(
        "silver_batch",
        "ocid",
        "level",
        "parent_position",
        "parent_id",
        "position",
        document.field("id").alias("document_id"),
        document.field("documentType").alias("type"),
        *[document.field(name) for name in ("title", "description", "url", "format", "language")],
        document.field("datePublished").alias("date_published"),
    )
    return instants(rows, ["date_published"]).sort("ocid", "level", "parent_position", "position", maintain_order=True)


def _process(frame: pl.DataFrame, parties: ProcessParties, items: pl.DataFrame) -> pl.DataFrame:
    tender = pl.col("tender").struct
    coded = items.filter(pl.col("classification_id").is_not_null())
    placed = items.filter(pl.any_horizontal(pl.col("country", "region", "locality").is_not_null())).sort(
        "level", descending=True, maintain_order=True
    )
    placed = placed.unique("ocid", keep="first", maintain_order=True).select("ocid", "country", "region", "locality")
    own = tender.field("classification").struct
    rows = frame.with_columns(
        pl.lit(value=False).alias("deleted"),
        pl.col("initiationType").alias("initiation_type"),
        *[tender.field(name) for name in ("title", "description", "status")],
        tender.field("procurementMethod").alias("procurement_method"),
        tender.field("procurementMethodDetails").alias("procurement_method_details"),
        tender.field("mainProcurementCategory").alias("main_category"),
        tender.field("id").alias("tender_id"),
        *[own.field(name).alias(f"classification_{name}") for name in ("scheme", "id", "description")],
        tender.field("value").struct.field("amount"),
        tender.field("value").struct.field("currency"),
        tender.field("minValue").struct.field("amount").alias("min_amount"),
        tender.field("minValue").struct.field("currency").alias("min_currency"),
        _field("planning", "budget", "amount", "amount").alias("budget_amount"),
        _field("planning", "budget", "amount", "currency").alias("budget_currency"),
        *[
            tender.field(f"{name}Period").struct.field(f"{end}Date").alias(f"{name}_{end}")
            for name in ("tender", "award", "contract")
            for end in ("start", "end")
        ],
        tender.field("numberOfTenderers").alias("number_of_tenderers"),
        sets_up_framework(tender).alias("framework"),
    )
    rows = rows.join(_first_code(coded), on="ocid", how="left", maintain_order="left").with_columns(
        pl.when(pl.col("classification_id").is_null()).then(pl.col(f"item_{name}")).otherwise(pl.col(name)).alias(name)
        for name in ("classification_scheme", "classification_description", "classification_id")
    )
    rows = rows.join(parties.roles, on="ocid", how="left", maintain_order="left").join(
        placed, on="ocid", how="left", maintain_order="left"
    )
    nowhere = pl.all_horizontal(pl.col("country", "region", "locality").is_null())
    rows = rows.with_columns(
        pl.coalesce("country", "buyer_country").alias("country"),
        *[pl.when(nowhere).then(f"buyer_{name}").otherwise(name).alias(name) for name in ("region", "locality")],
    )
    return instants(
        rows, [f"{name}_{end}" for name in ("tender", "award", "contract") for end in ("start", "end")]
    ).sort("ocid")


def _first_code(coded: pl.DataFrame) -> pl.DataFrame:
    """Return the classification of the first coded item: of the tender ('tender' sorts last), else of any other."""
    ranked = coded.sort("ocid", "level", descending=[False, True], maintain_order=True).unique(
        "ocid", keep="first", maintain_order=True
    )
    return ranked.select(
        "ocid",
        *[
            pl.col(f"classification_{name}").alias(f"item_classification_{name}")
            for name in ("scheme", "id", "description")
        ],
    )
