"""Organisations as releases name them: entries of `parties`, and the organisation references of buyer, tender, awards,
bids and contracts. Pure."""

from collections.abc import Iterator

import polars as pl

from domain.lake.flattening.elements import KEYS, PAYMENT_ROLES, ProcessElements, numbered
from domain.lake.flattening.organization_identity import GLOBAL_ID, normal_name, register_number
from domain.shared.whitespace import tidy_columns

IDENTIFIER = ["scheme", "identifier"]
ADDRESS = ["street", "locality", "region", "postal_code", "country"]
TEXTS = ["party_id", "name", *IDENTIFIER, "legal_name", *ADDRESS]
TIDIED_COLUMNS = [name for name in TEXTS if name != "street"]  # line breaks of a street are kept
SUPPLIERS, TENDERERS = "/awards/#/suppliers", "/bids/details/#/tenderers"
PAYMENTS = "/contracts/#/implementation/transactions/#/"


def organization_columns(who: pl.Expr) -> list[pl.Expr]:
    """Return expressions for the columns TEXTS of an organisation object."""
    organization = who.struct
    identifier, address = organization.field("identifier").struct, organization.field("address").struct
    street, country, other = address.field("streetAddress"), address.field("countryName"), address.field("country")
    return [
        organization.field("id").alias("party_id"),
        organization.field("name"),
        identifier.field("scheme"),
        identifier.field("id").alias("identifier"),
        identifier.field("legalName").alias("legal_name"),
        pl.when(street.str.contains(r"\S")).then(street).alias("street"),
        address.field("locality"),
        address.field("region"),
        address.field("postalCode").alias("postal_code"),
        pl.when(country.str.contains(r"\S")).then(country).otherwise(other).alias("country"),
    ]


def listed_parties(frame: pl.DataFrame, changed: list[pl.DataFrame]) -> pl.DataFrame:
    """Return one row per entry of `parties`: KEYS, position, TEXTS, roles, scale, url."""
    rows = numbered(frame.select(*KEYS, "parties"), "parties", "position")
    party = pl.col("parties")
    details = party.struct.field("details").struct
    flat = rows.select(
        *KEYS,
        "position",
        *organization_columns(party),
        party.struct.field("roles"),
        details.field("scale"),
        details.field("url"),
    )
    return with_identity(tidy_columns(flat, [*TIDIED_COLUMNS, "scale"], changed))


def organization_references(elements: ProcessElements, changed: list[pl.DataFrame]) -> pl.DataFrame:
    """Return one row per organisation reference, in order.

    Columns: KEYS, `order`, role, `at`, parent, parent_id, payment, TEXTS. `at` is the JSON path, with '#' for the
    indexes `parent` and `payment`. References without id, name and identifier are left out.
    """
    references = pl.concat(_all_references(elements))
    rows = references.with_columns(organization_columns(pl.col("who"))).drop("who")
    named = tidy_columns(rows, TIDIED_COLUMNS, changed).filter(
        pl.any_horizontal(pl.col("party_id", "name", "legal_name", "identifier").is_not_null())
    )
    return with_identity(named).with_row_index("order")


def _all_references(elements: ProcessElements) -> Iterator[pl.DataFrame]:
    tender = pl.col("tender").struct
    parent = pl.col("position").alias("parent")
    frame = elements.process
    yield _references(frame.select(*KEYS, who=pl.col("buyer")), "buyer", "/buyer")
    procuring_entities = frame.select(*KEYS, who=tender.field("procuringEntity"))
    yield _references(procuring_entities, "procuringEntity", "/tender/procuringEntity")
    tenderers = frame.select(*KEYS, who=tender.field("tenderers"))
    yield _references(_each(tenderers, "who"), "tenderer", "/tender/tenderers")
    suppliers = elements.awards.select(*KEYS, parent, who="suppliers", parent_id="id")
    yield _references(_each(suppliers, "who"), "supplier", SUPPLIERS)
    bidders = elements.bids.select(*KEYS, parent, who="tenderers", parent_id="id")
    yield _references(_each(bidders, "who"), "tenderer", TENDERERS)
    signatories = elements.contracts.select(*KEYS, parent, who="suppliers")
    yield _references(_each(signatories, "who"), "supplier", "/contracts/#/suppliers")
    for role in PAYMENT_ROLES:
        payment = [pl.col("parent_position").alias("parent"), pl.col("position").alias("payment")]
        yield _references(elements.transactions.select(*KEYS, *payment, who=role), role, f"{PAYMENTS}{role}")


def _references(rows: pl.DataFrame, role: str, at: str) -> pl.DataFrame:
    optional = {"parent": pl.Int32, "parent_id": pl.String, "payment": pl.Int32}
    named = rows.filter(pl.col("who").is_not_null())
    return named.select(
        *KEYS,
        pl.lit(role).alias("role"),
        pl.lit(at).alias("at"),
        *[name if name in rows.columns else pl.lit(None, dtype).alias(name) for name, dtype in optional.items()],
        "who",
    )


def _each(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.filter(pl.col(column).list.len() > 0).explode(column)


def with_identity(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `folded`, the name (else the legal name) folded for comparison, and `registered`, its `scheme-id` in
    a register."""
    named = frame.with_columns(pl.coalesce("name", "legal_name").alias("_name"))
    return (
        named.join(_folded(named["_name"]), on="_name", how="left", maintain_order="left")
        .drop("_name")
        .with_columns(_registered(frame))
    )


def _folded(names: pl.Series) -> pl.DataFrame:
    distinct = names.drop_nulls().unique()
    return pl.DataFrame(
        {"_name": distinct, "folded": [normal_name(name) or None for name in distinct]},
        schema={"_name": pl.String, "folded": pl.String},
    )


def _registered(frame: pl.DataFrame) -> pl.Series:
    pairs = frame.select(*IDENTIFIER)
    numbers = pairs.drop_nulls().unique()
    known = numbers.with_columns(
        pl.Series("registered", [register_number(*pair) for pair in numbers.iter_rows()], dtype=pl.String)
    )
    found = (
        pairs.join(known, on=IDENTIFIER, how="left", maintain_order="left")["registered"]
        if known.height
        else pairs["scheme"].clear(len(pairs))
    )
    return found.alias("registered").fill_null(
        frame.select(pl.when(pl.col("party_id").str.contains(GLOBAL_ID.pattern)).then("party_id")).to_series()
    )
