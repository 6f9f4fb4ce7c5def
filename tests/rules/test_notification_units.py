"""BM Units that are notified, Gate Closure, and what of a file is put in force."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.profile import energy
from market.settlement_period import day_start, gate_closure, period_start, periods_in_day
from rules.notification.effect import accepted_pieces
from tests.rules.notified import (
    LONG,
    MINUTE,
    ORDINARY,
    SHORT,
    Minutes,
    after,
    at,
    file_of,
    letters,
    notified,
    outcomes,
)
from tests.rules.world import POLICY, judged, lines_broken, references

EARLY = at("2026-09-14T09:30:00Z")
SECOND = timedelta(seconds=1)
DAYS = [ORDINARY, SHORT, LONG]


def day_of(periods: int, level: int = 5) -> list[Minutes]:
    return [(0, level, periods * 30, level)]


@pytest.mark.parametrize("day", DAYS)
def test_closed_periods_are_refused_one_by_one_and_open_ones_kept(day: date) -> None:
    periods = periods_in_day(day)
    body = file_of(day, PNL=day_of(periods))
    for period in (1, 2, 4, 5, periods):
        closing = gate_closure(day, period)
        assert letters(notified(body, closing)).count("R") == period
        assert letters(notified(body, closing - SECOND)).count("R") == period - 1


def test_a_file_that_arrives_while_its_day_is_running() -> None:
    body = file_of(ORDINARY, PNL=day_of(48), MEL=day_of(48, 50), MIL=day_of(48, -2))
    found = notified(body, at("2026-09-15T09:30:00Z"))
    assert found.outcome == "PARTIAL"
    assert letters(found) == "R" * 24 + "W" * 24 + "W" * 96
    assert found.counts["PNT-01"] == 24
    told = found.breaches.filter(rule="PNT-01")
    assert told["message"][22] == (
        "Settlement Period 23 closed at 2026-09-15 09:00:00 GMT, its PN is received 2026-09-15 09:30:00 GMT"
    )
    assert found.refused["reason"][22].startswith("PNT-01 Settlement Period 23 closed at")
    assert sorted(Counter(accepted_pieces(found.effect)["kind"]).items()) == [("MEL", 48), ("MIL", 48), ("PN", 24)]


@pytest.mark.parametrize("day", DAYS)
def test_a_closed_period_equal_to_the_pn_in_force_is_no_change(day: date) -> None:
    periods = periods_in_day(day)
    before = day_start(day) - timedelta(hours=20)
    first = notified(file_of(day, "T_ZERO-1", PNL=[(0, 0, periods * 30, periods * 3)]), before)
    known = after(first, before, "S1")
    running = gate_closure(day, 10)
    split = [(0, 0, 100, 10), (100, 10, 200, 20), (200, 20, periods * 30, periods * 3)]
    same = notified(file_of(day, "T_ZERO-1", PNL=split), running, known=known)
    assert same.outcome == "ACCEPTED"
    assert letters(same) == "N" * 10 + "A" * (periods - 10)
    assert "PNT-01" not in same.counts
    other = [(0, 0, 100, 10), (100, 10, 160, 17), (160, 17, 200, 20), (200, 20, periods * 30, periods * 3)]
    changed = notified(file_of(day, "T_ZERO-1", PNL=other), running, known=known)
    assert letters(changed) == "NNNRRRRNNN" + "A" * (periods - 10)


def test_what_is_no_change_puts_nothing_in_force_and_the_last_submission_counts() -> None:
    first = notified(file_of(ORDINARY, PNL=day_of(48)), EARLY)
    known = after(first, EARLY, "S1")
    second = notified(file_of(ORDINARY, PNL=[(600, 7, 660, 7)]), EARLY + SECOND, known=known)
    known = after(second, EARLY + SECOND, "S2", known)
    running = at("2026-09-15T08:29:59Z")
    body = file_of(ORDINARY, PNL=[(600, 7, 630, 7), (630, 5, 660, 5)])
    found = notified(body, running, known=known)
    assert outcomes(found) == {"T_DINO-1 PN 21": "N", "T_DINO-1 PN 22": "A"}
    assert accepted_pieces(found.effect.filter(pl.col("outcome") != "N"))["settlement_period"].to_list() == [22]
    assert letters(notified(file_of(ORDINARY, PNL=[(600, 5, 630, 5)]), running, known=known)) == "R"


def test_limits_are_never_unchanged_and_may_come_at_any_time() -> None:
    body = file_of(ORDINARY, MEL=day_of(48, 50))
    known = after(notified(body, EARLY), EARLY, "S1")
    assert letters(notified(body, at("2026-10-15T09:30:00Z"), known=known)) == "A" * 48


def test_a_pn_of_a_bm_unit_of_another_party_is_not_told() -> None:
    body = file_of(ORDINARY, "T_OTTR-1", PNL=[(600, 5, 630, 5)])
    known = after(notified(body, EARLY, sender="OTHR"), EARLY, "S1")
    late = at("2026-09-15T09:30:00Z")
    assert letters(notified(body, late, known=known, sender="OTHR")) == "N"
    assert notified(body, late, known=known).counts == {"IDN-02": 1, "PNT-01": 1}


@pytest.mark.parametrize(("day", "periods"), [(SHORT, 46), (ORDINARY, 48), (LONG, 50)])
def test_the_first_pn_for_a_day_covers_it(day: date, periods: int) -> None:
    before = day_start(day) - timedelta(hours=20)
    assert "PNS-05" not in notified(file_of(day, PNL=day_of(periods)), before).counts
    short = notified(file_of(day, PNL=day_of(periods - 1)), before)
    assert short.breaches.filter(rule="PNS-05")["message"].to_list() == [
        f"the first PN of T_DINO-1 for {day:%Y%m%d} is for {periods - 1} of {periods} Settlement Periods"
    ]
    known = after(short, before, "S1")
    assert "PNS-05" not in notified(file_of(day, PNL=day_of(1)), before + SECOND, known=known).counts
    assert "PNS-05" not in notified(file_of(day, MEL=day_of(1)), before).counts


@pytest.mark.parametrize(
    ("day", "deadline"),
    [
        (ORDINARY, "2026-09-14T10:00:00Z"),
        (SHORT, "2026-03-28T11:00:00Z"),
        (date(2026, 3, 30), "2026-03-29T10:00:00Z"),
        (LONG, "2026-10-24T10:00:00Z"),
        (date(2026, 10, 26), "2026-10-25T11:00:00Z"),
    ],
)
def test_the_first_pn_is_due_at_eleven_london_time_on_the_day_before(day: date, deadline: str) -> None:
    body = file_of(day, PNL=day_of(periods_in_day(day)))
    assert "PNT-02" not in notified(body, at(deadline)).counts
    late = notified(body, at(deadline) + SECOND)
    assert lines_broken(late, "PNT-02") == [3]
    assert late.outcome == "ACCEPTED"
    known = after(notified(body, at(deadline)), at(deadline), "S1")
    assert "PNT-02" not in notified(body, at(deadline) + SECOND, known=known).counts


@pytest.mark.parametrize(("received_at", "broken"), [("2026-09-01T22:59:59Z", False), ("2026-08-31T22:59:59Z", True)])
def test_a_day_is_not_notified_more_than_fourteen_days_ahead(received_at: str, broken: bool) -> None:
    found = notified(file_of(ORDINARY, PNL=day_of(48), MEL=day_of(48)), at(received_at))
    assert (lines_broken(found, "PNT-03") == [2]) == broken
    assert letters(found) == ("R" if broken else "A") * 96


def test_a_bm_unit_goes_by_its_bsc_id_or_its_netso_name() -> None:
    found = notified(file_of(ORDINARY, "ABRTW-9", PNL=day_of(48)), EARLY)
    assert found.outcome == "ACCEPTED"
    assert found.units["key"][0] == "ABRTW-9 PN 1"
    assert set(found.effect["bm_unit_id"]) == {"E_ABRTW-9"}
    assert notified(file_of(ORDINARY, "ABRTW-8", PNL=day_of(48)), EARLY).counts == {"IDN-01": 1}
    assert notified(file_of(ORDINARY, "OTTR-1", PNL=day_of(48)), EARLY).counts == {"IDN-02": 1}


def test_a_bsc_id_comes_before_an_equal_netso_name_and_of_two_equal_names_the_senders_unit() -> None:
    known = references()
    named = known["bm_units"].with_columns(
        netso_name=pl.when(pl.col("bm_unit_id").is_in(["T_OTTR-1", "T_DINO-1"]))
        .then(pl.lit("SAME-1"))
        .when(bm_unit_id="T_ZERO-1")
        .then(pl.lit("E_ABRTW-9"))
        .otherwise("netso_name")
    )
    known = {**known, "bm_units": named}
    for name, unit in (("SAME-1", "T_DINO-1"), ("E_ABRTW-9", "E_ABRTW-9")):
        found = notified(file_of(ORDINARY, name, PNL=day_of(48)), EARLY, known=known)
        assert set(found.effect["bm_unit_id"]) == {unit}


def test_the_lead_party_and_the_registration_are_those_of_the_settlement_day() -> None:
    day, received_at = date(2026, 12, 1), at("2026-11-30T09:30:00Z")
    assert notified(file_of(day, "T_MOVE-1", PNL=day_of(48)), received_at).counts == {"IDN-02": 1}
    assert notified(file_of(day, "T_MOVE-1", PNL=day_of(48)), received_at, sender="OTHR").counts == {}
    assert notified(file_of(day, "T_OLDE-1", PNL=day_of(48)), received_at).counts == {"IDN-01": 1}
    before = date(2026, 11, 30)
    assert notified(file_of(before, "T_MOVE-1", PNL=day_of(48)), at("2026-11-29T09:30:00Z")).counts == {}


def test_a_bm_unit_that_stands_twice_is_refused_in_both_places() -> None:
    body = file_of(ORDINARY, PNL=[(600, 5, 630, 5)])
    again = file_of(ORDINARY, "DINO-1", PNL=[(630, 5, 660, 5)]).split("\n", 1)[1]
    other = file_of(ORDINARY, "E_ABRTW-9", PNL=[(630, 5, 660, 5)]).split("\n", 1)[1]
    found = notified(f"{body}\n{again}\n{other}", EARLY)
    assert lines_broken(found, "PNS-09") == [3, 5]
    assert outcomes(found) == {"T_DINO-1 PN 21": "R", "DINO-1 PN 22": "R", "E_ABRTW-9 PN 22": "W"}
    assert found.breaches.filter(rule="PNS-09")["message"][1] == (
        "BM Unit T_DINO-1 stands 2 times in the file, first on line 3"
    )


def test_a_bm_unit_without_segments_is_refused_by_its_name() -> None:
    found = notified(file_of(ORDINARY) + "\nPNU|E_ABRTW-9|\n" + "MEL|20260915090000|5|20260915093000|5|", EARLY)
    assert outcomes(found) == {"T_DINO-1": "R", "E_ABRTW-9 MEL 21": "A"}
    assert lines_broken(found, "PNS-02") == [3]


@pytest.mark.parametrize(
    ("unit", "level", "broken"),
    [
        ("T_DINO-1", 99, False),
        ("T_DINO-1", 100, True),
        ("T_DINO-1", -2, False),
        ("T_DINO-1", -3, True),
        ("E_ABRTW-9", 15, False),
        ("E_ABRTW-9", 16, True),
        ("T_ZERO-1", 100, False),
        ("T_NEWU-1", 100, False),
    ],
)
def test_a_level_is_within_the_capacity_in_force(unit: str, level: int, broken: bool) -> None:
    found = notified(file_of(ORDINARY, unit, PNL=[(600, 0, 630, level)]), EARLY)
    assert (lines_broken(found, "PNR-01") == [4]) == broken


def test_a_secondary_bm_unit_has_no_capacity_to_be_within() -> None:
    body = file_of(ORDINARY, "V__FEXMP001", PNL=[(600, 0, 630, 9)])
    assert "PNR-01" not in notified(body, EARLY, sender="VOLT").counts


def test_the_capacity_in_force_is_that_of_the_settlement_day() -> None:
    known = references()
    row = {"bm_unit_id": "T_DINO-1", "source": "DECLARATION", "submission_ref": "S0", "line": 3, "received_at": EARLY}
    declared = [
        {**row, "effective_from": date(2026, 9, 15), "generation_capacity": 120_000, "demand_capacity": -2_000},
        {**row, "effective_from": date(2026, 9, 16), "generation_capacity": 50_000, "demand_capacity": -2_000},
    ]
    values = pl.DataFrame(declared, known["capacity_values"].schema)
    found = notified(file_of(ORDINARY, PNL=[(600, 120, 630, 121)]), EARLY, known={**known, "capacity_values": values})
    told = found.breaches.filter(rule="PNR-01").row(0, named=True)
    assert (told["item"], told["message"]) == (
        "Level To",
        "Level To 121 MW is above the Generation Capacity in force, 120 MW",
    )


@pytest.mark.parametrize(
    ("unit", "level", "broken"),
    [
        ("I_EAG-ACME1", 5, False),
        ("I_EAG-ACME1", -5, True),
        ("I_EAD-ACME1", -5, False),
        ("I_EAD-ACME1", 5, True),
        ("T_DINO-1", -1, False),
    ],
)
def test_an_interconnector_bm_unit_keeps_its_direction(unit: str, level: int, broken: bool) -> None:
    found = notified(file_of(ORDINARY, unit, PNL=[(600, level, 630, 0)]), EARLY)
    assert (lines_broken(found, "PNR-04") == [4]) == broken


def test_units_are_the_same_however_the_file_is_cut() -> None:
    units = ["T_DINO-1", "E_ABRTW-9", "T_ZERO-1", "T_NEWU-1", "2__CACME000"]
    segments = {"PNL": [(600, 5, 640, 5), (630, 5, 660, 5)], "MEL": [(600, 9, 700, 9)]}
    bodies = [file_of(ORDINARY, unit, **segments).split("\n", 1)[1] for unit in units]
    body = "\n".join(["PNH|20260915|", *bodies, "PNU|DINO-1|", "PNU|T_OTTR-1|", "PNL|2026|5|20260915093000|5|"])
    whole, cut = notified(body, EARLY), notified(body, EARLY, slice_records=3)
    assert whole.units.equals(cut.units)
    assert whole.breaches.equals(cut.breaches)
    assert whole.effect.equals(cut.effect)
    assert whole.refused.equals(cut.refused)


@st.composite
def any_file(draw: st.DrawFn) -> tuple[date, list[Minutes]]:
    day = draw(st.sampled_from(DAYS))
    minutes = st.integers(-60, periods_in_day(day) * 30 + 60)
    level = st.integers(-99, 99)
    drawn = draw(st.lists(st.tuples(minutes, level, minutes, level), min_size=1, max_size=10))
    chain = sorted(draw(st.sets(st.integers(0, periods_in_day(day) * 2), max_size=8)))
    return day, [*drawn, *((a * 15, draw(level), b * 15, draw(level)) for a, b in pairwise(chain))]


def energy_in(segments: list[Minutes], first: int, last: int) -> Fraction:
    total = Fraction(0)
    for time_from, level_from, time_to, level_to in segments:
        a, b = max(first, time_from), min(last, time_to)
        if a < b:
            middle = Fraction(a + b, 2) - time_from
            total += (level_from + (level_to - level_from) * middle / (time_to - time_from)) * Fraction(b - a, 60)
    return total


@settings(max_examples=40, deadline=None)
@given(any_file())
def test_accepted_periods_have_exactly_the_energy_of_the_file_in_them(drawn: tuple[date, list[Minutes]]) -> None:
    day, segments = drawn
    found = notified(file_of(day, PNL=segments), day_start(day) - timedelta(days=1))
    pieces = accepted_pieces(found.effect)
    over, under = energy()
    energies = pieces.select("settlement_period", over.alias("over"), under.alias("under")).rows()
    for period in set(pieces["settlement_period"]):
        got = sum((Fraction(a, b) for number, a, b in energies if number == period), start=Fraction(0))
        assert got == energy_in(segments, (period - 1) * 30, period * 30)
        start = period_start(day, period)
        of_period = pieces.filter(settlement_period=period).sort("piece_from")
        assert (of_period["piece_from"][0], of_period["piece_to"][-1]) == (start, start + 30 * MINUTE)
    assert found.units.filter(pl.col("outcome") != "R").height == len(set(pieces["settlement_period"]))


def test_the_horizon_is_policy() -> None:
    body = file_of(ORDINARY, PNL=day_of(48))
    found = judged(body, flow="K0011001", received_at=EARLY, policy=replace(POLICY, pn_horizon_days=0))
    assert found.breaches.filter(rule="PNT-03")["message"].to_list() == [
        "Settlement Date 20260915 is beyond 20260914, the last of 0 days ahead"
    ]
