"""Replaces processes in the star, with what follows from them: uses of dimensions, and organisations.

Only the difference between what the processes said before and say now is written, so that the cost doesn't grow with
the amount of data.
"""

from collections.abc import Sequence

import polars as pl

from domain.star.dimension_uses import DimensionChanges, count_uses, dimension_changes, sum_uses, uses_difference
from domain.star.model import Star
from domain.star.organization_history import MENTIONS, NO_MENTIONS, count_mentions, version_changes
from domain.star.organization_totals import NO_AWARDS, add_totals, awards_of, organization_totals, totals_difference
from domain.star.write_plan import StarWritePlan
from services.marts.changes import IDENTITIES, removal_differences
from services.pipeline.publishing.quality import plan_quality
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now


def plan_processes(work: ReadUnitOfWork, process_keys: Sequence[int], star: Star | None) -> StarWritePlan:
    """Plan the writes that make the processes' rows those of `star` (None: delete them). Writes nothing.

    The plan is valid until another publish run begins: make it without the write lock, then write it quickly.
    """
    existing = work.star.existing_processes(process_keys)  # new processes, which are most, have nothing to read
    before = work.organizations.mentions(existing)
    after = star.bridge.select(list(MENTIONS)) if star is not None else NO_MENTIONS
    mentioned = {*before["organization_id"], *after["organization_id"]}
    present = work.organizations.versions(mentioned)
    counted = count_mentions(present, before, after)
    left = counted.filter("first_left", pl.col("uses") > 0)["organization_key"]
    first_mentions = work.organizations.first_mentions(left, existing)
    totals = totals_difference(
        organization_totals(before, work.organizations.awards(existing)),
        organization_totals(after, awards_of(star) if star is not None else NO_AWARDS),
    )
    return StarWritePlan(
        existing,
        star,
        _dimensions(work, existing, star),
        version_changes(present, counted, first_mentions, star.organizations if star is not None else None),
        totals["organization_id"].unique(),
        add_totals(work.organizations.totals(totals["organization_id"].unique()), totals),
        mentioned,
        plan_quality(work, existing, star),
        work.marts.changes_of(IDENTITIES),
    )


def is_outdated(work: ReadUnitOfWork, plan: StarWritePlan) -> bool:
    """Whether organisations have got other identities since the plan was made."""
    return work.marts.changes_of(IDENTITIES) != plan.identity_changes


def write_processes(work: WriteUnitOfWork, plan: StarWritePlan, silver_batch: int) -> None:
    """Write the plan. What the processes had added to the marts is read here: a refresh may have counted them since."""
    updated_at = now()
    work.marts.add_changes(removal_differences(work, plan.existing))
    work.star.replace_processes(plan.existing, plan.star, updated_at)
    for name, changes in plan.dimensions.items():
        work.star.write_dimension(name, changes, updated_at)
    work.organizations.write_versions(plan.versions, updated_at)
    work.organizations.replace_totals(plan.totalled, plan.totals)
    work.organizations.mark_touched(plan.mentioned, silver_batch, updated_at)
    work.marts.mark_uncounted(plan.star.facts["fact_process"]["process_key"] if plan.star is not None else [])
    work.quality.write(plan.existing, plan.quality)


def _dimensions(work: ReadUnitOfWork, existing: Sequence[int], star: Star | None) -> dict[str, DimensionChanges]:
    before, after = count_uses(work.star.references(existing)), count_uses(star.facts if star is not None else {})
    changes = {}
    for name, difference in uses_difference(before, after).items():
        present = work.star.uses(name, difference["key"])
        rows = star.dimensions[name] if star is not None else None
        changes[name] = dimension_changes(name, present, sum_uses([present, difference]), rows)
    return changes
