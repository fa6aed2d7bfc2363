"""Splits a star by processes."""

from collections.abc import Mapping, Sequence

import polars as pl

from domain.star.model import DIMENSIONS, REFERENCES, Star


def slice_star(star: Star, process_keys: Sequence[int]) -> Star:
    """Return the part of a star that belongs to these processes, `uses` of the dimension rows included."""
    chosen = pl.col("process_key").is_in(pl.Series(process_keys, dtype=pl.Int64).implode())
    facts = {name: frame.lazy().filter(chosen) for name, frame in star.facts.items()}
    bridge = star.bridge.lazy().filter(chosen)
    organizations = star.organizations.lazy().join(bridge, on="organization_key", how="semi", maintain_order="left")
    used = {name: _used(name, frame.lazy(), facts) for name, frame in star.dimensions.items()}
    # One query, as each costs a fixed time.
    made = iter(pl.collect_all([*facts.values(), *used.values(), organizations, bridge]))
    return Star(dict(zip(facts, made, strict=False)), dict(zip(used, made, strict=False)), next(made), next(made))


def _used(dimension: str, rows: pl.LazyFrame, facts: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    key, _ = DIMENSIONS[dimension]
    pointing = [
        facts[fact].select(pl.col(column).alias(key))
        for fact, columns in REFERENCES.items()
        for column, target in columns.items()
        if target == dimension
    ]
    counted = pl.concat(pointing).group_by(key).agg(pl.len().alias("uses"))
    return rows.drop("uses").join(counted, on=key, how="inner", maintain_order="left")
