"""Thresholds of the red flags for all publishers and by source (ocid prefix), named as in the settings of Cardinal."""

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

COMPETITIVE_METHODS = ("open", "selective")
NO_PRICE_COMPARISON = "no_price_comparison_procurement_methods"
COMPARES_PRICES = ("R024", "R028", "R036", "R058")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ShortPeriod(_Section):
    """R003. Days by `tender.procurementMethod` and by `tender.procurementMethodDetails` take precedence."""

    threshold: int = Field(15, ge=0, description="fewest whole days that are not too short")
    procurement_methods: tuple[str, ...] = Field(("open",), description="methods examined; an empty list: all")
    method_thresholds: dict[str, int] = Field({}, description="days by method; these methods are examined too")
    procurement_method_details: dict[str, int] = Field({}, description="days by procurementMethodDetails")


class SingleBid(_Section):
    """R018."""

    procurement_methods: tuple[str, ...] = Field(COMPETITIVE_METHODS, description="competitive methods")


class Fence(_Section):
    """R024, R058."""

    threshold: float | None = Field(None, description="fixed fence; null: computed from the quartiles of all data")


class Losing(_Section):
    """R025."""

    percentile: float = Field(75, gt=0, lt=100, description="of numbers of valid bids: from here on a top tenderer")
    threshold: float | None = Field(None, description="fixed lower fence of the win ratio; null: from the quartiles")


class OthersDisqualified(_Section):
    """R035."""

    threshold: int = Field(1, ge=1, description="fewest tenderers with disqualified bids")


class ManyDisqualified(_Section):
    """R038."""

    threshold: float | None = Field(None, description="fixed upper fence; null: from the quartiles")
    minimum_submitted_bids: int = Field(2, ge=1, description="fewest submitted bids of an organisation")


class UnlikeThings(_Section):
    """R048."""

    threshold: int | None = Field(None, description="fixed upper fence; null: from the quartiles")
    digits: int = Field(2, ge=1, le=8, description="leading digits of a classification code that are compared")
    minimum_contracting_processes: int = Field(20, ge=1, description="fewest processes of a supplier")


class Thresholds(_Section):
    """The thresholds of all indicators."""

    no_price_comparison_procurement_methods: tuple[str, ...] = Field(
        (), description="procurementMethodDetails whose bid prices are not compared (R024, R028, R036, R058)"
    )
    R003: ShortPeriod = ShortPeriod()
    R018: SingleBid = SingleBid()
    R024: Fence = Fence()
    R025: Losing = Losing()
    R035: OthersDisqualified = OthersDisqualified()
    R038: ManyDisqualified = ManyDisqualified()
    R048: UnlikeThings = UnlikeThings()
    R058: Fence = Fence()


class RedFlagSettings(Thresholds):
    """Thresholds for all publishers, and what differs by source: `sources[prefix]` has the same names."""

    sources: dict[str, Thresholds] = {}

    @model_validator(mode="before")
    @classmethod
    def _complete_sources(cls, given: Any) -> Any:
        """Fill the thresholds of each source up with those for all."""
        sources = given.get("sources") if isinstance(given, dict) else None
        if not isinstance(sources, dict):
            return given
        shared = {name: value for name, value in given.items() if name != "sources"}
        return given | {"sources": {prefix: _merged(shared, own) for prefix, own in sources.items()}}

    def of(self, source: str | None) -> Thresholds:
        """The thresholds for a source, or for all."""
        return self.sources.get(source or "", self)

    def by_source(self, expression: Callable[[Thresholds], pl.Expr]) -> pl.Expr:
        """The expression of the thresholds that apply to the row's column `source`."""
        chosen = expression(self)
        for prefix, thresholds in self.sources.items():
            chosen = pl.when(pl.col("source") == prefix).then(expression(thresholds)).otherwise(chosen)
        return chosen

    def of_indicator(self, code: str) -> dict[str, Any]:
        """The thresholds of one indicator, by name, with those of sources that differ; for display."""
        shared = _section(self, code)
        sections = {name: _section(one, code) for name, one in self.sources.items()}
        differing = {name: section for name, section in sections.items() if section != shared}
        return shared | ({"sources": differing} if differing else {})


def _section(thresholds: Thresholds, code: str) -> dict[str, Any]:
    section = getattr(thresholds, code, None)
    own = section.model_dump(mode="json") if isinstance(section, BaseModel) else {}
    if code in COMPARES_PRICES:
        own[NO_PRICE_COMPARISON] = list(thresholds.no_price_comparison_procurement_methods)
    return own


def _merged(shared: Mapping[str, Any], own: Any) -> Any:
    if not isinstance(own, Mapping):
        return own
    merged = dict(shared)
    for name, value in own.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(name), Mapping)
        merged[name] = {**merged[name], **value} if both else value
    return merged
