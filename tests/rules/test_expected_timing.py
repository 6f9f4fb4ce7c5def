"""Expected volumes at Gate Closure and at midnight, on days of 46, 48 and 50 periods."""

from datetime import date, timedelta

import pytest

from tests.rules.expected import UNIT, at, in_force, outcomes, sev
from tests.rules.world import lines_broken

SECOND = timedelta(seconds=1)
SUMMER_DAY = date(2026, 9, 15)


@pytest.mark.parametrize(
    ("day", "period", "closure"),
    [
        ("20260915", 1, "2026-09-14T22:00:00Z"),
        ("20260915", 48, "2026-09-15T21:30:00Z"),
        ("20260329", 1, "2026-03-28T23:00:00Z"),
        ("20260329", 2, "2026-03-28T23:30:00Z"),
        ("20260329", 3, "2026-03-29T00:00:00Z"),
        ("20260329", 46, "2026-03-29T21:30:00Z"),
        ("20261025", 1, "2026-10-24T22:00:00Z"),
        ("20261025", 3, "2026-10-24T23:00:00Z"),
        ("20261025", 5, "2026-10-25T00:00:00Z"),
        ("20261025", 50, "2026-10-25T22:30:00Z"),
        ("20261026", 1, "2026-10-25T23:00:00Z"),
    ],
)
def test_a_volume_is_in_time_until_a_second_before_gate_closure(day: str, period: int, closure: str) -> None:
    in_time = sev(f"{day}|{day}", [f"{period}|0.5"], at(closure) - SECOND)
    late = sev(f"{day}|{day}", [f"{period}|0.5"], at(closure))
    assert outcomes(in_time) == {f"{UNIT} {day} {period}": "A"}
    assert outcomes(late) == {f"{UNIT} {day} {period}": "R"}
    assert (lines_broken(in_time, "SEV-03"), lines_broken(late, "SEV-03")) == ([], [4])


@pytest.mark.parametrize(("day", "last"), [("20260329", 46), ("20260915", 48), ("20261025", 50)])
def test_a_file_that_comes_while_its_day_runs_is_refused_period_by_period(day: str, last: int) -> None:
    before_noon = at(f"{day[:4]}-{day[4:6]}-{day[6:]}T11:00:00Z")
    judgement = sev(f"{day}|{day}", [f"{period}|0.5" for period in range(1, last + 1)], before_noon)
    # those that begin until 12:00 GMT: twelve hours after the midnight of the day of 46, thirteen after the others
    closed = 25 if last == 46 else 27
    assert judgement.outcome == "PARTIAL"
    assert judgement.units["outcome"].to_list() == ["R"] * closed + ["A"] * (last - closed)
    assert judgement.counts == {"SEV-03": closed}
    assert lines_broken(judgement, "SEV-03") == list(range(4, 4 + closed))


def test_a_late_volume_tells_when_it_came_and_when_its_gate_closed() -> None:
    late = sev("20261025|20261025", ["3|0.5"], at("2026-10-25T00:30:00+01:00"))
    breach = late.breaches.row(0, named=True)
    assert breach["message"] == ("received 2026-10-24 23:30:00 GMT, Gate Closure of period 3 is 2026-10-24 23:00:00")
    assert (breach["record"], breach["item"], breach["value"]) == ("BSP", "Settlement Period Id", "3")
    assert late.refused["reason"].to_list() == [f"SEV-03 {breach['message']}"]
    assert len(f"SEV-03 {breach['message']}") <= 100


def test_of_a_range_the_days_that_have_begun_are_late_and_the_others_are_not() -> None:
    judgement = sev("20261024|20261026", ["2|0.5", "50|0.5"], at("2026-10-25T12:00:00Z"))
    assert outcomes(judgement) == {
        f"{UNIT} 20261024 2": "R",
        f"{UNIT} 20261025 2": "R",
        f"{UNIT} 20261026 2": "A",
        f"{UNIT} 20261025 50": "A",
    }
    assert judgement.counts == {"SEV-03": 2}
    assert judgement.breaches["unit"].to_list() == [0, 1]


LATE = at("2026-09-15T20:00:00Z")


