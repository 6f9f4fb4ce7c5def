from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.baseline.bl01 import Baseline, baseline
from market.baseline.days import historical_days
from market.baseline.pairs import PAIRS, pairs_on
from market.baseline.policy import BaselinePolicy
from market.baseline.volumes import EVENTS
from market.clock import LONDON
from market.reference import BASELINING_DETAILS, EVENT_DAYS, EXPECTED_VOLUMES, MSID_PAIRS, PAIR_VOLUMES
from market.settlement_period import period_start, periods_in_day
from market.working_days import is_working_day

UNIT, MSID, AMSID = "V__FEXMP001", "1200012345679", "9900012345674"
SHORT, LONG, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 9, 15)
OPEN = date(9999, 12, 31)


def frame(schema: pl.Schema, *rows: Mapping[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**dict.fromkeys(schema), **row} for row in rows], schema=schema)


def pair(indicator: str, **values: Any) -> dict[str, Any]:
    always = {"bm_unit_id": UNIT, "pair_indicator": "T", "effective_from": date(2001, 3, 27), "effective_to": OPEN}
    return {**always, "import_msid": MSID, "baselining_indicator": indicator, **values}


def metered(day: date, volumes: Mapping[int, int], **pair_id: str | None) -> pl.DataFrame:
    named = {"import_msid": MSID, "import_amsid": None, **pair_id}
    rows = [{**named, "settlement_date": day, "settlement_period": k, "volume": v} for k, v in volumes.items()]
    return frame(PAIR_VOLUMES, *rows)


def flat(day: date, volume: int, **pair_id: str | None) -> pl.DataFrame:
    return metered(day, dict.fromkeys(range(1, periods_in_day(day) + 1), volume), **pair_id)


def back(day: date, count: int) -> list[date]:
    return [day - timedelta(days=number) for number in range(1, count + 1)]


def of(
    day: date,
    volumes: list[pl.DataFrame],
    *,
    first_period: int | None = None,
    policy: BaselinePolicy | None = None,
    pairs: pl.DataFrame | None = None,
    event_days: pl.DataFrame | None = None,
    submitted: Mapping[int, int] | None = None,
) -> Baseline:
    sent = [
        {"bm_unit_id": UNIT, "effective_from": day, "effective_to": day, "settlement_period": period, "volume": volume}
        for period, volume in (submitted or {}).items()
    ]
    references = {
        "msid_pairs": frame(MSID_PAIRS, pair("B")) if pairs is None else pairs,
        "baselining_details": BASELINING_DETAILS.to_frame(),
        "event_days": EVENT_DAYS.to_frame() if event_days is None else event_days,
        "pair_volumes": pl.concat(volumes) if volumes else PAIR_VOLUMES.to_frame(),
        "expected_volumes": frame(EXPECTED_VOLUMES, *sent),
    }
    events = [] if first_period is None else [{"bm_unit_id": UNIT, "first_period": first_period}]
    return baseline(day, frame(EVENTS, *events), references, policy or BaselinePolicy())


def volume(found: Baseline, period: int) -> Any:
    return found.volumes.filter(pl.col("settlement_period") == period)["volume"].item()


def chosen(found: pl.DataFrame) -> list[date]:
    return found.filter("chosen")["settlement_date"].to_list()


def reason(found: pl.DataFrame, day: date) -> Any:
    return found.filter(pl.col("settlement_date") == day)["reason"].item()


def days_of(day: date, skipped: tuple[date, ...] = (), events: tuple[date, ...] = ()) -> pl.DataFrame:
    pairs = frame(PAIRS, {"bm_unit_id": UNIT, "pair_indicator": "T", "import_msid": MSID, "baselining_indicator": "B"})
    known = [flat(one, 1) for one in back(day, 70) if one not in skipped]
    set_days = frame(EVENT_DAYS, *({"bm_unit_id": UNIT, "import_msid": MSID, "event_day": one} for one in events))
    return historical_days(day, pairs, set_days, pl.concat(known))


def test_a_working_day_takes_the_ten_working_days_before_it() -> None:
    found = days_of(PLAIN)
    assert chosen(found) == [one for one in back(PLAIN, 15) if is_working_day(one)][:10]
    assert found.height == 60
    assert date(2026, 8, 31) not in chosen(found)
    assert reason(found, date(2026, 8, 31)) == reason(found, date(2026, 9, 12)) == "other kind of day"
    assert reason(found, date(2026, 8, 28)) == "more recent days suffice"
    assert found["settlement_date"].max() == date(2026, 9, 14)
    assert found["settlement_date"].min() == date(2026, 7, 17)


