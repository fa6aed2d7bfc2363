"""The matcher of organisations, put together by a builder: blockers, comparators with weights, vetoes, thresholds."""

from dataclasses import dataclass, field, replace

import polars as pl

from domain.lake.silver import Columns
from domain.organizations.blocking import BLOCKERS, organization_blocks
from domain.organizations.comparison import (
    OTHER_COUNTRY,
    OTHER_NUMBER,
    OTHER_WORD,
    SAME_NUMBER,
    SIDES,
    Comparator,
    Compare,
    Veto,
    address_similarity,
    country_similarity,
    form_similarity,
    name_similarity,
    with_name_difference,
)
from domain.organizations.profiles import PROFILES

EVIDENCE_FIELDS = ("name", "scheme", "number", "country", "postal_code", "locality", "address")
SCORES: Columns = {
    "left_id": pl.String,
    "right_id": pl.String,
    "score": pl.Float64,
    "qualified": pl.Boolean,
    "reason": pl.String,
    "evidence": pl.String,
}


@dataclass(frozen=True)
class Matcher:
    """Scores pairs of organisations.

    A pair with `threshold` or more qualifies for a merge unless a veto applies; one with `proposal` or more is kept.
    """

    blockers: tuple[pl.Expr, ...]
    comparators: tuple[Comparator, ...]
    vetoes: tuple[Veto, ...]
    threshold: float
    proposal: float

    def blocks(self, profiles: pl.DataFrame) -> pl.DataFrame:
        """The blocks (BLOCKS) of profiles."""
        return organization_blocks(profiles, self.blockers)

    def scores(self, pairs: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
        """The scores (SCORES) of the pairs (PAIRS) worth keeping; `profiles` has both sides of each.

        `reason`: `same_registered_number`, `score`, `below_threshold`, or the veto. `evidence` is JSON: the similarity
        of each part (null: unknown), and the values of both sides.
        """
        compared = with_name_difference(_joined(pairs, profiles))
        parts = [one.compare(compared).alias(one.name) for one in self.comparators]
        weighed = sum(
            (pl.col(one.name).fill_null(one.unknown) * one.weight for one in self.comparators), start=pl.lit(0.0)
        )
        vetoes = [pl.when(veto.applies).then(pl.lit(veto.reason)) for veto in self.vetoes]
        scored = compared.with_columns(parts).with_columns(
            pl.when(SAME_NUMBER).then(1.0).otherwise(weighed.round(4)).alias("score"),
            pl.coalesce(pl.when(SAME_NUMBER).then(pl.lit("same_registered_number")), *vetoes).alias("decisive"),
        )
        scored = scored.filter(pl.col("score") >= self.proposal)
        merges = pl.col("score") >= self.threshold
        reason = pl.coalesce(
            "decisive", pl.when(merges).then(pl.lit("score")).otherwise(pl.lit("below_threshold"))
        ).alias("reason")
        qualified = (pl.col("decisive").is_null() & merges) | (pl.col("decisive") == "same_registered_number")
        return scored.select(
            "left_id",
            "right_id",
            "score",
            qualified.fill_null(value=False).alias("qualified"),
            reason,
            self._evidence().alias("evidence"),
        )

    def _evidence(self) -> pl.Expr:
        sides = [pl.struct(pl.col(f"{name}_{side}").alias(name) for name in EVIDENCE_FIELDS) for side in SIDES]
        similarity = pl.struct(pl.col(one.name).round(4) for one in self.comparators)
        values = (side.alias(name) for side, name in zip(sides, SIDES, strict=True))
        return pl.struct(similarity.alias("similarity"), *values).struct.json_encode()


@dataclass(frozen=True)
class MatcherBuilder:
    """Builds a Matcher step by step; each step returns a new builder."""

    blockers: tuple[pl.Expr, ...] = ()
    comparators: tuple[Comparator, ...] = ()
    vetoes: tuple[Veto, ...] = field(default=())

    def block_by(self, *names: str) -> "MatcherBuilder":
        """Compare organisations that share a key of these blockers (blocking.BLOCKERS)."""
        return replace(self, blockers=(*self.blockers, *(BLOCKERS[name] for name in names)))

    def compare(self, name: str, compare: Compare, *, weight: float, unknown: float = 0.5) -> "MatcherBuilder":
        """Add a part of the score."""
        return replace(self, comparators=(*self.comparators, Comparator(name, weight, unknown, compare)))

    def never_merge(self, *vetoes: Veto) -> "MatcherBuilder":
        """Add reasons that exclude a merge."""
        return replace(self, vetoes=(*self.vetoes, *vetoes))

    def build(self, *, threshold: float, proposal: float) -> Matcher:
        """The matcher. ValueError unless weights add up to 1 and proposals are no stricter than merges."""
        total = sum(one.weight for one in self.comparators)
        if abs(total - 1) > 1e-9 or not self.blockers or not 0 < proposal <= threshold <= 1:
            raise ValueError(
                f"a matcher needs blockers, weights that add up to 1 (not {total:g}) and 0 < proposal <= threshold <= 1"
            )
        return Matcher(self.blockers, self.comparators, self.vetoes, threshold, proposal)


def _joined(pairs: pl.DataFrame, profiles: pl.DataFrame) -> pl.DataFrame:
    joined = pairs.lazy()
    for side in SIDES:
        named = profiles.lazy().select(pl.col(list(PROFILES)).name.suffix(f"_{side}"))
        named = named.rename({f"organization_id_{side}": f"{side}_id"})
        joined = joined.join(named, on=f"{side}_id", how="inner")
    return joined.sort("left_id", "right_id").collect()


ORGANIZATION_MATCHER = (
    MatcherBuilder()
    .block_by("number", "name", "joined", "postal_code", "street", "locality", "words")
    .compare("name", name_similarity, weight=0.65)
    .compare("legal_form", form_similarity, weight=0.05)
    .compare("country", country_similarity, weight=0.10)
    .compare("address", address_similarity, weight=0.20)
    .never_merge(OTHER_NUMBER, OTHER_COUNTRY, OTHER_WORD)
    .build(threshold=0.87, proposal=0.70)
)
