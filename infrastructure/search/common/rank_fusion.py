"""Reciprocal rank fusion: the share of one ranking in a fused score."""

STEADY = 5.0  # smoothing constant: the larger, the less the first ranks matter
FIRST = 1.0  # above any fused score: documents with an identifier as typed


def share(rank: int | None, weight: float) -> float:
    """The score of a rank (from 1) in a ranking of this weight; 0 without a rank."""
    return weight / (STEADY + rank) if rank is not None else 0.0
