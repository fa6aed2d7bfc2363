import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.lake.flattening.instants import instants
from domain.lake.flattening.processes import CARRIED, DECODE_RELEASES, SCHEMA, decode, flatten
from domain.lake.silver import TABLES, silver_schema
from domain.shared.dates import instant

GOLDEN = Path(__file__).parents[3] / "golden" / "flatten"
AT = datetime(2024, 1, 1, tzinfo=UTC)
Row = dict[str, Any]


def processes(*releases: Row) -> pl.DataFrame:
    """The releases as compiled processes of one silver batch."""
    carried = {
        "silver_batch": 7,
        "releases": 1,
        "first_published": AT,
        "last_published": AT,
        "last_seq": 3,
        "tags": "tender",
        "publisher": "P",
        "publisher_license": None,
    }
    rows = [carried | {"ocid": release["ocid"], "compiled": orjson.dumps(release).decode()} for release in releases]
    return pl.DataFrame(rows, schema={name: TABLES["process"][name] for name in CARRIED})


def tables(**release: Any) -> dict[str, list[Row]]:
    frames = flatten(processes({"ocid": "ocds-213czf-1", **release}))
    return {name: frame.to_dicts() for name, frame in frames.items()}


def told(frames: dict[str, pl.DataFrame]) -> dict[str, list[Row]]:
    """The rows as in a golden file: without null, empty and carried columns."""
    left_out = {"silver_batch", *CARRIED} - {"ocid"}
    return {
        name: [
            {key: _plain(value) for key, value in row.items() if value not in (None, []) and key not in left_out}
            for row in frame.to_dicts()
        ]
        for name, frame in frames.items()
        if frame.height
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@pytest.mark.parametrize(
    "path",
    sorted(path for path in GOLDEN.glob("*.json") if not path.stem.endswith("-rows")),
    ids=lambda path: path.stem,
)
def test_the_golden_compiled_releases_flatten_as_recorded(path: Path) -> None:
    frames = flatten(processes(json.loads(path.read_text("utf-8"))))
    assert told(frames) == json.loads(path.with_name(f"{path.stem}-rows.json").read_text("utf-8"))


def values(dtype: Any) -> st.SearchStrategy[Any]:
    """JSON values of a column type; null anywhere but in arrays, as validation leaves them."""
    if isinstance(dtype, pl.Struct):
        return st.fixed_dictionaries(
            {}, optional={field.name: st.none() | values(field.dtype) for field in dtype.fields}
        )
    if isinstance(dtype, pl.List):
        return st.lists(values(dtype.inner), max_size=3)
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=4) | st.sampled_from(
        ["1", "2", "buyer", "Acme", "2024-01-01"]
    )
    return (
        text
        if dtype == pl.String
        else st.integers(0, 2**31)
        if dtype == pl.Int64
        else st.floats(-1e300, 1e300) | st.integers(-(2**63), 2**64 - 1)
    )


bodies = st.fixed_dictionaries(
    {}, optional={name: st.none() | values(dtype) for name, dtype in SCHEMA.items() if name != "ocid"}
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(bodies, min_size=1, max_size=3))
def test_whatever_the_judge_accepts_flattens_into_rows_that_pass_the_checks(made: list[Row]) -> None:
    frames = flatten(processes(*[{"ocid": f"ocds-x-{number}", **one} for number, one in enumerate(made)]))
    assert set(frames) == set(TABLES)
    for name, frame in frames.items():
        silver_schema(name).validate(frame, lazy=True)
        assert frame["ocid"].is_sorted()
    awards, contracts = ([part for one in made for part in one.get(name) or []] for name in ("awards", "contracts"))
    parents = [one.get("tender") or {} for one in made] + awards + contracts
    counts = (frames["process"].height, frames["award"].height, frames["contract"].height, frames["item"].height)
    assert counts == (len(made), len(awards), len(contracts), sum(len(part.get("items") or []) for part in parents))
    assert frames["party"].height >= sum(len(one.get("parties") or []) for one in made)
    facts = frames["award_supplier"].select("ocid", "organization_id")
    assert facts.join(frames["party"], on=["ocid", "organization_id"], how="anti").is_empty()


