"""Seasons, deadlines and effective dates at their boundaries, in GMT and in summer time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from market.season import Season
from rules.judge import Judgement
from tests.rules.world import POLICY, judged, lines_broken

SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def seasonal(season: Season, received_at: datetime, day: date | None = None, **policy: str) -> Judgement:
    body = (
        f"GCH|S|{season.code}|{season.start_year}|Ann Archer|\nGCV|T_DINO-1|{day or season.first_day:%Y%m%d}|100|-2|||"
    )
    return judged(body, received_at=received_at, policy=replace(POLICY, **policy))


def mid(season: str, day: str, received_at: str, row: str = "T_DINO-1|{}|100|-2||", lead: int = 1) -> Judgement:
    body = f"GCH|M|{season}|Ann Archer|\nGCV|{row.format(day)}|"
    return judged(body, received_at=at(received_at), policy=replace(POLICY, min_lead_days=lead))


@pytest.mark.parametrize(
    ("season", "deadline"),
    [
        (Season("SPR", 2008), "2008-02-18T17:00:00Z"),
        (Season("SPR", 2010), "2010-02-15T17:00:00Z"),
        (Season("WIN", 2016), "2016-11-17T17:00:00Z"),
        (Season("SUM", 2017), "2017-05-17T16:00:00Z"),
        (Season("SPR", 2021), "2021-02-15T17:00:00Z"),
        (Season("WIN", 2021), "2021-11-17T17:00:00Z"),
        (Season("SUM", 2026), "2026-05-15T16:00:00Z"),
        (Season("AUT", 2026), "2026-08-17T16:00:00Z"),
        (Season("WIN", 2026), "2026-11-17T17:00:00Z"),
    ],
    ids=str,
)
def test_a_seasonal_declaration_is_in_time_until_its_deadline_to_the_second(season: Season, deadline: str) -> None:
    in_time, late = seasonal(season, at(deadline)), seasonal(season, at(deadline) + SECOND)
    assert (in_time.outcome, late.outcome) == ("ACCEPTED", "REJECTED")
    assert lines_broken(in_time, "GCS-03") == []
    assert lines_broken(late, "GCS-03") == [2]


def test_the_message_of_a_late_declaration_tells_both_times_in_london() -> None:
    late = seasonal(Season("SUM", 2026), at("2026-05-15T16:00:01Z")).breaches.row(0, named=True)
    assert late["message"] == (
        "received 2026-05-15 17:00:01 London time, declarations for SUM 2026 close 2026-05-15 17:00:00"
    )
    assert (late["record"], late["item"], late["unit"]) == ("GCH", "BSC Season", None)


def test_policy_may_accept_late_declarations_until_the_season_begins() -> None:
    season = Season("WIN", 2026)
    assert seasonal(season, at("2026-11-30T23:59:59Z"), late_seasonal="accept").outcome == "ACCEPTED"
    begun = seasonal(season, at("2026-12-01T00:00:00Z"), late_seasonal="accept")
    assert (begun.outcome, dict(begun.counts)) == ("REJECTED", {"GCS-02": 1})


def test_a_season_begins_at_london_midnight_also_in_summer_time() -> None:
    season = Season("SUM", 2026)
    assert lines_broken(seasonal(season, at("2026-05-31T22:59:59Z")), "GCS-02") == []
    assert lines_broken(seasonal(season, at("2026-05-31T23:00:00Z")), "GCS-02") == [2]


@pytest.mark.parametrize(("day", "broken"), [("20261130", True), ("20261201", False), ("20261202", True)])
def test_a_seasonal_declaration_holds_from_the_first_day_of_its_season(day: str, broken: bool) -> None:
    judgement = seasonal(Season("WIN", 2026), at("2026-11-02T09:30:00Z"), date.fromisoformat(day))
    assert (lines_broken(judgement, "GCS-01") == [3]) == broken


def test_the_first_day_of_another_season_is_the_wrong_day() -> None:
    judgement = seasonal(Season("WIN", 2026), at("2026-11-02T09:30:00Z"), date(2027, 3, 1))
    assert judgement.breaches["message"].to_list() == ["Effective From Date is 20270301, WIN 2026 begins on 20261201"]


def test_the_next_season_is_expected_and_one_after_it_a_warning() -> None:
    received_at = at("2026-11-02T09:30:00Z")
    assert "GCS-05" not in seasonal(Season("WIN", 2026), received_at).counts
    later = seasonal(Season("SPR", 2027), received_at)
    assert (later.outcome, dict(later.counts)) == ("ACCEPTED", {"GCS-05": 1})
    assert later.breaches["message"][0] == "SPR 2027 begins on 20270301, the next season is WIN 2026"
    assert "GCS-05" not in seasonal(Season("WIN", 2026), at("2026-08-31T23:00:00Z")).counts
    assert "GCS-05" in seasonal(Season("WIN", 2026), at("2026-08-31T22:59:59Z")).counts


@pytest.mark.parametrize("year", ["-5", "0", "1", "1999", "2101", "9999"])
def test_a_year_out_of_reach_is_refused_or_warned_of_and_never_a_fault(year: str) -> None:
    judgement = judged(f"GCH|S|WIN|{year}|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||")
    assert judgement.outcome == "REJECTED"
    assert lines_broken(judgement, "GCS-01") == [3]


@pytest.mark.parametrize(
    ("day", "broken"), [("20260228", True), ("20260301", False), ("20260531", False), ("20260601", True)]
)
def test_a_mid_season_change_lies_in_the_season_in_force(day: str, broken: bool) -> None:
    judgement = mid("SPR|2026", day, "2026-03-01T00:00:00Z", lead=0)
    assert (lines_broken(judgement, "GCM-01") == [3]) == broken


def test_the_season_in_force_is_that_of_the_london_day_of_receipt() -> None:
    assert "GCM-01" not in mid("SPR|2026", "20260531", "2026-05-31T22:59:59Z").counts
    assert mid("SPR|2026", "20260531", "2026-05-31T23:00:00Z").counts["GCM-01"] == 1
    assert "GCM-01" not in mid("SUM|2026", "20260602", "2026-05-31T23:00:00Z").counts


def test_a_mid_season_change_names_the_season_in_force() -> None:
    found = mid("SUM|2026", "20260410", "2026-04-01T09:30:00Z").breaches.filter(rule="GCM-01")["message"].to_list()
    assert found == ["Effective From Date 20260410 is in SPR 2026, the declaration names SUM 2026"]
    assert mid("SPR|2025", "20260410", "2026-04-01T09:30:00Z").counts["GCM-01"] == 1
    assert mid("SUM|2026", "20260610", "2026-04-01T09:30:00Z").counts["GCM-01"] == 1


def test_winter_runs_over_the_turn_of_the_year() -> None:
    assert mid("WIN|2026", "20270228", "2027-01-10T09:30:00Z").outcome == "ACCEPTED"
    assert mid("WIN|2027", "20270228", "2027-01-10T09:30:00Z").counts["GCM-01"] == 1


@pytest.mark.parametrize(
    ("received_at", "lead", "earliest"),
    [
        ("2026-06-10T22:59:59Z", 1, "20260611"),
        ("2026-06-10T23:00:00Z", 1, "20260612"),
        ("2026-06-10T22:59:59Z", 0, "20260610"),
        ("2026-06-10T12:00:00Z", 5, "20260615"),
        ("2026-10-24T23:30:00Z", 1, "20261026"),
        ("2026-10-25T23:30:00Z", 1, "20261026"),
        ("2026-03-28T23:59:59Z", 1, "20260329"),
        ("2026-03-29T22:59:59Z", 1, "20260330"),
        ("2026-03-29T23:00:00Z", 1, "20260331"),
        ("2026-02-10T23:59:59Z", 1, "20260211"),
    ],
)
def test_a_mid_season_change_has_its_notice_in_london_days(received_at: str, lead: int, earliest: str) -> None:
    season = {"02": "WIN|2025", "03": "SPR|2026", "06": "SUM|2026", "10": "AUT|2026"}[earliest[4:6]]
    too_early = date.fromisoformat(earliest) - timedelta(days=1)
    assert mid(season, earliest, received_at, lead=lead).outcome == "ACCEPTED"
    assert mid(season, f"{too_early:%Y%m%d}", received_at, lead=lead).counts["GCM-02"] == 1


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("T_DINO-1|{}|98.999|-2||", "GCM-03"),
        ("T_DINO-1|{}|99|-1.999||", "GCM-04"),
        ("I_EAD-ACME1|{}|0|-619.819||", "GCM-04"),
        ("2__CACME000|{}|39.999|-76.1||", "GCM-03"),
        ("T_DINO-1|{}|||49.4995|-1", "GCM-03"),
    ],
)
def test_mid_season_values_do_not_fall(row: str, rule: str) -> None:
    judgement = mid("AUT|2026", "20261110", "2026-11-02T09:30:00Z", row)
    assert lines_broken(judgement, rule) == [3]
    assert judgement.outcome == "REJECTED"


@pytest.mark.parametrize(
    "row",
    [
        "T_DINO-1|{}|99|-2.001||",
        "T_DINO-1|{}|99.001|-2||",
        "2__CACME000|{}|40|-76.099||",
        "2__CACME001|{}|5|-0.311||",
        "C__FACME001|{}|0|-6.9||",
        "T_NEWU-1|{}|1|-1||",
    ],
)
def test_mid_season_values_may_stay_or_grow_and_a_suppliers_demand_may_fall(row: str) -> None:
    assert mid("AUT|2026", "20261110", "2026-11-02T09:30:00Z", row).outcome == "ACCEPTED"


def test_only_the_rules_of_the_declarations_own_type_apply() -> None:
    falling = seasonal(Season("WIN", 2026), at("2026-11-02T09:30:00Z"))
    assert not {rule for rule in falling.counts if rule.startswith("GCM")}
    body = "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|1|-1|||"
    assert not {rule for rule in judged(body).counts if rule.startswith("GCM")}
    changed = mid("AUT|2026", "20261110", "2026-11-02T09:30:00Z")
    assert not {rule for rule in changed.counts if rule.startswith("GCS")}
