"""Recounts what follows from the facts and the bridge of the star, page by page; and what dimension rows derive."""

import polars as pl

from domain.star.derived_attributes import DERIVED, derived_changes
from domain.star.dimension_uses import USES, count_uses, dimension_changes, sum_uses
from domain.star.model import DIMENSIONS
from domain.star.organization_history import NO_MENTIONS, recounted_versions
from domain.star.organization_totals import NO_AWARDS, organization_totals
from services.marts.refresh import recount_marts
from services.pipeline.publishing.organization_totals import add_difference
from services.pipeline.publishing.quality import recount_quality
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

PAGE_ORGANIZATIONS = 1_000


def recount(work: WriteUnitOfWork) -> None:
    """Recount the uses of dimension rows, their derived attributes, the versions and totals of organisations, and the
    marts."""
    updated_at = now()
    counted = dict.fromkeys(DIMENSIONS, pl.DataFrame(schema=USES))
    for page in work.star.reference_pages():
        counted = {name: sum_uses([counted[name], uses]) for name, uses in count_uses(page).items()}
    for name in DIMENSIONS:
        changes = dimension_changes(name, work.star.uses(name), counted[name])
        work.star.write_dimension(name, changes, updated_at)
    for name in DERIVED:  # rows of an earlier version may lack them
        work.star.update_attributes(name, derived_changes(name, work.star.derived_attributes(name)), updated_at)
    ids = work.organizations.ids()
    for start in range(0, len(ids), PAGE_ORGANIZATIONS):  # whole organisations, so that no process of one counts twice
        page_ids = ids[start : start + PAGE_ORGANIZATIONS]
        mentions, present = work.organizations.mentions_of(page_ids), work.organizations.versions(page_ids)
        work.organizations.write_versions(recounted_versions(present, mentions), updated_at)
        work.organizations.replace_totals(page_ids, organization_totals(mentions, NO_AWARDS))
    recount_quality(work)
    for awards in work.organizations.award_pages():
        add_difference(work, organization_totals(NO_MENTIONS, awards))
    recount_marts(work)