def test_a_weekend_takes_four_days_that_are_no_working_days() -> None:
    assert chosen(days_of(date(2026, 9, 12))) == [date(2026, 9, day) for day in (6, 5)] + [
        date(2026, 8, 31),
        date(2026, 8, 30),
    ]


def test_around_christmas_bank_holidays_are_days_of_the_other_kind() -> None:
    assert chosen(days_of(date(2026, 12, 29)))[:2] == [date(2026, 12, 24), date(2026, 12, 23)]
    assert chosen(days_of(date(2026, 12, 28))) == [date(2026, 12, day) for day in (27, 26, 25, 20)]
    assert chosen(days_of(date(2027, 1, 1))) == [date(2026, 12, day) for day in (28, 27, 26, 25)]


def test_event_days_and_days_not_metered_in_full_give_way_to_older_ones() -> None:
    event, gap = date(2026, 9, 14), date(2026, 9, 10)
    found = days_of(PLAIN, skipped=(gap,), events=(event,))
    assert reason(found, event) == "event day"
    assert reason(found, gap) == "not metered in every period"
    assert chosen(found) == [one for one in back(PLAIN, 19) if is_working_day(one) and one not in (event, gap)][:10]
    assert {event, gap} < set(chosen(days_of(PLAIN)))


def test_a_day_with_one_period_missing_is_not_metered_in_full() -> None:
    whole, lacking = dict.fromkeys(range(1, 49), 5), dict.fromkeys(range(1, 48), 7)
    found = of(PLAIN, [metered(date(2026, 9, 14), lacking), metered(date(2026, 9, 11), whole)])
    assert chosen(found.days) == [date(2026, 9, 11)]
    assert volume(found, 1) == 5


@pytest.mark.parametrize(("clocks", "after"), [(SHORT, date(2026, 4, 4)), (LONG, date(2026, 10, 31))])
def test_days_on_which_clocks_change_are_left_out(clocks: date, after: date) -> None:
    found = days_of(after)
    assert reason(found, clocks) == "clock change"
    assert reason(found, clocks - timedelta(days=1)) is None
    assert clocks not in chosen(found)


def test_days_more_than_sixty_back_are_not_looked_at() -> None:
    sixty, more = PLAIN - timedelta(days=60), PLAIN - timedelta(days=61)
    assert is_working_day(sixty)
    assert volume(of(PLAIN, [flat(sixty, 4)]), 1) == 4
    assert volume(of(PLAIN, [flat(more, 4)]), 1) is None


def test_the_worked_example() -> None:
    before, of_two = dict.fromkeys(range(20, 26), 10_000), [date(2026, 9, 14), date(2026, 9, 11)]
    history = [
        metered(one, {**dict.fromkeys(range(1, 49), 0), **before, 30: level})
        for one, level in zip(of_two, (20_000, 30_000), strict=True)
    ]
    on_the_day = metered(PLAIN, dict.fromkeys(range(20, 26), 11_000))
    pairs = frame(MSID_PAIRS, pair("B"), pair("S", import_msid="1300012345678"))
    found = of(PLAIN, [*history, on_the_day], first_period=28, pairs=pairs, submitted={30: 4_000})
    row = found.volumes.row(29, named=True)
    assert (row["days"], row["day_sum"]) == (2, 50_000)
    assert Fraction(row["adjustment_sum"], row["days"] * row["adjustment_periods"]) == 1_000
    assert row["volume"] == 26_000
    assert (volume(found, 27), volume(found, 28)) == (0, 1_000)
    unit = found.units.row(29, named=True)
    assert (unit["submitted"], unit["baselined"], unit["expected"]) == (4_000, 26_000, -22_000)


def adjusted(policy: BaselinePolicy, first_period: int, known: range) -> Baseline:
    return of(
        PLAIN,
        [flat(date(2026, 9, 14), 100), metered(PLAIN, dict.fromkeys(known, 160))],
        first_period=first_period,
        policy=policy,
    )


@pytest.mark.parametrize(
    ("policy", "first_period", "known", "expected"),
    [
        (BaselinePolicy(), 9, range(1, 7), 160),
        (BaselinePolicy(), 8, range(1, 7), 100),
        (BaselinePolicy(min_adjustment_periods=5), 8, range(1, 7), 160),
        (BaselinePolicy(min_adjustment_periods=1), 3, range(1, 49), 100),
        (BaselinePolicy(min_adjustment_periods=1), 4, range(1, 49), 160),
        (BaselinePolicy(), 20, range(12, 17), 100),
        (BaselinePolicy(), 20, range(12, 18), 160),
        (BaselinePolicy(adjustment_cap=Decimal("0.0025")), 20, range(12, 18), 125),
        (BaselinePolicy(adjustment_cap=Decimal("0.0060")), 20, range(12, 18), 160),
    ],
)
def test_what_is_adjusted(policy: BaselinePolicy, first_period: int, known: range, expected: int) -> None:
    found = adjusted(policy, first_period, known)
    assert volume(found, first_period) == volume(found, 48) == expected
    assert volume(found, first_period - 1) == 100


