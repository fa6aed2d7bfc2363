"""Quantiles by Hyndman and Fan's definition 8 (numpy's `median_unbiased`), and fences of outliers.

Ratios are rounded to RATIO_DECIMALS before they are compared, so that a ratio that is on a fence by decimal arithmetic
is on it in binary fractions too.
"""

import math

import polars as pl

from domain.red_flags.results import Quartiles

FENCE_IQRS = 1.5  # distance of a fence from its quartile
RATIO_DECIMALS = 12


def quantile(values: pl.Series, share: float) -> float | None:
    """The quantile of the values; None without any."""
    known = values.drop_nulls().cast(pl.Float64).sort()
    if not known.len():
        return None
    position = (known.len() + 1 / 3) * share + 1 / 3  # 1-based, between two values
    lower = math.floor(position)
    first, second = (known[min(max(at, 1), known.len()) - 1] for at in (lower, lower + 1))
    return float(first + (position - lower) * (second - first))


def lower_fence(values: pl.Series) -> Quartiles:
    """Q1 - 1.5·IQR."""
    return _fence(values, lower=True)


def upper_fence(values: pl.Series, role: str | None = None) -> Quartiles:
    """Q3 + 1.5·IQR."""
    return _fence(values, lower=False, role=role)


def ratio(dividend: pl.Expr, divisor: pl.Expr) -> pl.Expr:
    """The rounded quotient."""
    return (dividend / divisor).round(RATIO_DECIMALS)


def _fence(values: pl.Series, *, lower: bool, role: str | None = None) -> Quartiles:
    first, third = quantile(values, 0.25), quantile(values, 0.75)
    fence = None
    if first is not None and third is not None:
        distance = FENCE_IQRS * (third - first)
        fence = round(first - distance if lower else third + distance, RATIO_DECIMALS)
    return Quartiles(values.len(), first, third, fence, role)
