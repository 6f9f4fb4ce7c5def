"""Reference rows that hold on a day, joined."""

from datetime import date, timedelta

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from market.frames import OPEN_END
from rules.context import Dated

START = date(2026, 10, 20)
"""A few days before the clocks go back."""

keys = st.sampled_from(["A", "B", "C"])
lengths = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=4)
asked = st.lists(st.tuples(keys | st.none(), st.integers(0, 12) | st.none()), max_size=12)

Held = tuple[str, date, date, int]


def reference(spans: dict[str, list[tuple[int, int]]]) -> list[Held]:
    """Rows of each key, one after the other: days left out, days held beyond the first; the last may be open."""
    found: list[Held] = []
    for key, gaps in spans.items():
        day = START
        for gap, length in gaps:
            first = day + timedelta(days=gap)
            last = first + timedelta(days=length)
            found.append((key, first, last, len(found)))
            day = last + timedelta(days=1)
        if gaps and len(gaps) % 2:
            found[-1] = (*found[-1][:2], OPEN_END, found[-1][3])
    return found


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(keys, lengths), asked)
def test_each_row_gets_what_holds_on_its_day(
    spans: dict[str, list[tuple[int, int]]], asked: list[tuple[str | None, int | None]]
) -> None:
    held = reference(spans)
    schema = {"key": pl.String, "effective_from": pl.Date, "effective_to": pl.Date, "value": pl.Int64}
    dated = Dated(pl.DataFrame(held, schema, orient="row"), ("key",), ("value",))
    days = [None if number is None else START + timedelta(days=number) for _, number in asked]
    rows = pl.DataFrame({"unit": [key for key, _ in asked], "day": days}, {"unit": pl.String, "day": pl.Date})
    wanted = [
        next((v for key, first, last, v in held if day is not None and key == unit and first <= day <= last), None)
        for unit, day in rows.iter_rows()
    ]
    for piece in (rows, rows.head(1), rows.tail(1), rows):
        joined = dated.join(piece, "held", ("unit",), "day")
        assert joined.columns == ["unit", "day", "held.value", "held.found"]
        assert joined.select("unit", "day").equals(piece)
    assert joined["held.value"].to_list() == wanted
    assert joined["held.found"].to_list() == [value is not None for value in wanted]
