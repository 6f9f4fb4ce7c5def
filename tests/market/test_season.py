from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.clock import LONDON
from market.season import FIRST_MONTH, SEASONS, Season, season_first_day_expr, season_of, seasons_frame

PUBLISHED = [
    ("SPR", 2008, date(2008, 2, 18)),
    ("SPR", 2010, date(2010, 2, 15)),
    ("WIN", 2016, date(2016, 11, 17)),
    ("SUM", 2017, date(2017, 5, 17)),
    ("SPR", 2021, date(2021, 2, 15)),
]


@pytest.mark.parametrize(("code", "year", "day"), PUBLISHED)
def test_deadlines_are_those_published_at_17_in_london(code: str, year: int, day: date) -> None:
    deadline = Season(code, year).deadline
    assert deadline == datetime(day.year, day.month, day.day, 17, tzinfo=LONDON)
    assert deadline.tzinfo is UTC
    row = seasons_frame(year, year).row(by_predicate=pl.col("season") == code, named=True)
    assert row["deadline"] == deadline


def test_the_deadline_is_at_16_gmt_in_summer_time_and_at_17_gmt_in_winter() -> None:
    assert Season("SUM", 2026).deadline == datetime(2026, 5, 15, 16, tzinfo=UTC)
    assert Season("AUT", 2026).deadline == datetime(2026, 8, 17, 16, tzinfo=UTC)
    assert Season("WIN", 2026).deadline == datetime(2026, 11, 17, 17, tzinfo=UTC)
    assert Season("SPR", 2027).deadline == datetime(2027, 2, 15, 17, tzinfo=UTC)


def test_the_deadline_holds_to_the_second() -> None:
    for season in (Season("SUM", 2017), Season("WIN", 2016)):
        at = datetime.combine(season.deadline.astimezone(LONDON).date(), datetime.min.time(), LONDON)
        assert at.replace(hour=17) <= season.deadline
        assert not at.replace(hour=17, second=1) <= season.deadline


@pytest.mark.parametrize(
    ("code", "year", "first", "last"),
    [
        ("SPR", 2026, date(2026, 3, 1), date(2026, 5, 31)),
        ("SUM", 2026, date(2026, 6, 1), date(2026, 8, 31)),
        ("AUT", 2026, date(2026, 9, 1), date(2026, 11, 30)),
        ("WIN", 2026, date(2026, 12, 1), date(2027, 2, 28)),
        ("WIN", 2027, date(2027, 12, 1), date(2028, 2, 29)),
    ],
)
def test_a_season_runs_from_its_first_month_to_the_next_season(code: str, year: int, first: date, last: date) -> None:
    season = Season(code, year)
    assert (season.first_day, season.last_day) == (first, last)
    assert season.next.first_day == last + timedelta(days=1)
    assert str(season) == f"{code} {year}"


def test_another_code_is_no_season() -> None:
    with pytest.raises(ValueError, match="XXX is no BSC Season"):
        Season("XXX", 2026)


@given(st.dates(date(2001, 3, 27), date(2100, 12, 31)))
def test_each_day_lies_in_exactly_one_season(day: date) -> None:
    season = season_of(day)
    assert season.first_day <= day <= season.last_day
    held = seasons_frame(day.year - 1, day.year).filter(pl.lit(day).is_between("first_day", "last_day"))
    assert held.select("season", "season_start_year").rows() == [(season.code, season.start_year)]


def test_the_frame_holds_every_season_once() -> None:
    frame = seasons_frame()
    assert frame.schema == SEASONS
    assert frame.height == 400
    assert frame.select("season", "season_start_year").is_unique().all()
    assert (frame["deadline"].dt.date() < frame["first_day"]).all()


@given(st.lists(st.tuples(st.sampled_from([*FIRST_MONTH, "XXX"]), st.integers(-5, 20000)), min_size=1, max_size=20))
def test_the_first_day_of_many_seasons_is_that_of_each(rows: list[tuple[str, int]]) -> None:
    frame = pl.DataFrame(rows, {"season": pl.String, "year": pl.Int64}, orient="row")
    got = frame.select(season_first_day_expr(pl.col("season"), pl.col("year"))).to_series().to_list()
    wanted = [date(y, FIRST_MONTH[s], 1) if s in FIRST_MONTH and 1 <= y <= 9999 else None for s, y in rows]
    assert got == wanted
