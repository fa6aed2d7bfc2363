"""Plans what a slice of processes changes in the totals of data quality, and counts them anew."""

from collections.abc import Sequence

import polars as pl

from domain.quality.assessment import NO_ASSESSMENTS
from domain.quality.duplicates import GROUPS, changed_groups
from domain.quality.totals import KEYS, NOTES, add_totals, duplicate_totals, quality_totals, totals_difference
from domain.quality.write_plan import QualityPlan
from domain.star.model import Star
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork


def plan_quality(work: ReadUnitOfWork, existing: Sequence[int], star: Star | None) -> QualityPlan:
    """Plan the assessments of the processes in `star`, in place of those of `existing` processes, and the totals."""
    before, after = work.quality.assessments(existing), star.quality if star is not None else NO_ASSESSMENTS
    notes = star.facts["fact_note"].select(list(NOTES)) if star is not None else pl.DataFrame(schema=NOTES)
    alike = pl.concat([before["likeness"], after["likeness"]]).drop_nulls().unique()
    groups = work.quality.groups(alike)
    old = [quality_totals(before, work.quality.notes(existing)), duplicate_totals(groups)]
    new = [quality_totals(after, notes), duplicate_totals(changed_groups(groups, before, after))]
    difference = totals_difference(pl.concat(old), pl.concat(new))
    changed = difference.select(KEYS)
    present = work.quality.totals(changed["source"].unique().to_list()).join(changed, on=KEYS, how="semi")
    return QualityPlan(after, changed, add_totals(present, difference))


def recount_quality(work: WriteUnitOfWork) -> None:
    """Count the totals from the assessments and notes of all processes, page by page."""
    totals = duplicate_totals(pl.DataFrame(schema=GROUPS))
    groups = pl.DataFrame(schema=GROUPS)
    for page in work.quality.assessment_pages():
        totals = add_totals(totals, quality_totals(page, work.quality.notes(page["process_key"])))
        groups = changed_groups(groups, NO_ASSESSMENTS, page)
    work.quality.replace_totals(add_totals(totals, duplicate_totals(groups)))
