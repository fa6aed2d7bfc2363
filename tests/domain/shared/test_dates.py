"""Dates as publishers write them."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.dates import DateOrder, instant, possible_days, proven_order, rfc3339

MAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T00:00:00Z", MAY),
        ("2024-05-01t00:00:00z", MAY),
        ("2024-05-01T23:59:60Z", MAY + timedelta(hours=24, seconds=-1)),
        ("2024-05-01T21:59:60.5-02:00", MAY + timedelta(hours=24, seconds=-0.5)),
        ("2024-05-01T02:00:00+02:00", MAY),
        ("2024-04-30T19:00:00-0500", MAY),
        ("2024-05-01 00:00Z", MAY),
        ("2024-05-01T00:00:00.5Z", MAY + timedelta(seconds=0.5)),
        ("2024-05-01T00:00:00,25Z", MAY + timedelta(seconds=0.25)),
    ],
)
def test_proper_instants_are_read_without_a_word(text: str, expected: datetime) -> None:
    assert instant(text) == (expected, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", MAY),
        ("2024-05-01T10:30:00", MAY + timedelta(hours=10.5)),
        ("20240501", MAY),
        ("31/05/2024", MAY + timedelta(days=30)),
        ("5/31/2024", MAY + timedelta(days=30)),
        ("05.05.2024", MAY + timedelta(days=4)),
        ("1 May 2024", MAY),
        ("2024-05", MAY),
        ("  2024-05-01T00:00:00  ", MAY),
    ],
)
def test_what_is_assumed_of_other_dates_is_said(text: str, expected: datetime) -> None:
    found = instant(text)
    assert found is not None
    assert found[0] == expected
    assert found[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2024-13-01",
        "2024-02-30T00:00:00Z",
        "32/01/2024",
        "0001-01-01T00:00:00+02:00",
        "2024-05-01T25:00:00Z",
        "2024-05-01T10:00:60Z",
        "10000-01-01",
        "31/02/2024",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert instant(text) is None


@given(
    st.datetimes(
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
        min_value=datetime(2, 1, 1),
        max_value=datetime(9998, 1, 1),
    )
)
def test_offsets_do_not_change_the_instant(moment: datetime) -> None:
    found = instant(moment.isoformat())
    assert found == (moment, "")
    assert instant(rfc3339(found[0])) == found


@pytest.mark.parametrize("text", ["01/05/2024", "1-5-2024", "01.05.2024 10:30", " 05/01/2024 "])
def test_a_date_with_two_readings_is_none_until_an_order_is_given(text: str) -> None:
    assert instant(text) is None
    days = possible_days(text)
    assert days is not None
    assert set(days) == {date(2024, 5, 1), date(2024, 1, 5)}
    found = [instant(text, order) for order in (DateOrder.DAY_FIRST, DateOrder.MONTH_FIRST)]
    assert [one and one[0].date() for one in found] == list(days)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("25/12/2023", DateOrder.DAY_FIRST),
        ("12/25/2023", DateOrder.MONTH_FIRST),
        ("3/3/2024", None),
        ("3/4/2024", None),
    ],
)
def test_which_dates_prove_an_order(text: str, order: DateOrder | None) -> None:
    assert proven_order(text) is order


def test_what_is_said_of_a_date_is_so() -> None:
    said = {
        text: found[1]
        for text in ("2019-03-20T10:00:00 -03:00", "2019-03", "2019-W12-3", "1 May 2024")
        if (found := instant(text))
    }
    assert said == {
        "2019-03-20T10:00:00 -03:00": "a space before the time zone",
        "2019-03": "a month, read as its first day; no zone given, read as UTC",
        "2019-W12-3": "no zone given, read as UTC",
        "1 May 2024": "not an ISO 8601 date; no zone given, read as UTC",
    }


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    found = instant(text)
    assert found is None or found[0].tzinfo is UTC
