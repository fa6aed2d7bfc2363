"""Marts whose numbers do not add up (shares, distinct counts, first dates), made from rows of additive tables. Pure."""

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import Columns
from domain.marts.additive import WORTH, with_amount
from domain.marts.facts import PLACE

SHARE_DECIMALS = 6


SUMS: Columns = dict.fromkeys(WORTH, pl.Int64)
# Sums of mart_relation_day by relation, and by relation and year.
RELATIONS: Columns = {"relation_key": pl.Int64, "buyer_id": pl.String, "supplier_id": pl.String, **SUMS}
RELATIONS |= {"first_award": pl.Date, "last_award": pl.Date}
RELATION_YEARS: Columns = {"relation_key": pl.Int64, "concentration_key": pl.Int64, "buyer_id": pl.String}
RELATION_YEARS |= {"supplier_id": pl.String, "year": pl.Int32, **SUMS}


def concentrations(years: pl.DataFrame, first_awards: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of mart_concentration, from all sums (RELATION_YEARS) of these buyers and years.

    `first_awards`: relation_key and first_award. Awards of the unknown supplier count in no share, and the unknown
    buyer, which is many, has no row.
    """
    c = pl.col
    group = ["concentration_key", "buyer_id", "year"]
    suppliers = (
        years.lazy()
        .filter(c("buyer_id") != UNKNOWN)
        .join(first_awards.lazy(), on="relation_key", how="left")
        .with_columns((c("supplier_id") != UNKNOWN).alias("known"))
        .sort(
            [*group, "known", "cents", "awards", "supplier_id"],
            descending=[False] * len(group) + [True, True, True, False],
        )
    )
    known, is_new = c("known"), c("first_award").dt.year() == c("year")
    cents = pl.when(known & (c("cents") > 0)).then("cents")
    awards = pl.when(known).then("awards")
    found = suppliers.group_by(group, maintain_order=True).agg(
        c(WORTH).sum(),
        pl.when(~known).then("awards").sum().alias("awards_without_supplier"),
        known.sum().alias("suppliers"),
        (known & is_new).sum().alias("new_entrants"),
        pl.when(known).then("supplier_id").first().alias("top_supplier_id"),
        _share(cents.first(), cents.sum()).alias("top_share"),
        _concentration(cents).alias("hhi"),
        _share(awards.first(), awards.sum()).alias("top_share_of_awards"),
        _concentration(awards).alias("hhi_of_awards"),
    )
    return with_amount(found.collect())


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then((part / whole).round(SHARE_DECIMALS))


def _concentration(sizes: pl.Expr) -> pl.Expr:
    """The Herfindahl-Hirschman index: the sum of the squared shares."""
    return pl.when(sizes.sum() > 0).then((sizes / sizes.sum()).pow(2).sum().round(SHARE_DECIMALS))


def markets(members: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of mart_market, from all rows of these markets in mart_market_member.

    PostgreSQL has them as a materialised view with the same definition.
    """
    c = pl.col
    is_buyer, is_named = c("role") == "buyer", c("organization_id") != UNKNOWN
    grouped = members.group_by("market_key", *PLACE, "year").agg(
        *[c(name).filter(is_buyer).sum() for name in WORTH],
        (is_buyer & is_named).sum().alias("buyers"),
        (~is_buyer & is_named).sum().alias("suppliers"),
    )
    return with_amount(grouped)