def test_a_whole_day_is_adjusted_where_the_policy_says_so() -> None:
    found = adjusted(BaselinePolicy(adjusted_periods="day"), 20, range(12, 18))
    assert set(found.volumes["volume"]) == {160}
    assert set(adjusted(BaselinePolicy(), 20, range(12, 18)).volumes["volume"]) == {100, 160}


def test_a_pair_with_too_few_days_has_no_baseline() -> None:
    history = [flat(date(2026, 9, 14), 100), flat(date(2026, 9, 11), 100)]
    enough, few = of(PLAIN, history, policy=BaselinePolicy(min_days=2)), BaselinePolicy(min_days=3)
    assert (volume(enough, 1), enough.units["expected"][0]) == (100, -100)
    assert (volume(of(PLAIN, history, policy=few), 1), of(PLAIN, history, policy=few).units["expected"][0]) == (
        None,
    ) * 2
    assert volume(of(PLAIN, [], policy=BaselinePolicy(min_days=0)), 1) is None


NUMBERED = {period: period for period in range(1, 49)}


@pytest.mark.parametrize(
    ("day", "way", "expected"),
    [
        (SHORT, "clock_time", [1, 2, *range(5, 49)]),
        (SHORT, "period_number", [*range(1, 47)]),
        (LONG, "clock_time", [1, 2, 3, 4, 3, 4, *range(5, 49)]),
        (LONG, "period_number", [*range(1, 49), None, None]),
        (date(2026, 9, 13), "clock_time", [*range(1, 49)]),
    ],
)
def test_days_of_46_and_50_periods_have_their_history(day: date, way: str, expected: list[int | None]) -> None:
    found = of(day, [metered(day - timedelta(days=1), NUMBERED)], policy=BaselinePolicy(clock_change=way))
    assert found.volumes["volume"].to_list() == expected
    assert found.units["baselined"].to_list() == expected


@pytest.mark.parametrize(("day", "first_period"), [(SHORT, 9), (LONG, 11)])
def test_the_periods_before_an_event_reach_over_a_clock_change(day: date, first_period: int) -> None:
    known = range(first_period - 8, first_period - 2)
    history = metered(day - timedelta(days=1), NUMBERED)
    flat_before = of(day, [history]).volumes.filter(pl.col("settlement_period").is_in(list(known)))["volume"]
    on_the_day = metered(day, {period: mean + 7 for period, mean in zip(known, flat_before, strict=True)})
    found = of(day, [history, on_the_day], first_period=first_period)
    assert volume(found, first_period) == volume(of(day, [history]), first_period) + 7


def test_pairs_are_those_of_the_day_with_the_last_indicator() -> None:
    pairs = frame(
        MSID_PAIRS,
        pair("S", effective_to=PLAIN),
        pair("B", import_msid="1300012345678", effective_from=PLAIN + timedelta(days=1)),
        pair("S", pair_indicator="A", import_msid=MSID, import_amsid=AMSID),
    )
    change = {
        "bm_unit_id": UNIT, "pair_indicator": "T", "import_msid": MSID, "effective_from": PLAIN,
        "received_at": datetime(2026, 9, 1, tzinfo=UTC),
    }  # fmt: skip
    details = frame(
        BASELINING_DETAILS,
        {**change, "baselining_indicator": "B", "submission_ref": "b", "line": 2},
        {**change, "baselining_indicator": "I", "submission_ref": "a", "line": 2},
        {**change, "baselining_indicator": "I", "effective_from": PLAIN + timedelta(days=1), "submission_ref": "c"},
    )
    found = pairs_on(PLAIN, pairs, details)
    assert found.select("import_msid", "import_amsid", "baselining_indicator").rows() == [
        (None, AMSID, "S"),
        (MSID, None, "B"),
    ]
    assert found["around_import_msid"].to_list() == [MSID, None]
    assert pairs_on(PLAIN - timedelta(days=1), pairs, details)["baselining_indicator"].to_list() == ["S", "S"]


