"""Segments by themselves and beside each other, their sign, their limits."""

from datetime import date

import pytest

from rules.judge import Judgement
from tests.rules.notified import LONG, ORDINARY, SHORT, Minutes, at, file_of, notified, outcomes
from tests.rules.world import lines_broken

EARLY = at("2026-09-14T09:30:00Z")
MORNING = 600
"""10:00 London time: period 21 of an ordinary day."""


def pn(*segments: Minutes, day: date = ORDINARY, unit: str = "T_DINO-1", **others: list[Minutes]) -> Judgement:
    return notified(file_of(day, unit, PNL=segments, **others), EARLY)


def messages(judgement: Judgement, rule: str) -> list[str]:
    return judgement.breaches.filter(rule=rule)["message"].to_list()


@pytest.mark.parametrize("record", ["PNL", "MEL", "MIL"])
def test_times_the_wrong_way_round_are_a_refused_unit_of_their_own(record: str) -> None:
    found = notified(file_of(ORDINARY, **{record: [(630, 0, 600, 0), (630, 0, 660, 0)]}), EARLY)
    kind = {"PNL": "PN"}.get(record, record)
    assert outcomes(found)["line 4"] == "R"
    assert outcomes(found)[f"T_DINO-1 {kind} 22"] in "AW"
    assert lines_broken(found, "PNS-01") == [4]


def test_seconds_are_told_and_refuse_the_periods_that_the_segment_touches() -> None:
    body = (
        "PNH|20260915|\nPNU|T_DINO-1|\nPNL|20260915090000|5|20260915093030|5|\nPNL|20260915093030|5|20260915103000|5|"
    )
    found = notified(body, EARLY)
    assert lines_broken(found, "PNS-01") == [4, 5]
    assert messages(found, "PNS-01")[0] == "Time To 2026-09-15 09:30:30 GMT is 30 s after a whole minute"
    assert outcomes(found) == {"T_DINO-1 PN 21": "R", "T_DINO-1 PN 22": "R", "T_DINO-1 PN 23": "R"}


def test_a_time_that_cannot_be_read_refuses_the_whole_bm_unit_and_no_other() -> None:
    body = (
        "PNH|20260915|\nPNU|T_DINO-1|\nPNL|2026091509|5|20260915093000|5|\nPNL|20260915093000|5|20260915100000|5|\n"
        "MEL|20260915093000|5|20260915100000|5|\nPNU|E_ABRTW-9|\nPNL|20260915093000|5|20260915100000|5|"
    )
    found = notified(body, EARLY)
    assert outcomes(found) == {
        "line 4": "R",
        "T_DINO-1 PN 22": "R",
        "T_DINO-1 MEL 22": "R",
        "E_ABRTW-9 PN 22": "W",
    }
    assert set(found.breaches.filter(severity="E")["rule"]) == {"FLD-07"}


def test_of_two_times_that_cannot_be_read_the_first_refuses_the_bm_unit_too() -> None:
    body = (
        "PNH|20260915|\nPNU|T_DINO-1|\nPNL|2026|5|2026|5|\nPNL|2026|5|2026|5|\nMEL|20260915093000|5|20260915100000|5|"
    )
    found = notified(body, EARLY)
    assert outcomes(found) == {"line 4": "R", "line 5": "R", "T_DINO-1 MEL 22": "R"}
    assert found.counts == {"FLD-07": 4}


def test_a_settlement_date_that_cannot_be_read_makes_each_segment_a_unit() -> None:
    body = (
        "PNH|20260931|\nPNU|T_DINO-1|\nPNL|20260915093000|5|20260915100000|5|\nMEL|20260915093000|5|20260915100000|5|"
    )
    found = notified(body, EARLY)
    assert outcomes(found) == {"line 4": "R", "line 5": "R"}
    assert set(found.counts) == {"FLD-07"}


@pytest.mark.parametrize("day", ["99991231", "00010101", "18500615"])
def test_days_that_no_market_has_are_refused(day: str) -> None:
    body = f"PNH|{day}|\nPNU|T_DINO-1|\nPNL|{day}093000|5|{day}100000|5|"
    found = notified(body, EARLY)
    assert outcomes(found) == {"line 4": "R"}
    assert set(found.breaches.filter(severity="E")["rule"]) <= {"PNT-03", "IDN-01"}


