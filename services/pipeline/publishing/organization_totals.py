"""Changes the totals of organisations by the difference that awards make."""

import polars as pl

from domain.star.organization_history import NO_MENTIONS
from domain.star.organization_totals import add_totals, organization_totals, totals_difference
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now


def add_difference(work: WriteUnitOfWork, difference: pl.DataFrame) -> None:
    """Add the difference (TOTALS) to the totals."""
    touched = difference["organization_id"].unique()
    work.organizations.replace_totals(touched, add_totals(work.organizations.totals(touched), difference))


def convert_awards(work: WriteUnitOfWork, awards: pl.DataFrame, silver_batch: int) -> None:
    """Change the totals to the awards' (key, amount_base) new amounts. Call it before these are written."""
    before = work.organizations.awards_by_key(awards["key"])
    after = before.drop("amount_base").join(awards.select("key", "amount_base"), on="key", how="inner")
    totals = [organization_totals(NO_MENTIONS, rows) for rows in (before, after)]
    add_difference(work, totals_difference(*totals))
    touched = {*before["supplier_id"], *before["buyer_id"]} - {None}
    work.organizations.mark_touched(touched, silver_batch, now())
