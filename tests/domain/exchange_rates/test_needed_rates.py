"""Only the rates that facts need are requested."""

from datetime import date, timedelta
from itertools import pairwise

import hypothesis.strategies as st
from hypothesis import given

from domain.exchange_rates.conversion import RATE_MAX_AGE_DAYS
from domain.exchange_rates.needed_rates import REQUEST_MAX_DAYS, RateNeed, RatePeriod, plan_periods, split_period

DAY = date(2024, 3, 10)  # a Sunday
days = st.integers(0, 3_000).map(lambda number: date(2016, 1, 1) + timedelta(days=number))
needs = st.lists(st.builds(RateNeed, st.sampled_from(["USD", "GBP", "EUR", "gbp"]), days, st.booleans()), max_size=12)
newest = st.dictionaries(st.sampled_from(["USD", "GBP"]), days)


def test_a_fact_without_a_rate_needs_the_ten_days_before_it() -> None:
    assert plan_periods([RateNeed("USD", DAY, False)], {}, "EUR") == [
        RatePeriod(DAY - timedelta(days=10), DAY, ("USD",))
    ]


def test_a_fact_with_an_older_rate_needs_a_newer_one_only_where_none_is_known_from_its_day_on() -> None:
    friday, monday = DAY - timedelta(days=2), DAY + timedelta(days=1)
    assert plan_periods([RateNeed("USD", DAY, True)], {"USD": friday}, "EUR") != []
    assert plan_periods([RateNeed("USD", DAY, True)], {"USD": monday}, "EUR") == []


def test_another_base_currency_needs_its_own_rate_too() -> None:
    assert [stretch.currencies for stretch in plan_periods([RateNeed("GBP", DAY, False)], {}, "USD")] == [
        ("GBP", "USD")
    ]
    assert [stretch.currencies for stretch in plan_periods([RateNeed("EUR", DAY, False)], {}, "USD")] == [("USD",)]


def test_days_near_each_other_are_one_question_and_days_far_apart_are_two_the_newest_first() -> None:
    later = DAY + timedelta(days=25)
    far = DAY - timedelta(days=2_000)
    found = plan_periods(
        [RateNeed("USD", DAY, False), RateNeed("GBP", later, False), RateNeed("USD", far, False)], {}, "EUR"
    )
    assert found == [
        RatePeriod(DAY - timedelta(days=10), later, ("GBP", "USD")),
        RatePeriod(far - timedelta(days=10), far, ("USD",)),
    ]


def test_what_is_no_currency_is_not_asked_for_and_nothing_is_needed_of_the_pivot_itself() -> None:
    assert plan_periods([RateNeed("gbp", DAY, False), RateNeed("£", DAY, False)], {}, "EUR") == []
    assert plan_periods([RateNeed("EUR", DAY, False)], {}, "EUR") == []
    assert split_period(DAY, DAY, ["EUR"]) == []
    assert plan_periods([RateNeed("USD", date(1, 1, 3), False)], {}, "EUR") == [
        RatePeriod(date.min, date(1, 1, 3), ("USD",))
    ]


def test_a_long_time_is_asked_for_in_parts_without_gap_or_overlap() -> None:
    parts = split_period(date(2020, 1, 1), date(2024, 1, 1), ["USD"])
    assert [one.first for one in parts[1:]] == [one.last + timedelta(days=1) for one in parts[:-1]]
    assert (parts[0].first, parts[-1].last) == (date(2020, 1, 1), date(2024, 1, 1))
    assert all((one.last - one.first).days < REQUEST_MAX_DAYS for one in parts)


@given(needs, newest, st.sampled_from(["EUR", "USD"]))
def test_every_need_is_asked_for_and_questions_do_not_overlap(
    wanted: list[RateNeed], known: dict[str, date], base: str
) -> None:
    found = plan_periods(wanted, known, base)
    assert found == sorted(found, reverse=True)
    for later, earlier in pairwise(found):
        assert earlier.last < later.first
    for need in wanted:
        legs = {need.currency, base} - {"EUR"}
        if not need.converted and need.currency != "gbp":
            for leg in legs:
                asked = [one for one in found if leg in one.currencies]
                days_asked = {
                    one.first + timedelta(days=n) for one in asked for n in range((one.last - one.first).days + 1)
                }
                assert {need.day - timedelta(days=n) for n in range(RATE_MAX_AGE_DAYS + 1)} <= days_asked
