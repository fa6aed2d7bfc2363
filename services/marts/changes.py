"""What changes of facts mean for the marts: differences of additive tables, written in the facts' own transaction.

`services/marts/refresh.py` adds them to the marts afterwards. It also counts the facts of published processes, once
their organisations are matched; until then they have no part in any difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import polars as pl

from domain.marts.additive import differences, process_counts
from domain.marts.facts import NO_FACTS, MartFacts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork

Differences = dict[str, pl.DataFrame]
IDENTITIES = "identities"  # whose changes are counted beside those of views


def removal_differences(work: ReadUnitOfWork, process_keys: Sequence[int]) -> Differences:
    """Return the differences when these processes leave the marts. Call it before their facts are written."""
    return _between(work.marts.facts(process_keys), NO_FACTS) if process_keys else {}


@contextmanager
def noting_changes(work: WriteUnitOfWork, process_keys: Sequence[int]) -> Iterator[None]:
    """Write the differences that the block makes in the facts of these processes."""
    before = work.marts.facts(process_keys)
    yield
    work.marts.add_changes(_between(before, work.marts.facts(process_keys)))


def note_identities(work: WriteUnitOfWork, identities: Mapping[str, str]) -> None:
    """Write the differences that it makes to give these organisations other identities."""
    bought, supplied = (work.marts.processes_of_organizations(identities, role) for role in ("buyer", "supplier"))
    facts = work.marts.facts_by_organization(bought, supplied)
    if ids := facts.organization_ids():
        present = work.organization_matches.identities(ids)
        before, after = facts.with_identities(present), facts.with_identities({**present, **identities})
        work.marts.add_changes(_between(before, after))
    work.marts.note_change(IDENTITIES)  # plans of publish that were made with the old ones are made again


@contextmanager
def noting_red_flags(work: WriteUnitOfWork, red_flag_keys: Sequence[int]) -> Iterator[None]:
    """Write the differences that the block makes in red flags with these keys: it may add, replace or delete them."""
    before = replace(NO_FACTS, red_flags=work.marts.red_flags(red_flag_keys))
    yield
    after = replace(NO_FACTS, red_flags=work.marts.red_flags(red_flag_keys))
    work.marts.add_changes(_between(before, after))


def _between(before: MartFacts, after: MartFacts) -> Differences:
    counts = process_counts(before) if before is not NO_FACTS else {}
    return differences(counts, process_counts(after) if after is not NO_FACTS else {})
