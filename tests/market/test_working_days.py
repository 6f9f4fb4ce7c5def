from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.working_days import (
    add_working_days,
    bank_holidays,
    is_working_day,
    working_days_before,
    working_days_frame,
)

DAYS = st.dates(date(2001, 3, 27), date(2099, 6, 30))


@pytest.mark.parametrize(
    "day",
    [
        date(2011, 4, 29),
        date(2012, 6, 5),
        date(2020, 5, 8),
        date(2022, 6, 2),
        date(2022, 6, 3),
        date(2022, 9, 19),
        date(2023, 5, 8),
        date(2026, 12, 25),
        date(2026, 12, 28),
        date(2027, 3, 26),
    ],
)
def test_bank_holidays_are_no_working_days(day: date) -> None:
    assert not is_working_day(day)


@pytest.mark.parametrize(
    "day", [date(2020, 5, 4), date(2022, 5, 30), date(2022, 6, 1), date(2022, 9, 20), date(2026, 8, 3)]
)
def test_days_that_are_holidays_in_other_years_or_in_scotland_are_working_days(day: date) -> None:
    assert is_working_day(day)


def test_weekends_are_no_working_days() -> None:
    assert not is_working_day(date(2026, 9, 12))
    assert not is_working_day(date(2026, 9, 13))
    assert is_working_day(date(2026, 9, 14))


def test_counting_steps_over_weekends_and_holidays_of_two_years() -> None:
    assert add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert add_working_days(date(2026, 12, 31), 1) == date(2027, 1, 4)
    assert working_days_before(date(2027, 1, 4), 1) == date(2026, 12, 31)
    assert working_days_before(date(2027, 1, 2), 1) == date(2026, 12, 31)
    assert working_days_before(date(2022, 6, 6), 1) == date(2022, 6, 1)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_below_one_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="no distance"):
        add_working_days(date(2026, 9, 14), count)
    with pytest.raises(ValueError, match="no distance"):
        working_days_before(date(2026, 9, 14), count)


@given(DAYS, st.integers(1, 60))
def test_counting_agrees_with_stepping_day_by_day(day: date, count: int) -> None:
    for step, counted in ((1, add_working_days(day, count)), (-1, working_days_before(day, count))):
        walked, left = day, count
        while left:
            walked += timedelta(days=step)
            left -= is_working_day(walked)
        assert counted == walked


@given(DAYS, st.integers(0, 400))
def test_the_frame_agrees_with_the_single_days(first: date, length: int) -> None:
    frame = working_days_frame(first, first + timedelta(days=length))
    days = [first + timedelta(days=n) for n in range(length + 1)]
    assert frame["day"].to_list() == days
    assert frame["working"].to_list() == [is_working_day(day) for day in days]
    assert frame.schema == {"day": pl.Date, "working": pl.Boolean, "number": pl.Int32}
    if is_working_day(first):
        ten = frame.filter(pl.col("working") & (pl.col("number") == frame["number"][0] + 10))
        assert ten["day"].to_list() == [day for day in [add_working_days(first, 10)] if day <= days[-1]]


def test_each_year_has_at_least_eight_bank_holidays() -> None:
    assert all(len(bank_holidays(year)) >= 8 for year in range(2001, 2101))
