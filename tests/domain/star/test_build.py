"""Silver to star to search documents: golden files, and invariants of keys and shares."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.exchange_rates.conversion import build_quotes
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.flattening.processes import CARRIED, flatten
from domain.lake.silver import TABLES
from domain.red_flags.settings import RedFlagSettings
from domain.red_flags.star import with_red_flags
from domain.shared.surrogate_keys import surrogate_key, with_key
from domain.star.build import build_star
from domain.star.calendar import calendar
from domain.star.dimension_uses import count_uses
from domain.star.model import DIMENSIONS, FACTS, UNKNOWN_ORGANIZATION, Star

GOLDEN = Path(__file__).parents[2] / "golden" / "star"
CASES = sorted(path.stem for path in GOLDEN.glob("*.json") if not path.stem.endswith("-rows"))
Row = dict[str, Any]


def star(
    *releases: Row, publisher: str | None = "Northshire", at: datetime = datetime(2024, 5, 1, 12, tzinfo=UTC)
) -> Star:
    """The star of compiled releases."""
    told = {
        "silver_batch": 7,
        "releases": 1,
        "first_published": at,
        "last_published": at,
        "last_seq": 3,
        "tags": "tender",
        "publisher": publisher,
        "publisher_license": None,
    }
    rows = [told | {"ocid": one["ocid"], "compiled": orjson.dumps(one).decode()} for one in releases]
    silver = flatten(pl.DataFrame(rows, schema={name: TABLES["process"][name] for name in CARRIED}))
    return build_star({"note": pl.DataFrame(schema=TABLES["note"])} | silver, build_quotes("EUR"))


def told(made: Star) -> dict[str, list[Row]]:
    """The rows as in a golden file: business keys instead of surrogate keys, without nulls."""
    names = {row["organization_key"]: row["organization_id"] for row in made.organizations.to_dicts()} | {
        UNKNOWN_ORGANIZATION: UNKNOWN
    }
    for name, (key, columns) in DIMENSIONS.items():
        names |= {
            row[key]: " | ".join("-" if row[column] is None else row[column] for column in columns)
            for row in made.dimensions[name].to_dicts()
        }
    names |= {row["process_key"]: row["ocid"] for row in made.facts["fact_process"].to_dicts()}
    frames = made.facts | {
        "dim_organization": made.organizations,
        "bridge": made.bridge,
        "dim_classification": made.dimensions["dim_classification"].join(
            count_uses(made.facts)["dim_classification"], left_on="classification_key", right_on="key", how="left"
        ),
    }
    return {table: [_told(row, names) for row in frame.to_dicts()] for table, frame in frames.items() if frame.height}


def _told(row: Row, names: dict[int, str]) -> Row:
    own = {f"{fact.removeprefix('fact_')}_key" for fact in FACTS if fact != "fact_process"} | {"silver_batch"}
    found = {}
    for name, value in row.items():
        if value is None or name in own:
            continue
        if name.endswith("_key") and not name.endswith("date_key") and name != "date_key":
            value = names[value]
        found[name] = value.isoformat() if isinstance(value, date) else value
    return found


@pytest.mark.parametrize("case", CASES)
def test_the_golden_processes_make_the_star_as_recorded(case: str) -> None:
    made = star(*json.loads((GOLDEN / f"{case}.json").read_text("utf-8")))
    assert told(made) == json.loads((GOLDEN / f"{case}-rows.json").read_text("utf-8"))


def award(suppliers: int, amount: float | None = 90.0) -> Row:
    named = [{"id": f"S{number}", "name": f"Supplier {number}"} for number in range(suppliers)]
    return {"id": "A1", "value": {"amount": amount, "currency": "GBP"}, "suppliers": named}


@pytest.mark.parametrize("suppliers", [0, 1, 3, 7])
def test_the_shares_of_an_award_add_up_to_its_value(suppliers: int) -> None:
    rows = star({"ocid": "ocds-213czf-1", "awards": [award(suppliers)]}).facts["fact_award"]
    assert rows.height == max(suppliers, 1)
    assert rows["amount"].sum() == pytest.approx(90.0)
    assert set(rows["award_amount"]) == {90.0}
    assert rows["award_key"].n_unique() == rows.height


def test_an_award_without_suppliers_has_one_row_of_the_unknown_supplier() -> None:
    rows = star({"ocid": "ocds-213czf-1", "awards": [award(0)]}).facts["fact_award"]
    assert rows["supplier_key"].to_list() == [UNKNOWN_ORGANIZATION]


def test_an_award_without_a_value_has_no_amount_rather_than_zero() -> None:
    rows = star({"ocid": "ocds-213czf-1", "awards": [award(2, None), {"id": "A2"}]}).facts["fact_award"]
    assert rows["amount"].to_list() == [None] * 3
    assert rows["award_amount"].to_list() == [None] * 3


def test_elements_with_one_id_or_with_none_get_keys_of_their_own() -> None:
    twice = [
        {"id": "1", "description": "a"},
        {"id": "1", "description": "b"},
        {"description": "c"},
        {"description": "d"},
    ]
    made = star({"ocid": "ocds-213czf-1", "tender": {"items": twice}, "awards": twice, "contracts": twice})
    for fact, key in (("fact_item", "item_key"), ("fact_award", "award_key"), ("fact_contract", "contract_key")):
        assert made.facts[fact][key].n_unique() == made.facts[fact].height == 4


def test_the_keys_of_a_process_do_not_depend_on_those_beside_it() -> None:
    one = {
        "ocid": "ocds-213czf-1",
        "awards": [award(2)],
        "tender": {"items": [{"id": "1"}]},
        "buyer": {"name": "Council"},
    }
    other = {"ocid": "ocds-213czf-2", "awards": [award(1)], "buyer": {"name": "Council"}}
    alone, together = (with_red_flags(made, RedFlagSettings()) for made in (star(one), star(other, one)))
    for fact in FACTS:
        assert alone.facts[fact].equals(together.facts[fact].filter(pl.col("ocid") == "ocds-213czf-1")), fact


def test_every_key_of_a_fact_stands_in_its_dimension() -> None:
    made = star(
        {"ocid": "ocds-213czf-1", "awards": [award(2)], "contracts": [{"id": "1"}], "tender": {"items": [{"id": "1"}]}},
        publisher=None,
    )
    for name, (key, _) in DIMENSIONS.items():
        known = set(made.dimensions[name][key])
        for fact in made.facts.values():
            used = {value for column in fact.columns if column.endswith(key) for value in fact[column]}
            assert used <= known, (name, key)


@given(st.lists(st.none() | st.text() | st.integers(-(2**40), 2**40), min_size=1, max_size=4))
def test_frames_and_single_values_make_the_same_keys(parts: list[str | int | None]) -> None:
    frame = pl.DataFrame(
        [{f"c{index}": None if part is None else str(part) for index, part in enumerate(parts)}],
        schema={f"c{i}": pl.String for i in range(len(parts))},
    )
    key = with_key(frame, "key", frame.columns)["key"][0]
    assert key == surrogate_key(*parts)
    assert 0 <= key < 2**63


def test_a_missing_part_of_a_key_is_not_an_empty_one_and_parts_do_not_run_together() -> None:
    keys = [
        surrogate_key(*parts)
        for parts in ((None,), ("",), ("a", "b"), ("ab", ""), ("", "ab"), ("a", None), (None, "a"))
    ]
    assert len(set(keys)) == len(keys)


def test_keys_are_the_same_for_ever() -> None:
    assert surrogate_key("ocds-213czf-1") == 1839987033980034848
    assert surrogate_key("unknown", *[None] * 11) == UNKNOWN_ORGANIZATION == 1017435154625463532


def test_the_calendar_has_every_day_once_with_weeks_of_iso_8601() -> None:
    days = calendar()
    assert (days["date"][0], days["date"][-1], days.height) == (date(1990, 1, 1), date(2069, 12, 31), 29_220)
    assert days["date_key"].is_unique().all()
    (row,) = days.filter(pl.col("date_key") == 20_241_230).to_dicts()
    assert (
        row["iso_year"],
        row["iso_week"],
        row["weekday"],
        row["weekday_name"],
        row["quarter"],
        row["is_weekend"],
    ) == (2025, 1, 1, "Monday", 4, False)


@pytest.mark.parametrize(
    ("start", "day", "year", "quarter"),
    [(1, 20_240_331, 2024, 1), (4, 20_240_331, 2023, 4), (4, 20_240_401, 2024, 1), (10, 20_240_930, 2023, 4)],
)
def test_a_fiscal_year_begins_where_the_setting_says(start: int, day: int, year: int, quarter: int) -> None:
    (row,) = calendar(start).filter(pl.col("date_key") == day).to_dicts()
    assert (row["fiscal_year"], row["fiscal_quarter"]) == (year, quarter)