def test_a_bm_unit_without_a_name_makes_each_segment_a_unit() -> None:
    found = notified("PNH|20260915|\nPNU||\nPNL|20260915093000|5|20260915100000|5|\nPNU||", EARLY)
    assert outcomes(found) == {"line 4": "R", "line 5": "R"}
    assert found.counts == {"FLD-01": 2, "PNS-02": 1}


@pytest.mark.parametrize(
    ("first", "last", "broken"),
    [(0, 30, False), (-30, 0, True), (-30, 30, True), (1410, 1440, False), (1410, 1441, True), (1440, 1470, True)],
)
def test_a_segment_lies_in_the_settlement_day(first: int, last: int, broken: bool) -> None:
    assert (lines_broken(pn((first, 5, last, 5)), "PNS-07") == [4]) == broken


@pytest.mark.parametrize(("day", "minutes"), [(SHORT, 46 * 30), (ORDINARY, 48 * 30), (LONG, 50 * 30)])
def test_the_settlement_day_ends_with_its_last_period(day: date, minutes: int) -> None:
    received_at = at(f"{day.replace(day=day.day - 1)}T09:30:00Z")
    within = notified(file_of(day, PNL=[(0, 5, minutes, 5)]), received_at)
    assert within.outcome == "ACCEPTED"
    assert within.counts == {}
    assert within.units.height == minutes // 30
    beyond = notified(file_of(day, PNL=[(0, 5, minutes + 30, 5)]), received_at)
    assert lines_broken(beyond, "PNS-07") == [4]
    assert beyond.units.height == minutes // 30
    assert beyond.outcome == "REJECTED"


def test_a_segment_partly_outside_refuses_the_periods_that_it_touches_one_wholly_outside_stands_alone() -> None:
    found = pn((-30, 5, 30, 5), (30, 5, 60, 5), (1440, 5, 1470, 5))
    assert outcomes(found) == {"T_DINO-1 PN 1": "R", "T_DINO-1 PN 2": "W", "line 6": "R"}


def test_overlapping_segments_refuse_what_both_touch() -> None:
    found = pn((600, 5, 640, 5), (630, 5, 660, 5), (660, 5, 690, 5))
    assert lines_broken(found, "PNS-03") == [4, 5]
    assert outcomes(found) == {"T_DINO-1 PN 21": "R", "T_DINO-1 PN 22": "R", "T_DINO-1 PN 23": "W"}
    assert messages(found, "PNS-03")[0].endswith("overlaps 2026-09-15 09:30:00 to 2026-09-15 10:00:00 GMT on line 5")


def test_an_overlap_is_found_behind_another_segment() -> None:
    found = pn((600, 5, 720, 5), (610, 5, 620, 5), (630, 5, 660, 5), (720, 5, 750, 5))
    assert lines_broken(found, "PNS-03") == [4, 5, 6]


def test_segments_of_different_kinds_and_bm_units_do_not_overlap() -> None:
    body = file_of(ORDINARY, PNL=[(600, 5, 630, 5)], MEL=[(600, 9, 630, 9)], MIL=[(600, -1, 630, -1)])
    other = file_of(ORDINARY, "E_ABRTW-9", PNL=[(600, 5, 630, 5)]).split("\n", 1)[1]
    found = notified(f"{body}\n{other}", EARLY)
    assert set(found.counts) == {"PNS-05"}


def test_segments_out_of_order_are_told_and_accepted() -> None:
    found = pn((630, 5, 660, 5), (600, 5, 630, 5))
    assert lines_broken(found, "PNS-06") == [5]
    assert outcomes(found) == {"T_DINO-1 PN 22": "W", "T_DINO-1 PN 21": "W"}
    assert lines_broken(pn((600, 5, 630, 5), (630, 5, 660, 5)), "PNS-06") == []


def test_a_step_is_told_where_it_is_and_a_slope_is_none() -> None:
    found = pn((600, 4, 645, 4), (645, 5, 660, 9), (660, 9, 690, 9))
    assert lines_broken(found, "PNS-08") == [5]
    assert messages(found, "PNS-08") == ["a step at 2026-09-15 09:45:00 GMT from 4 to 5 MW"]


