"""Dates as publishers write them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.instants import instant, rfc3339

MAY = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T00:00:00Z", MAY),
        ("2024-05-01t00:00:00z".upper(), MAY),
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
        ("01/05/2024", MAY),
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
    "text", ["", "soon", "2024-13-01", "2024-02-30T00:00:00Z", "32/01/2024", "0001-01-01T00:00:00+02:00", "2024-05-01T25:00:00Z", "10000-01-01"]
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


@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    found = instant(text)
    assert found is None or found[0].tzinfo is UTC