def test_no_processes_make_empty_tables_of_the_right_shape() -> None:
    for name, frame in flatten(processes()).items():
        silver_schema(name).validate(frame)


def test_rows_come_in_order_of_ocid_and_position_whatever_the_order_of_the_processes() -> None:
    releases = [
        {"ocid": f"ocds-x-{number}", "awards": [{"id": "b"}, {"id": "a"}], "buyer": {"name": "B"}}
        for number in (2, 1, 3)
    ]
    one, other = flatten(processes(*releases)), flatten(processes(*reversed(releases)))
    assert all(one[name].equals(other[name]) for name in TABLES)
    assert one["award"].select("ocid", "position", "award_id").rows()[:2] == [
        ("ocds-x-1", 0, "b"),
        ("ocds-x-1", 1, "a"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01T10:00:00Z", "2024-03-01T10:00:00+00:00"),
        ("2024-03-01T10:00:00+05:30", "2024-03-01T04:30:00+00:00"),
        ("2024-03-01T10:00:00.1234567Z", "2024-03-01T10:00:00.123456+00:00"),
        ("2024-03-01T10:00:00", "2024-03-01T10:00:00+00:00"),
        ("2024-03-01T10:00", "2024-03-01T10:00:00+00:00"),
        ("2024-03-01", "2024-03-01T00:00:00+00:00"),
        ("not a date", None),
        ("0000-00-00T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("", None),
    ],
)
def test_dates_become_instants_or_null(text: str, expected: str | None) -> None:
    found = instants(pl.DataFrame({"date": [text, None]}), ["date"])["date"].to_list()
    assert found == [datetime.fromisoformat(expected) if expected else None, None]


WRITTEN = st.from_regex(
    r"\s?(\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-6]\d(:[0-6]\d([.,]\d{1,7})?)?(Z|z|[+-][0-2]\d:?[0-6]\d)?)?"
    r"|\d\d/\d\d/\d{4})\s?",
    fullmatch=True,
)


@given(st.lists(st.none() | WRITTEN, max_size=30))
def test_whole_columns_of_dates_are_read_as_one_date_is(texts: list[str | None]) -> None:
    frame = pl.DataFrame({"a": texts, "b": texts[::-1]}, schema={"a": pl.String, "b": pl.String})
    wanted = [found[0] if text is not None and (found := instant(text)) else None for text in texts]
    read = instants(frame, ["a", "b"])
    assert (read["a"].to_list(), read["b"].to_list()) == (wanted, wanted[::-1])


def test_many_processes_are_decoded_as_few_are() -> None:
    many = processes(
        *[
            {"ocid": f"ocds-x-{number}", "tender": {"title": str(number), "items": [{"id": "1"}] * (number % 3)}}
            for number in range(2 * DECODE_RELEASES + 7)
        ]
    )
    few = pl.concat([decode(many.slice(start, 100)) for start in range(0, many.height, 100)])
    assert decode(many).equals(few)
    assert [row["title"] for row in few["tender"]] == [str(number) for number in range(many.height)]


def test_numbers_of_any_size_are_read() -> None:
    values = [2**63, 2**64 - 1, -(2**63), 1e300, 0.1, -0.0, 10**15, 99999999999]
    made = tables(
        awards=[{"id": str(n), "value": {"amount": value}} for n, value in enumerate(values)],
        tender={"numberOfTenderers": 2**62},
    )
    assert [row["amount"] for row in made["award"]] == [float(value) for value in values]
    assert made["process"][0]["number_of_tenderers"] == 2**62


def test_a_line_that_is_lost_in_decoding_is_an_error() -> None:
    frame = processes({"ocid": "ocds-x-1"}).with_columns(compiled=pl.lit(""))
    with pytest.raises(Exception, match=r"\w"):
        decode(frame)


def test_an_organisation_that_is_named_by_reference_only_becomes_a_party_once() -> None:
    made = tables(
        buyer={"name": "Ministry of Works"},
        tender={
            "procuringEntity": {"id": "B", "name": "MINISTRY OF WORKS"},
            "tenderers": [{"id": "S"}, {"id": "S", "name": "Acme & Co"}],
        },
        awards=[{"id": "A", "suppliers": [{"name": "Acme and Co."}]}],
    )
    assert [(row["position"], row["party_id"], row["name"], row["roles"]) for row in made["party"]] == [
        (0, "B", "Ministry of Works", ["buyer", "procuringEntity"]),
        (1, "S", "Acme & Co", ["supplier", "tenderer"]),
    ]
    assert (
        made["award_supplier"][0]["organization_id"] == made["party"][1]["organization_id"] == "ocds-213czf:acme-and-co"
    )


def test_a_reference_means_the_listed_party_of_its_id_before_that_of_its_name() -> None:
    made = tables(
        parties=[{"id": "1", "name": "Acme"}, {"id": "2", "name": "Bolt"}],
        awards=[{"id": "A", "suppliers": [{"id": "2", "name": "Acme"}, {"name": "ACME"}]}],
    )
    assert [row["organization_id"] for row in made["award_supplier"]] == ["ocds-213czf:bolt", "ocds-213czf:acme"]
    assert [row["party_id"] for row in made["award_supplier"]] == ["2", "1"]
    assert len(made["party"]) == 2


@pytest.mark.parametrize("who", [{"name": "---"}, {"id": "x", "name": "?"}, {"id": " ", "name": "."}])
def test_a_supplier_whose_name_holds_no_word_is_still_a_party(who: Row) -> None:
    made = tables(awards=[{"id": "A", "suppliers": [who]}])
    assert made["award_supplier"][0]["organization_id"] == made["party"][0]["organization_id"]


@pytest.mark.parametrize("who", [{"id": "", "name": " "}, {}, {"id": None}])
def test_a_blank_reference_names_nobody(who: Row) -> None:
    made = tables(buyer=who, awards=[{"id": "A", "suppliers": [who]}])
    assert (made["party"], made["award_supplier"]) == ([], [])
    assert made["award"][0]["suppliers"] == 0
    assert made["process"][0]["buyer_organization_id"] is None


def test_one_supplier_named_twice_in_an_award_counts_once() -> None:
    made = tables(
        parties=[{"id": "1", "name": "Acme"}],
        awards=[{"id": "A", "suppliers": [{"id": "1"}, {"name": "acme"}, {"name": "Bolt"}]}],
    )
    assert [row["name"] for row in made["award_supplier"]] == ["Acme", "Bolt"]
    assert made["award"][0]["suppliers"] == 2


def test_the_place_of_a_process_is_never_put_together_from_two_addresses() -> None:
    buyer = {
        "id": "B",
        "roles": ["buyer"],
        "address": {"countryName": "United Kingdom", "region": "London", "locality": "Westminster"},
    }
    item = {
        "id": "1",
        "deliveryAddresses": [{"postalCode": "X"}, {"region": "UKM"}, {"countryName": "France", "locality": "Lyon"}],
    }
    place = {
        name: tables(parties=[buyer], tender={"items": [item]})["process"][0][name]
        for name in ("country", "region", "locality")
    }
    assert place == {"country": "United Kingdom", "region": "UKM", "locality": None}
    assert tables(parties=[buyer], tender={"items": [{"id": "1"}]})["process"][0]["locality"] == "Westminster"


def test_an_award_id_that_no_award_has_is_noted() -> None:
    made = tables(
        awards=[{"id": "A"}], contracts=[{"id": "1", "awardID": "A"}, {"id": "2", "awardID": "B"}, {"id": "3"}]
    )
    assert [(row["code"], row["path"], row["record_id"]) for row in made["note"]] == [
        ("award_not_found", "/contracts/1/awardID", None)
    ]


def test_fields_that_the_models_do_not_know_are_kept_in_the_compiled_release() -> None:
    made = tables(bids={"details": [{"id": "1"}]})
    assert json.loads(made["process"][0]["compiled"])["bids"] == {"details": [{"id": "1"}]}
