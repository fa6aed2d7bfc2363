"""Reciprocal ranks: what one ranking adds to a fused score."""

STEADY = 5.0  # the larger, the less the first ranks stand out
FIRST = 1.0  # above any fused score: documents with an identifier as typed


def share(rank: int | None, weight: float) -> float:
    """What a rank (from 1) in a ranking of this weight adds; nothing without a rank."""
    return weight / (STEADY + rank) if rank is not None else 0.0