@pytest.mark.parametrize(
    ("volumes", "row", "outcome"),
    [
        pytest.param([(SUMMER_DAY, SUMMER_DAY, 2, 5_000)], "2|0.5", "N", id="equal to the dated one"),
        pytest.param([(SUMMER_DAY, SUMMER_DAY, 2, 5_000)], "2|0.50", "N", id="equal in another form"),
        pytest.param([(SUMMER_DAY, SUMMER_DAY, 2, 5_000)], "2|-0.5", "R", id="of the other sign"),
        pytest.param([(SUMMER_DAY, SUMMER_DAY, 2, 5_000)], "3|0.5", "R", id="equal to that of another period"),
        pytest.param([(date(2026, 9, 14), date(2026, 9, 14), 2, 5_000)], "2|0.5", "R", id="to that of another day"),
        pytest.param([(date(2026, 9, 1), None, 2, 5_000)], "2|0.5", "N", id="equal to the Default"),
        pytest.param([(date(2026, 9, 16), None, 2, 5_000)], "2|0.5", "R", id="equal to a Default from tomorrow"),
        pytest.param(
            [(date(2026, 9, 1), None, 2, 5_000), (date(2026, 9, 10), None, 2, 7_000)],
            "2|0.5",
            "R",
            id="equal to a Default that another replaced",
        ),
        pytest.param(
            [(SUMMER_DAY, SUMMER_DAY, 2, 7_000), (date(2026, 9, 1), None, 2, 5_000)],
            "2|0.5",
            "R",
            id="equal to the Default where a dated one holds",
        ),
        pytest.param(
            [(SUMMER_DAY, SUMMER_DAY, 2, 5_000), (SUMMER_DAY, SUMMER_DAY, 2, 7_000)],
            "2|0.5",
            "R",
            id="equal to one that another replaced",
        ),
    ],
)
def test_a_late_volume_that_is_in_force_is_no_change(
    volumes: list[tuple[date, date | None, int, int]], row: str, outcome: str
) -> None:
    judgement = sev("20260915|20260915", [row], LATE, known=in_force(*volumes))
    assert outcomes(judgement) == {f"{UNIT} 20260915 {row[0]}": outcome}
    assert ("SEV-03" in judgement.counts) == (outcome == "R")


def test_a_volume_in_time_that_is_in_force_is_no_change_as_well() -> None:
    known = in_force((SUMMER_DAY, SUMMER_DAY, 47, 5_000), (SUMMER_DAY, SUMMER_DAY, 48, 5_000))
    judgement = sev("20260915|20260915", ["47|0.5", "48|0.6"], at("2026-09-15T20:00:00Z"), known=known)
    assert outcomes(judgement) == {f"{UNIT} 20260915 47": "N", f"{UNIT} 20260915 48": "A"}
    assert judgement.outcome == "ACCEPTED"


def test_of_a_range_no_change_is_told_day_by_day() -> None:
    day = date(2026, 10, 25)
    known = in_force((day, day, 50, 5_000), (date(2026, 10, 26), None, 2, 5_000))
    judgement = sev("20261025|20261026", ["2|0.5", "50|0.5"], at("2026-10-20T12:00:00Z"), known=known)
    assert outcomes(judgement) == {f"{UNIT} 20261025 2": "A", f"{UNIT} 20261026 2": "N", f"{UNIT} 20261025 50": "N"}


def test_a_default_equal_to_the_default_in_force_is_no_change() -> None:
    known = in_force((SUMMER_DAY, SUMMER_DAY, 1, 6_000), (date(2026, 9, 1), None, 1, 5_000), (SUMMER_DAY, None, 50, 7))
    judgement = sev("20260915|", ["1|0.5", "2|0.5", "50|0.0007"], at("2026-09-14T12:00:00Z"), known=known)
    assert outcomes(judgement) == {f"{UNIT} 1": "N", f"{UNIT} 2": "W", f"{UNIT} 50": "N"}
    earlier = sev("20260831|", ["1|0.5"], at("2026-08-30T12:00:00Z"), known=known)
    assert outcomes(earlier) == {f"{UNIT} 1": "W"}


@pytest.mark.parametrize(
    ("day", "midnight"),
    [
        ("20260916", "2026-09-15T23:00:00Z"),
        ("20260329", "2026-03-29T00:00:00Z"),
        ("20260330", "2026-03-29T23:00:00Z"),
        ("20261025", "2026-10-24T23:00:00Z"),
        ("20261026", "2026-10-26T00:00:00Z"),
    ],
)
def test_a_default_is_in_time_until_a_second_before_midnight(day: str, midnight: str) -> None:
    in_time = sev(f"{day}|", ["1|0.5", "2|0.5"], at(midnight) - SECOND)
    late = sev(f"{day}|", ["1|0.5", "2|0.5"], at(midnight))
    assert set(outcomes(in_time).values()) == {"W"}
    assert outcomes(late) == {f"{UNIT} 1": "R", f"{UNIT} 2": "R"}
    assert (lines_broken(in_time, "SEV-02"), lines_broken(late, "SEV-02")) == ([], [2])
    assert late.breaches.filter(rule="SEV-02")["message"].to_list() == [
        f"received {at(midnight):%Y-%m-%d %H:%M:%S} GMT, the Default SEV begins {at(midnight):%Y-%m-%d %H:%M:%S} GMT"
    ]