def test_an_amsid_pair_is_baselined_by_its_own_volumes() -> None:
    pairs = frame(MSID_PAIRS, pair("B"), pair("B", pair_indicator="A", import_amsid=AMSID))
    history = [flat(date(2026, 9, 14), 100), flat(date(2026, 9, 14), 30, import_msid=None, import_amsid=AMSID)]
    assert set(of(PLAIN, history, pairs=pairs).units["baselined"]) == {130}
    differenced = frame(MSID_PAIRS, pair("B"), pair("B", pair_indicator="D", import_amsid=AMSID))
    assert set(of(PLAIN, history, pairs=differenced).units["baselined"]) == {None}


@pytest.mark.parametrize(("way", "expected"), [("metered", 140), ("zero", 100)])
def test_an_inactive_pair_is_expected_to_do_what_the_policy_says(way: str, expected: int) -> None:
    other = "1300012345678"
    pairs = frame(MSID_PAIRS, pair("B"), pair("I", import_msid=other))
    history = [flat(date(2026, 9, 14), 100), flat(PLAIN, 40, import_msid=other)]
    found = of(PLAIN, history, pairs=pairs, policy=BaselinePolicy(inactive_pairs=way))
    assert set(found.units["baselined"]) == {expected}
    assert set(found.units["expected"]) == {-expected}


@pytest.mark.parametrize(
    ("indicators", "submitted", "expected"),
    [
        ("B", None, (None, 100, -100)),
        ("B", 7, (7, 100, -100)),
        ("S", 7, (7, None, 7)),
        ("S", None, (None, None, None)),
        ("BS", 7, (7, 100, -93)),
        ("BS", 0, (0, 100, -100)),
        ("BS", None, (None, 100, None)),
    ],
)
def test_what_a_settlement_expected_volume_is_made_of(
    indicators: str, submitted: int | None, expected: tuple[int | None, ...]
) -> None:
    pairs = frame(MSID_PAIRS, *(pair(one, import_msid=str(1200012345679 + n)) for n, one in enumerate(indicators)))
    sent = {} if submitted is None else {1: submitted}
    found = of(PLAIN, [flat(date(2026, 9, 14), 100)], pairs=pairs, submitted=sent)
    assert found.units.select("submitted", "baselined", "expected").row(0) == expected


VOLUMES = st.integers(-(10**14) + 1, 10**14 - 1)
COUNTS = st.integers(1, 10)


@given(st.data(), st.sampled_from([PLAIN, SHORT, LONG]), st.integers(1, 46), COUNTS, st.integers(1, 6))
def test_volumes_are_those_of_exact_fractions(
    data: st.DataObject, day: date, first_period: int, count: int, least: int
) -> None:
    alike = [one for one in back(day, 60) if is_working_day(one) == is_working_day(day)]
    numbers = [one for one in alike if periods_in_day(one) == 48][:count][: 10 if is_working_day(day) else 4]
    levels = {one: {k: data.draw(VOLUMES) for k in (1, 11, 12, 13)} for one in numbers}
    levels = {
        one: {k: of_one[min(k, 13)] if k > 10 else of_one[1] for k in range(1, 49)} for one, of_one in levels.items()
    }
    of_day = {period: data.draw(st.none() | VOLUMES) for period in range(first_period - 9, first_period)}
    known = {period: level for period, level in of_day.items() if level is not None and period > 0}
    policy = BaselinePolicy(min_adjustment_periods=least)
    history = [metered(one, of_one) for one, of_one in levels.items()]
    found = of(day, [*history, metered(day, known)], first_period=first_period, policy=policy)

    periods = range(1, periods_in_day(day) + 1)
    shown = {k: period_start(day, k).astimezone(LONDON) for k in periods}
    means = {
        k: Fraction(sum(of_one[1 + at.hour * 2 + at.minute // 30] for of_one in levels.values()), len(levels))
        for k, at in shown.items()
    }
    before = [known[k] - means[k] for k in range(first_period - 8, first_period - 2) if k in known]
    adjustment = sum(before, Fraction(0)) / len(before) if len(before) >= least else Fraction(0)
    wanted = [round(means[k] + (adjustment if k >= first_period else 0)) for k in periods]
    assert found.volumes["volume"].to_list() == wanted
    assert found.units["expected"].to_list() == [-number for number in wanted]


def test_an_amsid_pair_around_which_two_msid_pairs_lie_counts_once() -> None:
    around = [pair("B", pair_indicator="A", import_amsid=AMSID, import_msid=msid) for msid in (MSID, "1300012345678")]
    history = [flat(date(2026, 9, 14), 30, import_msid=None, import_amsid=AMSID)]
    for pairs in (frame(MSID_PAIRS, *around), frame(MSID_PAIRS, around[0])):
        assert set(of(PLAIN, history, pairs=pairs).units["baselined"]) == {30}
