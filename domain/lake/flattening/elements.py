"""The elements of decoded processes: one row for each tender, award, contract, bid and transaction. Pure."""

from dataclasses import dataclass

import polars as pl

from domain.lake.silver import LEVELS

KEYS = ["silver_batch", "ocid"]
# Payer and payee of OCDS 1.0, which has identifiers where later versions have references.
PAYMENT_ROLES = {"payer": "providerOrganization", "payee": "receiverOrganization"}


@dataclass(frozen=True)
class ProcessElements:
    """Rows of KEYS, `position` and the element's fields; `process` has one row per process.

    The `position` of a transaction is that in its contract, which is `parent_position`.
    """

    process: pl.DataFrame
    awards: pl.DataFrame
    contracts: pl.DataFrame
    bids: pl.DataFrame
    transactions: pl.DataFrame

    def parents(self, *columns: str) -> dict[str, pl.DataFrame]:
        """KEYS, parent_position, parent_id and these fields of tenders, awards and contracts, by level."""
        tenders = (
            self.process.select(*KEYS, "tender")
            .filter(pl.col("tender").is_not_null())
            .unnest("tender")
            .with_columns(position=pl.lit(0))
        )
        keys = [pl.col("position").cast(pl.Int32).alias("parent_position"), pl.col("id").alias("parent_id")]
        rows = zip(LEVELS, (tenders, self.awards, self.contracts), strict=True)
        return {level: frame.select(*KEYS, *keys, *columns) for level, frame in rows}


def process_elements(process: pl.DataFrame) -> ProcessElements:
    """Return the elements of decoded processes."""
    awards, contracts = nested(process, "awards"), nested(process, "contracts")
    bids = nested(process.select(*KEYS, pl.col("bids").struct.field("details").alias("bids")), "bids")
    return ProcessElements(process, awards, contracts, bids, _transactions(contracts))


def nested(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Return one row per array element: KEYS, its 0-based `position` and its fields as columns."""
    return numbered(frame.select(*KEYS, column), column, "position").unnest(column)


def numbered(rows: pl.DataFrame, column: str, number: str) -> pl.DataFrame:
    """Return one row per array element, with its 0-based index in the column `number`."""
    filled = rows.filter(pl.col(column).list.len() > 0)
    indexes = pl.int_ranges(0, pl.col(column).list.len(), dtype=pl.Int32).alias(number)
    return filled.with_columns(indexes).explode(column, number)


def _transactions(contracts: pl.DataFrame) -> pl.DataFrame:
    """Return one row per payment, with KEYS, parent_position, contract_id and position."""
    listed = contracts.select(
        *KEYS,
        pl.col("position").alias("parent_position"),
        pl.col("id").alias("contract_id"),
        pl.col("implementation").struct.field("transactions"),
    )
    rows = numbered(listed, "transactions", "position").unnest("transactions")
    return rows.with_columns(_reference(rows, name, older) for name, older in PAYMENT_ROLES.items())


def _reference(rows: pl.DataFrame, name: str, older: str) -> pl.Expr:
    """The organisation reference, else one made from the identifier of OCDS 1.0."""
    identifier = pl.col(older)
    made = {"name": identifier.struct.field("legalName"), "identifier": identifier}
    fields = rows.schema[name].fields  # type: ignore[attr-defined]
    reference = pl.struct(made.get(one.name, pl.lit(None, one.dtype)).alias(one.name) for one in fields)
    return pl.coalesce(name, pl.when(identifier.is_not_null()).then(reference)).alias(name)
