"""The units of expected volumes: a BM Unit, date and period, of ranges and Defaults, and what they put in force."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.frames import OPEN_END
from market.settlement_period import gate_closure, periods_in_day
from rules.expected.units import in_force_rows
from tests.rules.expected import UNIT, at, in_force, outcomes, sev
from tests.rules.world import POLICY, judged, lines_broken


@pytest.mark.parametrize(
    ("days", "rows", "keys"),
    [
        ("20260915|20260915", ["12|1", "13|1"], ["20260915 12", "20260915 13"]),
        ("20260915|", ["1|1", "50|1"], ["1", "50"]),
        ("20260328|20260330", ["46|1"], ["20260328 46", "20260329 46", "20260330 46"]),
        ("20260328|20260330", ["47|1", "48|1"], [f"202603{day} {p}" for p in (47, 48) for day in (28, 30)]),
        ("20261024|20261026", ["1|1", "2|1"], [f"202610{day} {p}" for p in (1, 2) for day in (24, 25, 26)]),
        ("20261024|20261025", ["48|1", "49|1", "50|1"], ["20261024 48", *(f"20261025 {p}" for p in (48, 49, 50))]),
        ("20260329|20260329", ["46|1"], ["20260329 46"]),
        ("20261025|20261025", ["50|1"], ["20261025 50"]),
    ],
)
def test_a_range_has_a_unit_a_day_on_which_the_period_exists(days: str, rows: list[str], keys: list[str]) -> None:
    judgement = sev(days, rows)
    assert list(outcomes(judgement)) == [f"{UNIT} {key}" for key in keys]
    assert "SEV-04" not in judgement.counts


@pytest.mark.parametrize(
    ("days", "period", "told"),
    [
        ("20260329|20260329", 47, "1 to 46 of 20260329"),
        ("20260915|20260915", 49, "1 to 48 of 20260915"),
        ("20261025|20261025", 51, "1 to 50 of 20261025"),
        ("20260915|20260917", 49, "1 to 48 of 20260915 to 20260917"),
        ("20261024|20261026", 51, "1 to 50 of 20261024 to 20261026"),
        ("20260915|20260915", 0, "1 to 48 of 20260915"),
        ("20260915|20260917", -1, "1 to 48 of 20260915 to 20260917"),
        ("20260401|", 51, "1 to 50 of a Default SEV"),
        ("20260401|", 0, "1 to 50 of a Default SEV"),
        ("20270101|20291231", 51, "1 to 50 of 20270101 to 20291231"),
    ],
)
def test_a_period_of_no_day_is_a_refused_unit_by_its_line(days: str, period: int, told: str) -> None:
    judgement = sev(days, ["1|1", f"{period}|1"])
    assert judgement.units.tail(1).row(0) == ("line 5", "R", 5)
    assert lines_broken(judgement, "SEV-04") == [5]
    assert judgement.breaches.filter(rule="SEV-04")["message"].item() == (
        f"Settlement Period Id {period} is not among {told}"
    )
    assert judgement.refused["reason"].to_list() == [f"SEV-04 Settlement Period Id {period} is not among {told}"]
    assert judgement.refused["settlement_date"].to_list() == [None]


def test_a_range_of_years_has_the_day_of_50_periods() -> None:
    judgement = sev("20260401|20280331", ["50|1", "49|1"])
    assert list(outcomes(judgement)) == [f"{UNIT} {day} {p}" for p in (50, 49) for day in (20261025, 20271031)]


@pytest.mark.parametrize(
    ("days", "broken"),
    [
        ("20260230|20260301", {"FLD-07": [2]}),
        ("20260301|20260230", {"FLD-07": [2]}),
        ("|20260301", {"FLD-01": [2]}),
        ("20260916|20260915", {"SEV-01": [2]}),
    ],
)
def test_where_the_days_are_none_every_row_is_refused_by_its_line(days: str, broken: dict[str, list[int]]) -> None:
    judgement = sev(days, ["1|1", "2|1", "99|1"])
    assert outcomes(judgement) == {"line 4": "R", "line 5": "R", "line 6": "R"}
    assert {rule: lines_broken(judgement, rule) for rule in judgement.counts} == broken


def test_a_row_without_a_readable_key_is_refused_alone() -> None:
    judgement = sev("20261024|20261026", ["1|1", "x|1", "2|y", "|1"])
    assert outcomes(judgement) == {
        **{f"{UNIT} 202610{day} 1": "A" for day in (24, 25, 26)},
        "line 5": "R",
        **{f"{UNIT} 202610{day} 2": "R" for day in (24, 25, 26)},
        "line 7": "R",
    }
    assert judgement.counts == {"FLD-01": 1, "FLD-03": 1, "FLD-04": 1}
    echoed = judgement.refused.select("settlement_date", "settlement_period_id", "submitted_expected_volume")
    assert echoed.row(0) == (None, None, 10_000)
    assert echoed.row(1) == (date(2026, 10, 24), 2, None)


def test_of_an_unreadable_bm_unit_every_row_is_refused_by_its_line() -> None:
    judgement = sev("20261024|20261025", ["1|1", "2|1"], unit="A NAME TOO LONG")
    assert outcomes(judgement) == {"line 4": "R", "line 5": "R"}


def test_a_range_that_would_make_too_many_units_makes_one_a_row() -> None:
    ten = replace(POLICY, max_units=10)
    fits, over = (sev(f"20261024|{last}", ["1|1"], policy=ten) for last in ("20261025", "20261026"))
    assert (fits.units.height, fits.outcome, "SEV-11" in fits.counts) == (2, "ACCEPTED", False)
    assert outcomes(over) == {"line 4": "R"}
    assert over.breaches.select("line", "rule", "message").rows() == [
        (2, "SEV-11", "3 days times the 5 records of the file are 15, at most 10 fit")
    ]


def test_no_default_makes_too_many_units() -> None:
    assert "SEV-11" not in sev("20261024|", ["1|1"], policy=replace(POLICY, max_units=5)).counts


def test_volumes_in_time_are_put_in_force_and_late_ones_are_not() -> None:
    day = date(2026, 10, 25)
    known = in_force((day, day, 1, 5_000), (day, day, 50, 7_000))
    judgement = sev("20261025|20261026", ["1|0.5", "50|0.7"], at("2026-10-25T12:00:00Z"), known=known)
    assert outcomes(judgement) == {f"{UNIT} 20261025 1": "N", f"{UNIT} 20261026 1": "A", f"{UNIT} 20261025 50": "N"}
    put = in_force_rows(judgement.effect)
    assert put.rows() == [
        (UNIT, date(2026, 10, 26), date(2026, 10, 26), 1, 5_000, 4),
        (UNIT, day, day, 50, 7_000, 5),
    ]


def test_a_default_is_put_in_force_until_another_is() -> None:
    put = in_force_rows(sev("20261025|", ["1|-0.5"]).effect)
    assert put.rows() == [(UNIT, date(2026, 10, 25), OPEN_END, 1, -5_000, 4)]


def test_a_file_of_many_days_is_the_same_in_slices() -> None:
    units = [UNIT, "V__CEXMP001", "2__CACME001"]
    groups = [f"BSB|{unit}|\nBSP|1|0.5|\nBSP|49|0.5|\nBSP|51|0|" for unit in units]
    body = "\n".join(["BSD|20261024|20261026|", *groups])
    received_at = at("2026-10-25T12:00:00Z")
    whole, sliced = (
        judged(body, flow="P0328001", sender="VOLT", received_at=received_at, slice_records=records)
        for records in (250_000, 4)
    )
    assert whole.units.equals(sliced.units)
    assert whole.breaches.equals(sliced.breaches)
    assert whole.refused.equals(sliced.refused)
    assert whole.effect.equals(sliced.effect)


days = st.dates(date(2026, 3, 27), date(2026, 3, 31)) | st.dates(date(2026, 10, 23), date(2026, 10, 27))


@given(
    first=days,
    length=st.integers(1, 4),
    default=st.booleans(),
    periods=st.lists(st.integers(-1, 52), min_size=1, max_size=8, unique=True),
    hours=st.integers(-30, 60),
)
def test_units_are_those_of_a_calendar_read_day_by_day(
    first: date, length: int, default: bool, periods: list[int], hours: int
) -> None:
    received_at = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(hours=hours)
    last = first + timedelta(days=length - 1)
    expected: list[tuple[str, str]] = []
    for line, period in enumerate(periods, 4):
        if default:
            keys = [(f"{UNIT} {period}", "A")] if 1 <= period <= 50 else []
        else:
            keys = [
                (f"{UNIT} {day:%Y%m%d} {period}", "R" if received_at >= gate_closure(day, period) else "A")
                for day in (first + timedelta(days=n) for n in range(length))
                if 1 <= period <= periods_in_day(day)
            ]
        expected += keys or [(f"line {line}", "R")]
    sent = f"{first:%Y%m%d}|{'' if default else format(last, '%Y%m%d')}"
    judgement = sev(sent, [f"{period}|0.5" for period in periods], received_at)
    told = judgement.units.select("key", pl.col("outcome").replace({"W": "A"}))
    if default and "SEV-02" in judgement.counts:
        assert [key for key, _ in expected] == told["key"].to_list()
    else:
        assert expected == told.rows()
    assert judgement.units["line"].is_sorted()
