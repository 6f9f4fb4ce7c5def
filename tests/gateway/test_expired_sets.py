"""Retention gives up record sets that were taken back or superseded long ago, and none that still counts."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway import expired_sets
from gateway.backup import back_up
from gateway.doctor import differences
from gateway.sample_cases import read_cases
from market.home import Home
from market.policy import Policy, read_policy
from rules.demand.examples import DECLARED, OF_DECLARED, run_of, unit_of
from store import audit, effects, gcdc_breaches, record_sets
from store import expired_sets as stored
from store.database import connect, reading, writing
from tests.gateway.conftest import Gridpost
from tests.gateway.test_demand import MORNING, SUNDAY, on_record, sent
from tests.gateway.test_metered_volumes import AUTUMN, HEADER, NOON, POLICY, SPRING, in_force, put
from tests.gateway.test_metered_volumes import home as home
from tests.gateway.test_retention import DAY, DAYS, collect, past, run, submission
from tests.gateway.test_retention import exchange as exchange
from tests.rules.demand import declared_metering_systems
from tests.samples.exchange import Exchange

SECOND = dt.timedelta(seconds=1)
VOLUMES = read_cases()["P0282002/day_of_46_periods"]
LATE = NOON + 31 * DAY


def kept_for(days: int) -> Policy:
    return replace(read_policy(POLICY).on(NOON.date()), retention_archive=days)


def csv(run_type: str, *periods: int, day: dt.date = AUTUMN, unit: str = "T_DINO-1") -> str:
    return HEADER + "".join(f"{unit},{day},{run_type},{period},{len(run_type)}\n" for period in periods)


def loaded(store: Engine, home: Home, *files: str) -> list[str]:
    """Loads files one after the other; their names among submissions."""
    return [put(store, home, text, NOON + number * SECOND).ref for number, text in enumerate(files)]


def found(store: Engine, home: Home, night: dt.datetime = LATE, days: int = 30) -> list[str]:
    return expired_sets.expired(store, home, kept_for(days), night.date()).superseded["submission_ref"].to_list()


@pytest.mark.parametrize(("day", "last"), [(AUTUMN, 50), (SPRING, 46)])
def test_what_a_later_run_tells_wholly_is_given_up(store: Engine, home: Home, day: dt.date, last: int) -> None:
    first, second = loaded(store, home, csv("SF", 1, last, day=day), csv("RF", *range(1, last + 1), day=day))
    before = in_force(store, home, day)
    expired = expired_sets.expired(store, home, kept_for(30), LATE.date())
    assert expired.superseded["submission_ref"].to_list() == [first]
    with writing(store) as session:
        given = expired_sets.give_up(session, expired, actor="retention", at=LATE)
        assert given["rows"].to_list() == [2]
        (row,) = audit.of(session, "record set", given["file"].item())
        assert (row.actor, row.action, row.why) == ("retention", "purge", expired_sets.SUPERSEDED)
        assert {one.submission_ref for one in gcdc_breaches.unevaluated(session, LATE)} == {second}
    assert in_force(store, home, day) == before
    assert found(store, home) == []
    with writing(store) as session:
        assert (stored.remove_files(session, home), stored.remove_files(session, home)) == (1, 0)
    assert in_force(store, home, day) == before


@pytest.mark.parametrize(
    "files",
    [
        [csv("SF", 1, 2), csv("RF", 1)],
        [csv("SF", 1), csv("RF", 1, unit="E_ABRTW-9")],
        [csv("SF", 1), csv("RF", 1, day=SPRING)],
        [csv("SF", 1), csv("SF", 1) + f"T_DINO-1,{LATE.date()},SF,1,1\n"],
    ],
    ids=["one period left", "another unit", "another day", "beside a day that is not over"],
)
def test_what_still_counts_stays(store: Engine, home: Home, files: list[str]) -> None:
    loaded(store, home, *files)
    assert found(store, home) == []


def test_nothing_goes_before_its_time(store: Engine, home: Home) -> None:
    first, _ = loaded(store, home, csv("SF", 1), csv("SF", 1))
    assert found(store, home, LATE - DAY) == []
    assert found(store, home, days=31) == []
    assert found(store, home) == [first]


def test_what_changed_since_it_was_looked_at_keeps_all(store: Engine, home: Home) -> None:
    _, second = loaded(store, home, csv("SF", 1), csv("RF", 1))
    expired = expired_sets.expired(store, home, kept_for(30), LATE.date())
    assert expired.superseded.height == 1
    with writing(store) as session:
        record_sets.withdraw(session, second, at=LATE)
    with writing(store) as session:
        assert expired_sets.give_up(session, expired, actor="retention", at=LATE).is_empty()
    assert [row[1] for row in in_force(store, home, AUTUMN)] == ["SF"]


def test_metered_volumes_taken_back_wait_for_the_evaluation_without_them(store: Engine, home: Home) -> None:
    first, second = loaded(store, home, csv("SF", 1), csv("SF", 2))
    with writing(store) as session:
        for ref in (first, second):
            record_sets.withdraw(session, ref, at=NOON + DAY)
        sets = gcdc_breaches.unevaluated(session, LATE)
        gcdc_breaches.note_evaluated(session, [one for one in sets if one.submission_ref == first])
    for days, refs in ((0, []), (1, [first])):
        at = NOON + (31 + days) * DAY
        expired = expired_sets.expired(store, home, kept_for(30), at.date())
        assert expired.taken_back["submission_ref"].to_list() == refs


@pytest.fixture
def with_demand(exchange: Exchange) -> Exchange:
    """An exchange that keeps bytes for 30 days, with demand of a day in two runs, all of it collected."""
    with writing(exchange.engine) as session:
        frame = declared_metering_systems()
        effects.add(session, "declared_metering_systems", frame, test_flag="OPER", run_number=1)
    for number, of in enumerate(("SF", "R1"), 1):
        body = run_of(unit_of(DECLARED, OF_DECLARED, periods=50), day="20261025", run=of)
        assert sent(exchange, number, MORNING + number * DAY, body)["K9001001"][0][8] == "ACCEPTED"
    collect(exchange)
    return exchange


def sets_of(exchange: Exchange) -> int:
    return len(list(exchange.home.record_sets.rglob("*.parquet")))


def test_demand_of_an_earlier_run_goes_after_its_submission(with_demand: Exchange, gridpost: Gridpost) -> None:
    exchange, nothing = with_demand, {"sets_given_up": 0, "bytes_of_sets": 0, "sets_removed": 0}
    at_home = ("--home", exchange.home.root)
    night = MORNING + (DAYS + 3) * DAY
    assert on_record(exchange)["settlement_run_type"].to_list() == ["SF", "R1"]
    first = run(exchange, night)
    assert (first["given_up"], {name: first[name] for name in nothing}) == (2, nothing)
    listed = gridpost(*at_home, "retention", "--date", (night + DAY).date(), "--format", "json").json["record_sets"]
    assert [(one["kind"], one["first_day"], one["why"]) for one in listed] == [
        ("NFD", f"{SUNDAY}", expired_sets.SUPERSEDED)
    ]
    assert f"record sets past their days: 1, {listed[0]['size']:,} bytes" in (
        gridpost(*at_home, "retention", "--date", (night + DAY).date()).out
    )
    second = run(exchange, night + DAY)
    assert (second["sets_given_up"], second["bytes_of_sets"], second["sets_removed"]) == (1, listed[0]["size"], 0)
    assert on_record(exchange)["settlement_run_type"].to_list() == ["R1"]
    assert (sets_of(exchange), differences(exchange.home, exchange.engine)) == (2, [])
    third = run(exchange, night + 2 * DAY)
    assert (third["sets_given_up"], third["sets_removed"]) == (0, 1)
    assert (sets_of(exchange), differences(exchange.home, exchange.engine)) == (1, [])
    assert on_record(exchange)["settlement_run_type"].to_list() == ["R1"]
    last = run(exchange, night + 3 * DAY)
    assert {name: last[name] for name in nothing} == nothing


def test_demand_that_can_be_judged_again_stays(with_demand: Exchange) -> None:
    """The answers of the second file are not collected: its bytes stay, and so does what it superseded."""
    exchange = with_demand
    body = run_of(unit_of(DECLARED, OF_DECLARED, periods=50), day="20261025", run="R2")
    sent(exchange, 3, MORNING + 3 * DAY, body)
    exchange.deliver()
    for days in (4, 5, 6):
        assert run(exchange, MORNING + (DAYS + days) * DAY)["sets_given_up"] == 0
    assert on_record(exchange)["settlement_run_type"].to_list() == ["SF", "R1", "R2"]


def test_what_was_withdrawn_goes_and_a_backup_is_whole_without_it(
    exchange: Exchange, gridpost: Gridpost, tmp_path: Path
) -> None:
    exchange.receive(VOLUMES)
    assert sets_of(exchange) == 1
    at_home = ("--home", exchange.home.root)
    night = past(VOLUMES)
    assert run(exchange, night)["sets_given_up"] == 0
    ref = submission(exchange, VOLUMES).ref
    with writing(exchange.engine) as session:
        assert record_sets.withdraw(session, ref, at=night) == 1
    assert run(exchange, night + DAYS * DAY)["sets_given_up"] == 0
    assert run(exchange, night + (DAYS + 1) * DAY)["sets_given_up"] == 1
    assert run(exchange, night + (DAYS + 2) * DAY)["sets_removed"] == 1
    assert sets_of(exchange) == 0
    assert differences(exchange.home, exchange.engine) == []
    collect(exchange)
    back_up(exchange.home, exchange.engine, tmp_path / "kept")
    kept = connect(tmp_path / "kept")
    assert differences(Home(tmp_path / "kept"), kept) == []
    kept.dispose()
    assert gridpost(*at_home, "show", ref).code == 0
    with reading(exchange.engine) as session:
        assert record_sets.sets_of(session, ref) == []
