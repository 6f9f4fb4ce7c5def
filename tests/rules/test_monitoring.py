"""The rules of scheduled runs over frames: their examples, run, and what stands beside them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from market.clock import london_day
from market.frames import OPEN_END
from market.reference import EXPECTED_VOLUMES, NOTIFICATIONS
from market.season import Season, season_of
from market.settlement_period import period_start, periods_in_day
from rules.catalogue import all_rules
from rules.monitoring.expected import MON_09, without_expected_volume
from rules.monitoring.notified import MON_08, without_notification
from rules.monitoring.season import MON_06, MON_07, undeclared
from rules.rule import Example, Rule
from tests.rules.world import in_force_after, judged, references

Frames = Mapping[str, pl.DataFrame]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
WINTER = Season("WIN", 2026)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def declared(known: Frames, day: date) -> pl.DataFrame:
    return undeclared(season_of(day).next, known["bm_units"], known["capacity_values"])


def notified(known: Frames, day: date) -> pl.DataFrame:
    return without_notification(day + timedelta(days=1), known["bm_units"], known["notifications"])


def submitted(known: Frames, day: date) -> pl.DataFrame:
    names = ("bm_units", "baselining_statuses", "msid_pairs", "baselining_details", "expected_volumes")
    return without_expected_volume(day + timedelta(days=1), **{name: known[name] for name in names})


FOUND: dict[str, tuple[Callable[[Frames, date], pl.DataFrame], str]] = {
    "MON-06": (declared, "GCV"),
    "MON-07": (declared, "GCV"),
    "MON-08": (notified, "PNU"),
    "MON-09": (submitted, "BSB"),
}
"""How each rule looks, and the record whose first item names the BM Unit."""


def after(example: Example) -> Frames:
    received_at = datetime.fromisoformat(example.received_at)
    judgement = judged(example.body, flow=example.flow, sender=example.sender, received_at=received_at)
    assert judgement.outcome == "ACCEPTED", judgement.breaches
    return in_force_after(references(), judgement, received_at, "S1", flow=example.flow, body=example.body)


@pytest.mark.parametrize("rule", [MON_06, MON_07, MON_08, MON_09], ids=lambda rule: rule.id)
def test_examples_list_the_bm_units_that_they_say(rule: Rule) -> None:
    look, record = FOUND[rule.id]
    for example in (rule.passes, rule.fails):
        known = after(example)
        found = look(known, london_day(datetime.fromisoformat(example.received_at)))
        units = known["bm_units"].filter(pl.col("bm_unit_id").is_in(found["bm_unit_id"].to_list()))
        names = {*units["bm_unit_id"], *units["netso_name"]}
        lines = [line.split("|") for line in example.body.split("\n")]
        listed = [number for number, line in enumerate(lines, 2) if line[0] == record and line[1] in names]
        assert tuple(listed) == example.breaks


def test_every_rule_of_a_scheduled_run_is_of_the_nightly_stage() -> None:
    assert {rule.id for rule in all_rules() if rule.id in FOUND and rule.stage == "nightly"} == FOUND.keys()


def test_what_is_undeclared_is_led_by_who_leads_it_when_the_season_begins_and_keeps_its_values() -> None:
    known = references()
    found = undeclared(WINTER, known["bm_units"], known["capacity_values"])
    leads = dict(found.select("bm_unit_id", "lead_party_id").iter_rows())
    assert leads["T_MOVE-1"] == "OTHR"
    assert "T_OLDE-1" not in leads
    assert not any(unit.startswith("V__") for unit in leads)
    values = {
        unit: (gc, dc)
        for unit, gc, dc in found.select("bm_unit_id", "generation_capacity", "demand_capacity").iter_rows()
    }
    assert values["E_ABRTW-9"] == (15_400, -5_000)
    assert values["T_NEWU-1"] == (None, None)


def test_what_was_declared_for_another_season_is_undeclared() -> None:
    known = after(MON_06.passes)
    for season, missing in ((WINTER, False), (Season("WIN", 2027), True), (WINTER.next, True)):
        found = undeclared(season, known["bm_units"], known["capacity_values"])
        assert ("T_DINO-1" in found["bm_unit_id"].to_list()) == missing


def pieces(unit: str, day: date, kind: str = "PN") -> pl.DataFrame:
    start = period_start(day, 1)
    end = start + timedelta(minutes=30)
    return pl.DataFrame(
        [(unit, kind, day, 1, start, end, start, 10, end, 10, AT, "S1", 2)], NOTIFICATIONS, orient="row"
    )


@pytest.mark.parametrize("day", [date(2026, 11, 3), SPRING, AUTUMN])
@pytest.mark.parametrize(("days_ago", "listed"), [(0, False), (1, True), (7, True), (8, False)])
def test_a_unit_without_the_flag_is_expected_to_notify_for_seven_days(day: date, days_ago: int, listed: bool) -> None:
    units = references()["bm_units"].filter(pl.col("bm_unit_id") == "2__CACME000")
    last = day - timedelta(days=days_ago)
    found = without_notification(day, units, pieces("2__CACME000", last))
    assert found.height == listed
    for message in found["message"]:
        assert (
            message
            == f"0 of {periods_in_day(day)} periods of {day:%Y%m%d} have a PN, the last day with one is {last:%Y%m%d}"
        )


def test_a_limit_is_no_pn_and_a_flag_that_is_f_or_unknown_expects_none() -> None:
    day = date(2026, 11, 3)
    units = references()["bm_units"]
    found = without_notification(day, units, pieces("T_DINO-1", day, "MEL"))["bm_unit_id"].to_list()
    assert "T_DINO-1" in found
    assert "E_QUIET-1" not in found
    assert "2__CACME000" not in found
    assert "T_MOVE-1" in found
    moved = without_notification(date(2026, 12, 1), units, NOTIFICATIONS.to_frame())
    assert moved.filter(bm_unit_id="T_MOVE-1")["lead_party_id"].to_list() == ["OTHR"]
    assert "T_OLDE-1" not in moved["bm_unit_id"].to_list()


def volumes(day: date, periods: range, until: date | None = None) -> pl.DataFrame:
    rows = [("V__FEXMP001", day, until or day, period, 10_000, AT, "S1", 2) for period in periods]
    return pl.DataFrame(rows, EXPECTED_VOLUMES, orient="row")


@pytest.mark.parametrize(
    ("day", "rows", "there", "first"),
    [
        (AUTUMN, volumes(AUTUMN, range(1, 51)), 50, None),
        (AUTUMN, volumes(date(2026, 1, 1), range(1, 49), OPEN_END), 48, 49),
        (AUTUMN, volumes(AUTUMN, range(3, 51)), 48, 1),
        (AUTUMN, volumes(SPRING, range(1, 47)), 0, None),
        (SPRING, volumes(SPRING, range(1, 47)), 46, None),
        (SPRING, volumes(date(2026, 1, 1), range(1, 49), OPEN_END), 46, None),
        (SPRING, volumes(SPRING, range(1, 46)), 45, 46),
    ],
)
def test_every_period_of_the_day_needs_a_sev(day: date, rows: pl.DataFrame, there: int, first: int | None) -> None:
    known = {**references(), "expected_volumes": rows}
    found = submitted(known, day - timedelta(days=1)).filter(bm_unit_id="V__FEXMP001")
    count = periods_in_day(day)
    told = f"{there} of {count} periods of {day:%Y%m%d} have a SEV in force"
    if first:
        told += f", the first without is {first}"
    assert found.select("settlement_period", "message").rows() == ([] if there == count else [(first, told)])


def test_a_unit_that_is_not_baselined_or_has_no_s_pair_needs_no_sev() -> None:
    found = submitted(references(), date(2026, 11, 2))
    assert found["bm_unit_id"].to_list() == ["V__FEXMP001"]
    assert found["lead_party_id"].to_list() == ["VOLT"]
