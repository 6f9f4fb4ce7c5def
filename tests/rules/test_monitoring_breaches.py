"""Metered power against declared values (MON-01 to MON-05): the examples, the limits, and what stands beside them."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from market.policy import CapacityLimit, SeasonLimits
from market.reference import BM_UNITS, CAPACITY_VALUES, METERED_VOLUMES
from market.season import season_of
from market.settlement_period import periods_in_day
from rules.monitoring.declared import DeclaredValues, allowance
from rules.monitoring.gcdc_breach import MON_01, MON_02, MON_03, MON_04
from rules.monitoring.interconnector import MON_05, told
from rules.monitoring.metered import DayFound, breach_days, looked_through
from rules.rule import Example, Rule
from tests.rules.world import references

LIMIT = CapacityLimit(1_000, Decimal(2))
LIMITS = {("WIN", 2026): SeasonLimits(LIMIT, LIMIT)}
"""The larger of 1 MW and 2 %, in WIN 2026 alone."""
DAY = date(2026, 12, 2)
SIGN = {"E": 1, "I": -1}


def volumes(*rows: tuple[str, date, str, int, int]) -> pl.DataFrame:
    """Metered volumes in kWh by BM Unit, day, run and period, each of a submission after the one before."""
    names = ["bm_unit_id", "settlement_date", "run_type", "settlement_period", "volume"]
    frame = pl.DataFrame(rows, names, orient="row").with_columns(
        received_at=pl.lit(None, METERED_VOLUMES["received_at"]),
        submission_ref=pl.format("S{}", pl.int_range(pl.len()).cast(pl.String).str.zfill(3)),
        line=pl.int_range(2, pl.len() + 2),
    )
    return frame.select(pl.col(name).cast(dtype) for name, dtype in METERED_VOLUMES.items())


def found(frame: pl.DataFrame, day: date = DAY, known: DeclaredValues | None = None) -> DayFound:
    world = references()
    known = known or DeclaredValues(world["bm_units"], world["capacity_values"])
    season = season_of(day)
    return looked_through(frame, known.on(day), LIMITS.get((season.code, season.start_year)))


def of_example(body: str) -> tuple[date, pl.DataFrame]:
    head, *periods = (line.split("|") for line in body.split("\n"))
    day = date.fromisoformat(head[2])
    rows = [(head[1], day, head[3], int(one[1]), int(Decimal(one[3]) * 1000) * SIGN[one[4]]) for one in periods]
    return day, volumes(*rows).with_columns(line=pl.int_range(3, pl.len() + 3, dtype=pl.UInt32))


@pytest.mark.parametrize("rule", [MON_01, MON_02, MON_03, MON_04, MON_05], ids=lambda rule: rule.id)
def test_examples_find_the_periods_that_they_say(rule: Rule) -> None:
    def lines(shown: Example) -> list[int]:
        day, frame = of_example(shown.body)
        apart = found(frame, day)
        rows = apart.wrong_direction if rule is MON_05 else apart.in_breach
        return sorted(frame.join(rows, on=["bm_unit_id", "settlement_period"], how="semi")["line"])

    assert lines(rule.passes) == []
    assert lines(rule.fails) == list(rule.fails.breaks)


@pytest.mark.parametrize(
    ("unit", "volume", "side"),
    [
        ("T_DINO-1", 50_490, None),
        ("T_DINO-1", 50_491, "GC"),
        ("T_DINO-1", -1_500, None),
        ("T_DINO-1", -1_501, "DC"),
        ("T_ZERO-1", 500, None),
        ("T_ZERO-1", 501, "GC"),
        ("T_ZERO-1", -500, None),
        ("T_ZERO-1", -501, "DC"),
        ("2__CACME000", -38_811, None),
        ("2__CACME000", -38_812, "DC"),
        ("V__FEXMP001", 900_000, None),
        ("T_NEWU-1", 900_000, None),
        ("T_NOSUCH-1", 900_000, None),
        ("I_EAG-ACME1", 316_108, None),
        ("I_EAG-ACME1", 316_109, "GC"),
        ("I_EAD-ACME1", -316_108, None),
        ("I_EAD-ACME1", -316_109, "DC"),
        ("I_EAD-ACME1", 900_000, None),
    ],
)
def test_power_is_beyond_a_value_and_its_limit_or_not(unit: str, volume: int, side: str | None) -> None:
    rows = found(volumes((unit, DAY, "II", 7, volume))).in_breach
    assert rows.select("bm_unit_id", "side", "volume").rows() == ([(unit, side, volume)] if side else [])


@pytest.mark.parametrize(
    ("unit", "volume", "wrong"),
    [
        ("I_EAG-ACME1", -1, True),
        ("I_EAG-ACME1", 0, False),
        ("I_EAG-ACME1", 900_000, False),
        ("I_EAD-ACME1", 1, True),
        ("I_EAD-ACME1", -1, False),
        ("T_DINO-1", -1_501, False),
    ],
)
def test_an_interconnector_has_one_direction(unit: str, volume: int, wrong: bool) -> None:
    assert found(volumes((unit, DAY, "II", 7, volume))).wrong_direction.height == wrong


def test_the_wrong_direction_is_told_of_with_its_size() -> None:
    rows = found(volumes(("I_EAG-ACME1", DAY, "II", 7, -12_500))).wrong_direction
    message = "12.5 MWh import in period 7 of 20261202, a Production interconnector BM Unit has 0 MWh that way"
    assert told(rows)["message"].to_list() == [message]
    assert told(rows.clear()).is_empty()


@pytest.mark.parametrize(
    ("runs", "volume"),
    [
        ([("II", 60_000)], 60_000),
        ([("II", 60_000), ("SF", 40_000)], None),
        ([("SF", 40_000), ("II", 60_000)], None),
        ([("II", 40_000), ("SF", 60_000), ("R1", 55_000)], 55_000),
        ([("DF", 60_000), ("D", 40_000)], 60_000),
        ([("RF", 60_000), ("RF", 40_000)], None),
        ([("RF", 40_000), ("RF", 60_000)], 60_000),
    ],
)
def test_the_latest_run_counts_and_of_a_run_the_last_received(runs: list[tuple[str, int]], volume: int | None) -> None:
    start = pl.lit(0).cast(METERED_VOLUMES["received_at"])
    frame = volumes(*(("T_DINO-1", DAY, run, 7, one) for run, one in runs))
    frame = frame.with_columns(received_at=start + pl.duration(seconds=pl.int_range(pl.len())))
    assert found(frame).in_breach["volume"].to_list() == ([] if volume is None else [volume])


@pytest.mark.parametrize(
    ("day", "breaks"),
    [
        (date(2026, 11, 30), False),
        (date(2026, 12, 1), True),
        (date(2027, 2, 28), True),
        (date(2027, 3, 1), False),
    ],
)
def test_a_season_without_limits_is_not_evaluated(day: date, breaks: bool) -> None:
    assert found(volumes(("T_DINO-1", day, "II", 1, 90_000)), day).in_breach.height == breaks


def test_the_wrong_direction_needs_no_limits() -> None:
    day = date(2026, 11, 30)
    assert found(volumes(("I_EAG-ACME1", day, "II", 1, -1)), day).wrong_direction.height == 1


def values(*rows: tuple[date, int]) -> DeclaredValues:
    """T_DINO-1 with values of GC in kW declared from days on."""
    declared = pl.DataFrame(rows, ["effective_from", "generation_capacity"], orient="row").with_columns(
        *(pl.lit(None, CAPACITY_VALUES[name]).alias(name) for name in ("received_at", "declaration_type", "season")),
        bm_unit_id=pl.lit("T_DINO-1"),
        demand_capacity=pl.lit(-2_000),
        source=pl.lit("DECLARATION"),
        season_start_year=pl.lit(None),
        submission_ref=pl.lit("S"),
        line=pl.int_range(pl.len()),
    )
    frame = declared.select(pl.col(name).cast(dtype) for name, dtype in CAPACITY_VALUES.items())
    return DeclaredValues(references()["bm_units"], frame)


def test_the_value_of_the_day_counts() -> None:
    known = values((DAY, 120_000), (DAY + timedelta(days=2), 40_000))
    for days, breaks in ((-1, True), (0, False), (1, False), (2, True)):
        day = DAY + timedelta(days=days)
        assert found(volumes(("T_DINO-1", day, "II", 1, 55_000)), day, known).in_breach.height == breaks
    row = known.of("T_DINO-1", DAY)
    assert row is not None
    assert (row["generation_capacity"], row["demand_capacity"]) == (120_000, -2_000)
    assert known.of("T_NOSUCH-1", DAY) is None


@pytest.mark.parametrize("day", [date(2026, 12, 2), date(2026, 3, 29), date(2026, 10, 25)])
def test_the_worst_period_of_a_day_has_the_most_power_and_every_period_counts(day: date) -> None:
    last = periods_in_day(day)
    rows = [
        ("T_DINO-1", day, "II", period, 52_000 if period in (last - 1, last) else 51_000)
        for period in range(1, last + 1)
    ]
    rows += [("T_DINO-1", day, "SF", 1, 50_000)]
    world = references()
    declared = DeclaredValues(world["bm_units"], world["capacity_values"]).on(day)
    shown = looked_through(volumes(*rows), declared, LIMITS["WIN", 2026])
    assert breach_days(shown.in_breach).rows() == [
        ("T_DINO-1", "GC", day, last - 1, last - 1, 52_000, 99_000, 1_980),
    ]


@given(
    st.integers(0, 10**10),
    st.integers(0, 10**6),
    st.decimals(0, 1000, places=4, allow_nan=False, allow_infinity=False),
    st.integers(-3, 3),
)
@example(99_000, 1_000, Decimal(2), 1)
@example(99_001, 0, Decimal("0.0001"), 0)
def test_the_limit_is_exact(declared: int, absolute: int, percent: Decimal, step: int) -> None:
    limit = CapacityLimit(absolute, percent)
    exact = max(Fraction(absolute), Fraction(percent) * declared / 100)
    for sign in (1, -1):
        kilowatts = pl.select(allowance(pl.lit(sign * declared), limit)).item()
        power = declared + int(exact) + step
        assert (power > declared + exact) == (power > declared + kilowatts)


def test_unknown_values_have_no_limit() -> None:
    assert pl.select(allowance(pl.lit(None, pl.Int64), LIMIT)).item() is None


def test_no_units_and_no_volumes_find_nothing() -> None:
    empty = DeclaredValues(BM_UNITS.to_frame(), CAPACITY_VALUES.to_frame())
    assert found(volumes(("T_DINO-1", DAY, "II", 1, 90_000)), known=empty).in_breach.is_empty()
    assert breach_days(found(METERED_VOLUMES.to_frame()).in_breach).is_empty()
