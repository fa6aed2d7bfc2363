"""The order of the input and its split into batches change no result."""

import random
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from domain.red_flags.inputs import Inputs
from domain.red_flags.registry import INDICATORS
from domain.red_flags.results import RESULTS
from domain.red_flags.settings import RedFlagSettings
from tests.domain.red_flags.cases import award, bid, evaluate, inputs_of, instant, process

names = st.sampled_from(["A", "B", "C", None])
dates = st.sampled_from(["2024-03-01T00:00:00+00:00", "2024-03-05T23:00:00-02:00", "2024-03-06T00:30:00+02:00"]).map(
    instant
)
bids = st.builds(
    lambda tenderers, amount, status, currency, date: bid(
        *tenderers, amount=amount, status=status, currency=currency, date=date
    ),
    st.lists(names, max_size=2, unique=True),
    st.sampled_from([None, 0, 90, 100, 100.0, 110, 150]),
    st.sampled_from(["valid", "valid", "disqualified", "pending", "withdrawn", None]),
    st.sampled_from(["GBP", "GBP", "EUR", None]),
    st.none() | dates,
)
awards = st.builds(
    lambda suppliers, status, codes: award(*suppliers, status=status, codes=codes),
    st.lists(names, max_size=2, unique=True),
    st.sampled_from(["active", "active", "cancelled", "pending", None]),
    st.lists(st.sampled_from(["45000000", "45100000", "33000000", None]), max_size=2),
)
cases = st.fixed_dictionaries(
    {
        "bids": st.lists(bids, max_size=4),
        "awards": st.lists(awards, max_size=2),
        "status": st.sampled_from(["active", "complete", "cancelled", None]),
        "method": st.sampled_from(["open", "selective", "direct", None]),
        "number_of_tenderers": st.sampled_from([None, 0, 1, 2]),
        "tender_start": st.none() | dates,
        "tender_end": st.none() | dates,
        "buyer_id": names,
        "procuring_entity_id": names,
    }
)
SETTINGS = RedFlagSettings.model_validate(
    {"R048": {"minimum_contracting_processes": 1}, "R038": {"minimum_submitted_bids": 1}}
)


def results(inputs: Inputs) -> pl.DataFrame:
    found = pl.concat([evaluate(one.code, inputs, SETTINGS) for one in INDICATORS])
    return found.sort(pl.all(), nulls_last=True)


@settings(max_examples=6)
@given(st.lists(cases, min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(given_cases: list[dict[str, Any]], dice: random.Random) -> None:
    inputs = inputs_of([process(str(at), **case) for at, case in enumerate(given_cases)])
    shuffled = Inputs(
        *(
            frame.sample(fraction=1.0, shuffle=True, seed=dice.randrange(1 << 30))
            for frame in (inputs.processes, inputs.bids, inputs.awards, inputs.items)
        )
    )
    assert results(shuffled).equals(results(inputs))


@pytest.mark.slow
@settings(max_examples=12)
@given(st.lists(cases, min_size=2, max_size=6), st.integers(1, 5))
def test_the_flags_of_processes_are_the_same_in_any_batches(given_cases: list[dict[str, Any]], first: int) -> None:
    whole = inputs_of([process(str(at), **case) for at, case in enumerate(given_cases)])
    keys = whole.processes["process_key"].sort()
    parts = [_of(whole, keys.head(first)), _of(whole, keys.slice(first))]

    def own(inputs: Inputs) -> pl.DataFrame:
        return pl.concat([one.of_process(inputs, SETTINGS) for one in INDICATORS if one.of_process])

    together = own(whole).sort(pl.all(), nulls_last=True)
    assert pl.concat([own(part) for part in parts]).sort(pl.all(), nulls_last=True).equals(together)


@settings(max_examples=6)
@given(st.lists(cases, min_size=1, max_size=6))
def test_every_subject_has_one_result_of_each_indicator(given_cases: list[dict[str, Any]]) -> None:
    inputs = inputs_of([process(str(at), **case) for at, case in enumerate(given_cases)])
    found = results(inputs)
    assert list(found.columns) == list(RESULTS)
    assert not found.select("indicator", "process_key", "organization_id", "role").is_duplicated().any()
    of_processes = found.filter(pl.col("organization_id").is_null()).group_by("indicator").len()
    counted = [one.code for one in INDICATORS if "process" in one.subjects]
    assert dict(of_processes.iter_rows()) == dict.fromkeys(counted, len(given_cases))
    lacking = pl.col("result") == "not_computable"
    assert found.filter(lacking != pl.col("missing").is_not_null()).is_empty()
    assert found.filter((pl.col("result") == "flagged") != pl.col("evidence").is_not_null()).is_empty()


def _of(inputs: Inputs, keys: pl.Series) -> Inputs:
    frames = (inputs.processes, inputs.bids, inputs.awards, inputs.items)
    return Inputs(*(frame.filter(pl.col("process_key").is_in(keys.implode())) for frame in frames))
