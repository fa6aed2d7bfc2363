"""Shared by the tests of indicators: small processes in the terms of OCDS, and the results of an indicator on them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from domain.red_flags.inputs import AWARDS, BIDS, CONTEXT, ITEMS, PROCESSES, Inputs, clean_inputs
from domain.red_flags.registry import INDICATORS
from domain.red_flags.results import RESULTS
from domain.red_flags.settings import RedFlagSettings

Bid = dict[str, Any]
Award = dict[str, Any]
Case = dict[str, Any]
BY_CODE = {one.code: one for one in INDICATORS}
WON = "active"


def bid(
    *tenderers: str | None,
    amount: float | None = None,
    status: str | None = "valid",
    currency: str | None = "GBP",
    **more: Any,
) -> Bid:
    """A bid of these tenderers; none: the bid names no tenderer."""
    return {"tenderers": tenderers or (None,), "amount": amount, "status": status, "currency": currency, **more}


def award(*suppliers: str | None, status: str | None = WON, codes: Sequence[str | None] = ()) -> Award:
    """An award to these suppliers, with an item of each classification code."""
    return {"suppliers": suppliers or (None,), "status": status, "codes": codes}


def process(
    name: str = "1",
    *,
    bids: Sequence[Bid] = (),
    awards: Sequence[Award] = (),
    source: str = "ocds-aaaaaa",
    **fields: Any,
) -> Case:
    """A process whose ocid ends in `name`; `fields` are columns of PROCESSES."""
    return {"ocid": f"{source}-{name}", "source": source, "bids": bids, "awards": awards, **fields}


def instant(text: str) -> datetime:
    """The instant of an ISO 8601 text."""
    return datetime.fromisoformat(text).astimezone(UTC)


def inputs_of(cases: Sequence[Case]) -> Inputs:
    """The cases as frames. Keys are the ocid's place in the alphabet, and numbers derived from it."""
    keys = {ocid: 1_000 * (at + 1) for at, ocid in enumerate(sorted({case["ocid"] for case in cases}))}
    frames: dict[str, list[dict[str, Any]]] = {"processes": [], "bids": [], "awards": [], "items": []}
    for case in cases:
        key = keys[case["ocid"]]
        frames["processes"].append({"process_key": key, **{name: case.get(name) for name in PROCESSES if name in case}})
        for position, one in enumerate(case["bids"]):
            for at, tenderer in enumerate(one["tenderers"]):
                named = {"tenderer_id": tenderer, "bid_key": key + 10 * position + at, "position": position}
                frames["bids"].append({name: one.get(name) for name in BIDS} | {"process_key": key} | named)
        for position, one in enumerate(case["awards"]):
            about = {"process_key": key, "position": position}
            for at, supplier in enumerate(one["suppliers"]):
                row = {"award_key": key + 10 * position + at, "status": one["status"], "supplier_id": supplier}
                frames["awards"].append(about | row)
            frames["items"] += [
                about | {"item_key": key + 100 * position + at, "code": code} for at, code in enumerate(one["codes"])
            ]
    schemas = {"processes": PROCESSES | CONTEXT, "bids": BIDS, "awards": AWARDS, "items": ITEMS}
    made = {name: pl.from_dicts(rows, schema=schemas[name]) if rows else None for name, rows in frames.items()}
    return clean_inputs(
        *[frame if frame is not None else pl.DataFrame(schema=schemas[name]) for name, frame in made.items()]
    )


def evaluate(code: str, inputs: Inputs, settings: RedFlagSettings | None = None) -> pl.DataFrame:
    """All results (RESULTS) of the indicator."""
    indicator, chosen = BY_CODE[code], settings or RedFlagSettings()
    parts = [indicator.of_process(inputs, chosen)] if indicator.of_process else []
    parts += [indicator.over_all(inputs, chosen).results] if indicator.over_all else []
    return pl.concat([pl.DataFrame(schema=RESULTS), *parts])


def outcomes(code: str, cases: Sequence[Case], **thresholds: Any) -> dict[str, tuple[str, float | str | None]]:
    """By the ending of the ocid: the result of each process, with its value or what is missing."""
    inputs = inputs_of(cases)
    rows = evaluate(code, inputs, RedFlagSettings.model_validate(thresholds)).filter(
        pl.col("organization_id").is_null()
    )
    joined = rows.join(inputs.processes.select("process_key", "ocid"), on="process_key")
    return {row["ocid"].split("-")[-1]: _outcome(row) for row in joined.iter_rows(named=True)}


def outcome(code: str, case: Case, **thresholds: Any) -> tuple[str, float | str | None]:
    """The result of one process."""
    (found,) = outcomes(code, [case], **thresholds).values()
    return found


def organizations(
    code: str, cases: Sequence[Case], role: str = "tenderer", **thresholds: Any
) -> dict[str, tuple[str, float | str | None]]:
    """The results of organisations in a role."""
    rows = evaluate(code, inputs_of(cases), RedFlagSettings.model_validate(thresholds))
    found = rows.drop_nulls("organization_id").filter(pl.col("role") == role)
    return {row["organization_id"]: _outcome(row) for row in found.iter_rows(named=True)}


def _outcome(row: dict[str, Any]) -> tuple[str, float | str | None]:
    return row["result"], row["value"] if row["missing"] is None else row["missing"]
