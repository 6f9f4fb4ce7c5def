"""Profiles against exact fractions, minute by minute and piece by piece."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.profile import difference, energy, first_gaps, level, level_text, meetings, pieces, seconds
from market.settlement_period import day_start, period_start, periods_in_day

MINUTE = timedelta(minutes=1)
ORDINARY, SHORT, LONG = date(2026, 9, 15), date(2026, 3, 29), date(2026, 10, 25)
SEGMENT = pl.Schema(
    {
        "time_from": pl.Datetime("us", "UTC"),
        "level_from": pl.Int64(),
        "time_to": pl.Datetime("us", "UTC"),
        "level_to": pl.Int64(),
    }
)

Segment = tuple[datetime, int, datetime, int]

days = st.sampled_from([ORDINARY, SHORT, LONG])
levels = st.integers(-9999, 9999)


def frame(segments: list[Segment]) -> pl.DataFrame:
    return pl.DataFrame(segments, SEGMENT, orient="row").with_row_index("line")


def whole(segments: list[Segment], unit: int) -> pl.DataFrame:
    """Segments that are each one piece, of one unit."""
    return frame(segments).with_columns(pl.lit(unit).alias("unit"), piece_from="time_from", piece_to="time_to")


@st.composite
def any_segments(draw: st.DrawFn) -> tuple[date, list[Segment]]:
    """Segments about a day, some reaching beyond it."""
    day = draw(days)
    minutes = st.integers(-90, periods_in_day(day) * 30 + 90)
    drawn = draw(st.lists(st.tuples(minutes, minutes, levels, levels), max_size=12))
    start = day_start(day)
    return day, [(start + min(a, b) * MINUTE, la, start + max(a, b) * MINUTE, lb) for a, b, la, lb in drawn if a != b]


@st.composite
def profile(draw: st.DrawFn, day: date) -> list[Segment]:
    """Segments that cover a day, each after the other, with steps and slopes."""
    end = periods_in_day(day) * 30
    cuts = sorted({0, end, *draw(st.lists(st.integers(1, end - 1), max_size=10))})
    at = [day_start(day) + cut * MINUTE for cut in cuts]
    return [(a, draw(levels), b, draw(levels)) for a, b in pairwise(at)]


def level_at(segment: Segment, at: datetime) -> Fraction:
    time_from, level_from, time_to, level_to = segment
    return level_from + Fraction(level_to - level_from) * Fraction((at - time_from) / MINUTE) / Fraction(
        (time_to - time_from) / MINUTE
    )


def energy_between(segment: Segment, start: datetime, end: datetime) -> Fraction:
    """MWh of a segment between two instants."""
    first, last = max(start, segment[0]), min(end, segment[2])
    if first >= last:
        return Fraction(0)
    hours = Fraction((last - first) / MINUTE) / 60
    return (level_at(segment, first) + level_at(segment, last)) / 2 * hours


@given(any_segments())
def test_the_pieces_of_periods_have_exactly_the_energy_that_the_segments_have_in_them(
    drawn: tuple[date, list[Segment]],
) -> None:
    day, segments = drawn
    found = pieces(frame(segments), day)
    energies = found.select("settlement_period", energy()[0].alias("over"), energy()[1].alias("under"))
    for period in range(1, periods_in_day(day) + 1):
        start = period_start(day, period)
        of_period = energies.filter(settlement_period=period)
        total = sum(
            (Fraction(over, under) for over, under in of_period.select("over", "under").rows()), start=Fraction(0)
        )
        assert total == sum(energy_between(segment, start, start + 30 * MINUTE) for segment in segments)


@given(any_segments())
def test_a_piece_is_what_of_a_segment_lies_in_one_period(drawn: tuple[date, list[Segment]]) -> None:
    day, segments = drawn
    expected = [
        (line, period, max(segment[0], start), min(segment[2], start + 30 * MINUTE))
        for line, segment in enumerate(segments)
        for period in range(1, periods_in_day(day) + 1)
        for start in [period_start(day, period)]
        if segment[0] < start + 30 * MINUTE and segment[2] > start
    ]
    found = pieces(frame(segments), day)
    assert found.select("line", "settlement_period", "piece_from", "piece_to").rows() == expected
    assert found.select(SEGMENT.names()).rows() == [segments[line] for line, *_ in expected]


@pytest.mark.parametrize(("day", "periods"), [(ORDINARY, 48), (SHORT, 46), (LONG, 50)])
def test_a_segment_of_a_whole_day_has_a_piece_in_each_period(day: date, periods: int) -> None:
    found = pieces(frame([(day_start(day), 0, day_start(day + timedelta(days=1)), 100)]), day)
    assert found["settlement_period"].to_list() == list(range(1, periods + 1))
    assert found["piece_to"][-1] == day_start(day + timedelta(days=1))


def test_segments_without_a_time_or_the_wrong_way_round_have_no_pieces() -> None:
    at = day_start(ORDINARY)
    odd = frame([(at, 1, at, 1), (at + 30 * MINUTE, 1, at, 1), (at, 1, at + MINUTE, 1)]).vstack(
        pl.DataFrame([(3, None, 1, at, 1), (4, at, 1, None, 1)], {"line": pl.UInt32, **SEGMENT}, orient="row")
    )
    assert pieces(odd, ORDINARY)["line"].to_list() == [2]


@given(days.flatmap(lambda day: st.tuples(st.just(day), profile(day), profile(day))))
def test_where_profiles_meet_their_levels_are_told_apart_exactly(
    drawn: tuple[date, list[Segment], list[Segment]],
) -> None:
    day, one, other = drawn
    met = meetings(whole(one, 7), whole(other, 7), "unit")
    met = met.with_columns(difference("meet_from").alias("at_from"), difference("meet_to").alias("at_to"))
    cuts = sorted({at for segments in (one, other) for segment in segments for at in (segment[0], segment[2])})
    assert met["meet_from"].to_list() == cuts[:-1]
    assert met["meet_to"].to_list() == cuts[1:]
    for row in met.rows(named=True):
        left, right = one[row["line"]], other[row["line_other"]]
        for end in ("from", "to"):
            at = row[f"meet_{end}"]
            expected = level_at(left, at) - level_at(right, at)
            assert (row[f"at_{end}"] > 0, row[f"at_{end}"] < 0) == (expected > 0, expected < 0)
    assert sum((met["meet_to"] - met["meet_from"]).to_list(), timedelta()) == day_start(
        day + timedelta(days=1)
    ) - day_start(day)


def test_profiles_of_different_groups_do_not_meet() -> None:
    at = day_start(ORDINARY)
    one = whole([(at, 1, at + 30 * MINUTE, 1)], 1)
    assert meetings(one, one.with_columns(unit=2), "unit").is_empty()
    assert meetings(one, one, "unit").height == 1
    assert meetings(one, one.clear(), "unit").is_empty()


@given(st.lists(st.lists(st.tuples(st.integers(0, 29), st.integers(1, 30)), min_size=1, max_size=4), max_size=4))
def test_the_first_gap_of_each_unit_is_found_to_the_minute(units: list[list[tuple[int, int]]]) -> None:
    rows = [(n, a, b) for n, spans in enumerate(units) for a, b in sorted((min(s), max(s)) for s in spans) if a < b]
    kept = sorted({n for n, _, _ in rows})
    rows = [(kept.index(n), a, b) for n, a, b in rows]
    unit, start, end = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    nothing, half_hour = np.zeros(len(kept), np.int64), np.full(len(kept), 30)
    found = first_gaps(unit, start, end, nothing, half_hour)
    expected = []
    for n in range(len(kept)):
        bare = [m for m in range(30) if not any(a <= m < b for u, a, b in rows if u == n)]
        if bare:
            run = next((m for m in range(bare[0], 31) if m not in bare), 30)
            expected.append((n, bare[0], run))
    assert (
        found.sort("unit")
        .select("unit", *(pl.col(name).dt.timestamp("us") // 1_000_000 for name in ("gap_from", "gap_to")))
        .rows()
        == expected
    )


def test_a_level_inside_a_segment_is_exact() -> None:
    at = day_start(ORDINARY)
    row = frame([(at, 10, at + 30 * MINUTE, 11)]).with_columns(at=pl.lit(at + 10 * MINUTE).cast(SEGMENT["time_from"]))
    over, under = row.select(level("at")[0].alias("over"), level("at")[1].alias("under")).row(0)
    assert Fraction(over, under) == Fraction(31, 3)


@pytest.mark.parametrize(
    ("over", "under", "text"),
    [(90, 2, "45"), (133, 4, "33.25"), (31, 3, "31/3"), (-1, 8, "-0.125"), (-3, 16, "-3/16"), (0, 30, "0")],
)
def test_a_level_is_told_exactly(over: int, under: int, text: str) -> None:
    assert level_text(pl.Series([over]), pl.Series([under])).to_list() == [text]


def test_instants_are_whole_seconds() -> None:
    assert seconds(pl.Series([datetime(1970, 1, 2, tzinfo=UTC), None])).tolist() == [86_400, 0]
