"""Profiles in a terminal: the day's own length, local times, the levels at the side."""

from datetime import date, timedelta

import pytest

from gateway.terminal_plot import day_plot
from market.settlement_period import PERIOD, day_start, periods_in_day


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 11, 2), date(2026, 10, 25)])
def test_a_day_is_drawn_over_its_own_length(day: date) -> None:
    begin, periods = day_start(day), periods_in_day(day)
    middle = begin + PERIOD * (periods // 2)
    end = begin + PERIOD * periods
    drawn = day_plot(day, {"PN": [(begin, 0), (middle, 50), (end, 0)], "MEL": [(begin, 60), (end, 60)]})
    lines = drawn.splitlines()
    assert max(map(len, lines)) <= 80
    assert [label for label in ("00:00", "04:00", "08:00", "12:00", "16:00", "20:00") if label not in lines[-1]] == []
    assert lines[1].startswith("60")
    assert "PN MW" in drawn
    assert "MEL MW" in drawn
    assert "\x1b" not in drawn


def test_two_days_after_each_other_do_not_mix() -> None:
    day = date(2026, 11, 2)
    first = {"PN": [(day_start(day), 5.0), (day_start(day) + timedelta(hours=24), 5.0)]}
    alone = day_plot(day, first)
    day_plot(day, {"MIL": [(day_start(day), -9.0), (day_start(day) + timedelta(hours=24), -9.0)]})
    assert day_plot(day, first) == alone
