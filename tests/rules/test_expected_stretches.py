"""Stretches of days against a calendar read day by day."""

from datetime import date, timedelta
from itertools import pairwise

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from market.frames import OPEN_END
from rules.expected.stretches import STRETCH, dated, days_with, first_day_outside, stretches

FIRST = date(2026, 3, 25)
DAYS = [FIRST + timedelta(days=n) for n in range(10)]

Rows = list[tuple[str, date, date]]
ranges = st.tuples(st.sampled_from(["A", "B"]), st.sampled_from(DAYS), st.integers(0, 4)).map(
    lambda drawn: (drawn[0], drawn[1], drawn[1] + timedelta(days=drawn[2]))
)


def frame(rows: Rows) -> pl.DataFrame:
    return pl.DataFrame(rows, STRETCH, orient="row")


def held(rows: Rows, unit: str) -> set[date]:
    return {day for day in DAYS for name, first, last in rows if name == unit and first <= day <= last}


@given(st.lists(ranges))
def test_stretches_hold_the_same_days_and_leave_a_day_between(rows: Rows) -> None:
    merged = stretches(frame(rows)).rows()
    for unit in "AB":
        assert held(merged, unit) == held(rows, unit)
        own = [(first, last) for name, first, last in merged if name == unit]
        assert all(after - before > timedelta(days=1) for (_, before), (after, _) in pairwise(own))


def test_an_open_stretch_is_followed_by_that_of_another_bm_unit() -> None:
    rows = [("A", FIRST, OPEN_END), ("A", DAYS[3], DAYS[4]), ("B", date.min, FIRST), ("B", DAYS[2], OPEN_END)]
    assert stretches(frame(rows)).rows() == [rows[0], rows[2], rows[3]]


@given(st.lists(ranges), st.sampled_from(["A", "B", "C"]), st.sampled_from(DAYS), st.integers(0, 5))
def test_the_first_day_outside_is_the_first_that_no_row_holds(rows: Rows, unit: str, first: date, length: int) -> None:
    asked = pl.DataFrame({"bm_unit_id": [unit], "first": [first], "last": [first + timedelta(days=length)]})
    found = first_day_outside(asked, dated(frame(rows)), "first", "last").item()
    wanted = [first + timedelta(days=n) for n in range(length + 1)]
    known = {day for day in wanted for name, begins, ends in rows if name == unit and begins <= day <= ends}
    assert found == next((day for day in wanted if day not in known), None)


@given(
    st.dictionaries(st.sampled_from("AB"), st.sampled_from("TF"), min_size=1),
    st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from(DAYS)), st.sampled_from("TF")),
)
def test_a_change_holds_until_the_next_and_the_row_s_own_value_before(
    own: dict[str, str], changes: dict[tuple[str, date], str]
) -> None:
    rows = pl.DataFrame(
        [(unit, value, FIRST, OPEN_END) for unit, value in own.items()],
        ["bm_unit_id", "status", "effective_from", "effective_to"],
        orient="row",
    )
    order = sorted(changes)
    ends = [
        after[1] - timedelta(days=1) if after[0] == unit else OPEN_END
        for (unit, _), after in zip(order, [*order[1:], ("", FIRST)], strict=False)
    ]
    changed = pl.DataFrame(
        [(unit, changes[unit, day], day, end) for (unit, day), end in zip(order, ends, strict=True)],
        pl.Schema({"bm_unit_id": pl.String, "status": pl.String, "effective_from": pl.Date, "effective_to": pl.Date}),
        orient="row",
    )
    found: Rows = days_with(rows, changed, ("bm_unit_id",), "status", "T").rows()
    for unit, value in own.items():
        told = [
            next((changes[unit, d] for d in reversed(DAYS) if d <= day and (unit, d) in changes), value) for day in DAYS
        ]
        assert held(found, unit) == {day for day, status in zip(DAYS, told, strict=True) if status == "T"}