@pytest.mark.parametrize(
    ("segments", "gap"),
    [
        ([(605, 5, 630, 5)], "09:00:00 to 2026-09-15 09:05:00"),
        ([(600, 5, 620, 5)], "09:20:00 to 2026-09-15 09:30:00"),
        ([(600, 5, 610, 5), (611, 5, 630, 5)], "09:10:00 to 2026-09-15 09:11:00"),
        ([(600, 5, 610, 5), (610, 5, 630, 5)], None),
        ([(610, 5, 630, 5), (600, 5, 610, 5)], None),
    ],
)
def test_a_pn_has_a_level_at_every_instant_of_the_periods_that_it_touches(
    segments: list[Minutes], gap: str | None
) -> None:
    found = pn(*segments)
    assert (outcomes(found)["T_DINO-1 PN 21"] == "R") == (gap is not None)
    told = messages(found, "PNS-04")
    assert told == ([] if gap is None else [f"the PN of Settlement Period 21 has no level from 2026-09-15 {gap} GMT"])


def test_limits_may_leave_gaps() -> None:
    found = notified(file_of(ORDINARY, MEL=[(605, 5, 610, 5)], MIL=[(601, 0, 602, 0)]), EARLY)
    assert outcomes(found) == {"T_DINO-1 MEL 21": "A", "T_DINO-1 MIL 21": "A"}


def test_limits_have_the_sign_of_their_side() -> None:
    found = notified(file_of(ORDINARY, MEL=[(600, 5, 630, -1)], MIL=[(600, 1, 630, 0)]), EARLY)
    assert lines_broken(found, "PNR-05") == [4, 5]
    assert messages(found, "PNR-05")[0] == "Level To of MEL is -1 MW, negative, its bound is 0 MW"
    assert notified(file_of(ORDINARY, MEL=[(600, 0, 630, 0)], MIL=[(600, 0, 630, 0)]), EARLY).counts == {}


@pytest.mark.parametrize(
    ("mel", "message"),
    [
        ([(600, 45, 660, 45)], None),
        ([(600, 44, 660, 46)], "the PN is 45 MW at 2026-09-15 09:00:00 GMT, above the MEL of 44 MW"),
        (
            [(600, 50, 615, 50), (615, 44, 660, 50)],
            "the PN is 45 MW at 2026-09-15 09:15:00 GMT, above the MEL of 44 MW",
        ),
        ([(600, 46, 660, 43)], "the PN is 45 MW at 2026-09-15 10:00:00 GMT, above the MEL of 43 MW"),
        ([(540, 47, 630, 44)], "the PN is 45 MW at 2026-09-15 09:30:00 GMT, above the MEL of 44 MW"),
        ([(540, 45, 600, 44), (660, 44, 690, 44)], None),
    ],
)
def test_a_pn_is_within_its_mel_at_every_breakpoint_of_either(mel: list[Minutes], message: str | None) -> None:
    found = pn((600, 45, 660, 45), MEL=mel)
    assert messages(found, "PNR-02") == ([] if message is None else [message])


def test_a_level_between_breakpoints_is_told_as_a_fraction() -> None:
    found = pn((600, 0, 660, 10), MEL=[(610, 1, 660, 90)])
    assert messages(found, "PNR-02") == ["the PN is 5/3 MW at 2026-09-15 09:10:00 GMT, above the MEL of 1 MW"]
    assert pn((600, 0, 660, 6), MEL=[(610, 1, 660, 90)]).counts.keys() == {"PNS-05"}


def test_a_pn_is_within_its_mil() -> None:
    found = pn((600, -1, 660, -2), MIL=[(600, -1, 660, -1)])
    assert messages(found, "PNR-02") == ["the PN is -2 MW at 2026-09-15 10:00:00 GMT, below the MIL of -1 MW"]
    assert "PNR-02" not in pn((600, -1, 660, -2), MIL=[(600, -1, 660, -2)]).counts


def test_limits_of_other_bm_units_are_theirs() -> None:
    body = file_of(ORDINARY, PNL=[(600, 45, 630, 45)], MEL=[(600, 50, 630, 50)])
    other = file_of(ORDINARY, "E_ABRTW-9", PNL=[(600, 5, 630, 5)], MEL=[(600, 4, 630, 5)]).split("\n", 1)[1]
    assert lines_broken(notified(f"{body}\n{other}", EARLY), "PNR-02") == [7]
