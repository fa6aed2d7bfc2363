"""Recomputes what follows from changed organisations: profiles, blocks, scored pairs, identities.

The result depends on the present organisations and decisions alone, not on the order of changes: pairs are those of the
present blocks, and identities those of whole groups of connected organisations.
"""

from collections.abc import Iterable, Sequence

import polars as pl
from loguru import logger

from domain.organizations.blocking import BLOCK_MAX_ORGANIZATIONS, candidate_pairs
from domain.organizations.decisions import Decision
from domain.organizations.identities import NO_FACTS, PROPOSED, REJECTED, Facts, Pair, join_organizations
from domain.organizations.matcher import ORGANIZATION_MATCHER, SCORES, Matcher
from domain.organizations.profiles import PROFILES, organization_profiles
from domain.shared.surrogate_keys import with_key
from services.marts.changes import note_identities
from services.pipeline.red_flags.refresh import recompute
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

NO_SCORES = pl.DataFrame(schema=SCORES)


def match_organizations(
    work: WriteUnitOfWork, touched: Sequence[str], decided: Sequence[Decision], silver_batch: int
) -> int:
    """Match these organisations again, and apply the decisions; returns how many got another identity.

    What search shows of those is marked as touched by the silver batch.
    """
    compared = _update_profiles(work, touched, ORGANIZATION_MATCHER)
    affected: set[str] = set()  # those without qualified pairs and decisions are themselves
    if compared:
        before = work.organization_matches.edges(compared).filter("qualified")
        after = _score(work, compared, ORGANIZATION_MATCHER).filter("qualified")
        affected = {one for pair in _pairs(before) | _pairs(after) for one in pair}
    relevant = [*decided, *work.organization_matches.decisions(compared.union(touched))]
    affected |= {one for decision in relevant for one in decision.pair}
    if not affected:
        return 0
    return _join(work, affected, silver_batch)


def _update_profiles(work: WriteUnitOfWork, touched: Sequence[str], matcher: Matcher) -> set[str]:
    """Store the profiles that changed, with their blocks; returns the organisations to compare again.

    These are the changed ones, and all members of a block that has become too large, or no longer is.
    """
    repository = work.organization_matches
    stored = repository.profiles(touched)
    profiles = organization_profiles(repository.sources(touched))
    changed = profiles.join(stored, on=list(PROFILES), how="anti", nulls_equal=True)
    removed = stored.join(profiles, on="organization_id", how="anti")
    ids = {*changed["organization_id"], *removed["organization_id"]}
    if not ids:
        return set()
    blocks, blocks_before = matcher.blocks(changed), repository.blocks_of(ids)
    sizes = _sizes(repository.block_sizes({*blocks["block"], *blocks_before["block"]}), blocks_before, blocks)
    repository.replace_profiles(ids, changed, blocks)
    was_large, is_large = (pl.col(name) > BLOCK_MAX_ORGANIZATIONS for name in ("before", "after"))
    for block in sizes.filter(is_large & ~was_large)["block"]:
        logger.warning(
            "more than {} organisations share {}: they are no longer compared by it", BLOCK_MAX_ORGANIZATIONS, block
        )
    return ids | set(repository.members(sizes.filter(was_large != is_large)["block"])["organization_id"])


def _sizes(present: pl.DataFrame, left: pl.DataFrame, joined: pl.DataFrame) -> pl.DataFrame:
    """The sizes of blocks `before` and `after` the members `left` (BLOCKS) leave and others join."""
    counted = pl.concat(
        [
            present.select("block", before="size", after="size"),
            left.select("block", before=pl.lit(0, pl.Int64), after=pl.lit(-1, pl.Int64)),
            joined.select("block", before=pl.lit(0, pl.Int64), after=pl.lit(1, pl.Int64)),
        ]
    )
    return counted.group_by("block").agg(pl.col("before", "after").sum()).sort("block")


def _score(work: WriteUnitOfWork, compared: set[str], matcher: Matcher) -> pl.DataFrame:
    """Replace the scored pairs of these organisations; returns them (SCORES)."""
    repository = work.organization_matches
    mine = repository.blocks_of(compared)
    sizes = repository.block_sizes(mine["block"].unique())
    shared = sizes.filter(pl.col("size").is_between(2, BLOCK_MAX_ORGANIZATIONS))["block"]
    pairs = candidate_pairs(mine, repository.members(shared))
    scores = NO_SCORES
    if pairs.height:
        scores = matcher.scores(pairs, repository.profiles({*pairs["left_id"], *pairs["right_id"]}))
    keyed = with_key(scores, "match_key", ["left_id", "right_id"])
    repository.replace_matches(compared, keyed.with_columns(pl.lit(PROPOSED).alias("status")))
    return scores


def _join(work: WriteUnitOfWork, affected: set[str], silver_batch: int) -> int:
    """Join the affected organisations and all that are connected with them; returns how many changed identity."""
    repository = work.organization_matches
    ids, edges, decisions = _connected(work, affected)
    present = repository.identities(ids)
    profiles = repository.profiles(ids).select("organization_id", "country", "scheme", "number")
    facts = dict.fromkeys(present, NO_FACTS) | {one: Facts(*others) for one, *others in profiles.iter_rows()}
    found = join_organizations(
        facts,
        {pair: score for pair, (score, qualified) in edges.items() if qualified},
        [one.pair for one in decisions if one.decision == "forced"],
        [one.pair for one in decisions if one.decision == REJECTED],
    )
    statuses = [(*pair, found.status.get(pair, PROPOSED)) for pair in edges]
    named = pl.DataFrame(statuses, schema=["left_id", "right_id", "status"], orient="row")
    if named.height:
        repository.write_statuses(with_key(named, "match_key", ["left_id", "right_id"]).select("match_key", "status"))
    moved = {one: identity for one, identity in found.of.items() if present[one] != identity}
    if moved:
        identities = pl.DataFrame(
            list(moved.items()), schema={"organization_id": pl.String, "identity": pl.String}, orient="row"
        )
        note_identities(work, moved)
        updated_at = now()
        repository.write_identities(identities, updated_at)
        recompute(work)
        shown = {*moved, *moved.values(), *(present[one] for one in moved)}
        work.organizations.mark_touched_again(shown, silver_batch, updated_at)
    return len(moved)


def _connected(
    work: WriteUnitOfWork, affected: Iterable[str]
) -> tuple[set[str], dict[Pair, tuple[float, bool]], list[Decision]]:
    """These organisations and those that qualified or forced pairs connect, with all their scored pairs and decisions.

    The other side of a pair that does not qualify is not among the organisations: its own connections are unknown.
    """
    edges: dict[Pair, tuple[float, bool]] = {}
    decisions: dict[Pair, Decision] = {}
    known, following = set(), set(affected)
    while following:
        known |= following
        page = work.organization_matches.edges(following)
        edges |= {(left, right): (score, qualified) for left, right, score, qualified in page.iter_rows()}
        decided = {one.pair: one for one in work.organization_matches.decisions(following)}
        decisions |= decided
        joining = _pairs(page.filter("qualified")) | {pair for pair, one in decided.items() if one.decision == "forced"}
        following = {one for pair in joining for one in pair} - known
    return known, edges, list(decisions.values())


def _pairs(edges: pl.DataFrame) -> set[Pair]:
    return set(edges.select("left_id", "right_id").iter_rows())
