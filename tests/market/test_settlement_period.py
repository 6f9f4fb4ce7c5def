from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.settlement_period import (
    day_start,
    gate_closure,
    gate_closure_expr,
    period_of,
    period_start,
    period_start_expr,
    periods_in_day,
    periods_in_day_expr,
    settlement_day_expr,
    settlement_period_expr,
)

SHORT, LONG, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 9, 15)
DAYS = st.dates(date(2001, 3, 27), date(2099, 12, 30))
INSTANTS = st.integers(985_651_200, 4_102_272_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@pytest.mark.parametrize(("day", "count"), [(SHORT, 46), (LONG, 50), (PLAIN, 48), (date(2026, 12, 1), 48)])
def test_a_day_has_46_48_or_50_periods(day: date, count: int) -> None:
    assert periods_in_day(day) == count
    assert period_start(day, count) + timedelta(minutes=30) == day_start(day + timedelta(days=1))
    with pytest.raises(ValueError, match=f"period {count + 1} is not on {day}, which has periods 1 to {count}"):
        period_start(day, count + 1)
    with pytest.raises(ValueError, match="period 0 is not on"):
        period_start(day, 0)


@pytest.mark.parametrize(
    ("day", "period", "start"),
    [
        (PLAIN, 1, datetime(2026, 9, 14, 23, tzinfo=UTC)),
        (PLAIN, 48, datetime(2026, 9, 15, 22, 30, tzinfo=UTC)),
        (date(2026, 12, 1), 1, datetime(2026, 12, 1, tzinfo=UTC)),
        (SHORT, 2, datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        (SHORT, 3, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (SHORT, 46, datetime(2026, 3, 29, 22, 30, tzinfo=UTC)),
        (LONG, 1, datetime(2026, 10, 24, 23, 0, tzinfo=UTC)),
        (LONG, 5, datetime(2026, 10, 25, 1, 0, tzinfo=UTC)),
        (LONG, 50, datetime(2026, 10, 25, 23, 30, tzinfo=UTC)),
    ],
)
def test_a_period_begins_at_its_half_hour(day: date, period: int, start: datetime) -> None:
    assert period_start(day, period) == start
    assert period_of(start) == (day, period)
    assert period_of(start + timedelta(minutes=29, seconds=59)) == (day, period)
    assert period_of(start - timedelta(seconds=1)) != (day, period)
    assert gate_closure(day, period) == start - timedelta(hours=1)


def test_gate_closure_of_a_first_period_lies_on_the_day_before() -> None:
    assert gate_closure(LONG, 1) == datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
    assert gate_closure(date(2026, 12, 1), 1) == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


@given(st.lists(INSTANTS, min_size=1, max_size=20))
def test_expressions_place_instants_as_the_scalar_functions_do(instants: list[datetime]) -> None:
    frame = pl.DataFrame({"at": instants}, schema={"at": pl.Datetime("us", "UTC")})
    at = pl.col("at")
    got = frame.select(day=settlement_day_expr(at), period=settlement_period_expr(at)).rows()
    assert got == [period_of(instant) for instant in instants]


@given(st.lists(st.tuples(DAYS | st.sampled_from([SHORT, LONG, PLAIN]), st.integers(1, 50)), min_size=1, max_size=20))
def test_expressions_start_periods_as_the_scalar_functions_do(rows: list[tuple[date, int]]) -> None:
    frame = pl.DataFrame(rows, schema={"day": pl.Date, "period": pl.Int64}, orient="row")
    day, period = pl.col("day"), pl.col("period")
    got = frame.select(
        count=periods_in_day_expr(day), start=period_start_expr(day, period), gate=gate_closure_expr(day, period)
    )
    assert got["count"].to_list() == [periods_in_day(on) for on, _ in rows]
    exists = [number <= periods_in_day(on) for on, number in rows]
    pairs = list(zip(rows, exists, strict=True))
    assert got["start"].to_list() == [period_start(*row) if real else None for row, real in pairs]
    assert got["gate"].to_list() == [gate_closure(*row) if real else None for row, real in pairs]


def test_every_half_hour_of_the_days_of_clock_change_has_its_own_period() -> None:
    for day, count in ((SHORT, 46), (LONG, 50)):
        starts = [day_start(day) + timedelta(minutes=30 * n) for n in range(count)]
        assert [period_of(start) for start in starts] == [(day, n + 1) for n in range(count)]
