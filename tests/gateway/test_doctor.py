"""The doctor: nothing differs in a healthy home, every damage is told, and recovery mends what it can."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from gateway import archive
from gateway.doctor import differences, repair
from gateway.sample_cases import SAMPLES, read_case
from ingest.landing import parse
from market.clock import system_clock
from market.home import Home
from market.reference import DELIVERED_VOLUMES
from outbound import outbox
from outbound.outbox import Staged
from store import answers, record_sets, submissions
from store.database import reading, writing
from store.states import AnswerState, SubmissionState
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

CASES = ("K0151001/seasonal_accepted", "K0151001/seasonal_with_a_slipped_sign")
LANDED = "ACME/acme/20261102T100000000000Z-000000000001-BP000000000003"


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    """An exchange whose answers are delivered, the first receipt collected."""
    exchange = Exchange(made_market, exchange_root)
    for name in CASES:
        exchange.receive(read_case(SAMPLES, name))
    exchange.deliver()
    collected = exchange.home.outbox("acme") / "BP000000000001.ADT"
    collected.unlink()
    with writing(exchange.engine) as session:
        assert answers.collect(session, "acme", collected.name, actor="acme", at=exchange.now)
    exchange.office.release()
    yield exchange
    exchange.close()


def told(exchange: Exchange) -> list[tuple[str, str, str]]:
    return [(one.place, one.subject, one.what) for one in differences(exchange.home, exchange.engine)]


def archived(exchange: Exchange) -> Path:
    with reading(exchange.engine) as session:
        (newest, *_) = submissions.find(session)
    assert newest.sha256 is not None
    return archive.path(exchange.home, newest.sha256)


def land(home: Home) -> None:
    path = home.landing / LANDED
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(SAMPLES / CASES[0] / "BP000000000001", path)


def land_what_is_archived(home: Home, exchange: Exchange) -> None:
    with reading(exchange.engine) as session:
        (newest, *_) = submissions.find(session)
    (home.landing / newest.landing_name).write_bytes(b"x")


def lose_a_landed_file(exchange: Exchange) -> None:
    with writing(exchange.engine) as session:
        submissions.enter(session, parse(LANDED, 0), actor="test", at=exchange.now)


def stage_again(exchange: Exchange, *, file: bool) -> None:
    """Takes a delivered answer back to STAGED, with its staged file or without."""
    folder = exchange.home.outbox("acme")
    with writing(exchange.engine) as session:
        one = answers.delivered(session)[0]
        one.state = AnswerState.STAGED
        session.add(one)
    assert one.id is not None
    assert one.token is not None
    if file:
        outbox.stage(exchange.home.outgoing, Staged(one.id, one.token), (folder / one.name).read_bytes())
        (folder / one.name).unlink()


def stage_volumes(exchange: Exchange, *, token: int = 0, age: timedelta = timedelta()) -> record_sets.Staged:
    """Stages a record set as a run would have done that long ago."""
    row = dict.fromkeys(DELIVERED_VOLUMES.names()) | {
        "settlement_date": date(2026, 10, 25),
        "received_at": exchange.now,
        "submission_ref": "REF",
        "settlement_period": 50,
    }
    staged = record_sets.stage(exchange.home, "DLV", "REF", 1, token, pl.DataFrame([row], DELIVERED_VOLUMES))
    written = (system_clock() - age).timestamp()
    os.utime(exchange.home.record_sets / staged.file, (written, written))
    return staged


def lose_volumes(exchange: Exchange) -> None:
    staged = stage_volumes(exchange)
    with writing(exchange.engine) as session:
        record_sets.add(session, exchange.home, staged, party_id="ACME", test_flag="OPER", received_at=exchange.now)
    assert told(exchange) == []
    (exchange.home.record_sets / staged.file).unlink()


def test_nothing_differs_in_a_healthy_home(exchange: Exchange, gridpost: Gridpost) -> None:
    assert told(exchange) == []
    done = gridpost("--home", exchange.home.root, "doctor")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert gridpost("--home", exchange.home.root, "doctor", "--repair").code == 0
    assert told(exchange) == []


def test_nothing_differs_in_a_new_home(tmp_path: Path, gridpost: Gridpost) -> None:
    done = gridpost("--home", tmp_path / "new", "doctor", "--format", "json")
    assert (done.code, done.json) == (0, [])


MENDED: dict[str, tuple[Callable[[Exchange], object], str, str]] = {
    "landed": (lambda e: land(e.home), "landing", "it landed and has no submission"),
    "archived and landed": (lambda e: land_what_is_archived(e.home, e), "landing", "it is here still, and submission"),
    "unfinished": (lambda e: (e.home.archive / "abc.taking").touch(), "archive", "a copy that was not finished"),
    "collected unseen": (
        lambda e: (e.home.outbox("acme") / "BP000000000001.VAL").unlink(),
        "outbox",
        "it was delivered, is not there",
    ),
    "staged": (lambda e: stage_again(e, file=True), "outgoing", "it is staged and was not delivered"),
    "not recorded": (lambda e: stage_again(e, file=False), "outgoing", "it is in the outbox, and its row says STAGED"),
    "volumes of a lost run": (lambda e: stage_volumes(e, token=1), "record_sets", "no run names it"),
    "volumes of no run": (
        lambda e: stage_volumes(e, age=timedelta(hours=2)),
        "record_sets",
        "no run names it",
    ),
    "left over": (lambda e: (e.home.outgoing / "77.1").touch(), "outgoing", "it is staged for no answer"),
}


@pytest.mark.parametrize("damage", MENDED)
def test_what_a_crash_leaves_is_told_and_mended(exchange: Exchange, gridpost: Gridpost, damage: str) -> None:
    harm, place, what = MENDED[damage]
    harm(exchange)
    (found,) = told(exchange)
    assert found[0] == place
    assert what in found[2]
    done = gridpost("--home", exchange.home.root, "doctor", "--format", "json")
    assert (done.code, done.json) == (1, [dict(zip(("place", "subject", "what"), found, strict=True))])
    assert gridpost("--home", exchange.home.root, "doctor", "--repair").code == 0
    assert told(exchange) == []


LEFT: dict[str, tuple[Callable[[Exchange], object], str, str]] = {
    "lost": (lose_a_landed_file, "landing", "it is missing, and submission"),
    "litter": (lambda e: (e.home.landing / "x").touch(), "landing", "it is not a party's folder"),
    "volumes missing": (lose_volumes, "record_sets", "the volumes of submission REF are missing"),
    "volumes just staged": (lambda e: stage_volumes(e), "record_sets", "no run names it"),
    "bytes missing": (lambda e: archived(e).unlink(), "archive", "are missing"),
    "bytes damaged": (lambda e: archived(e).write_bytes(b"x"), "archive", "are damaged"),
    "of nobody": (lambda e: (e.home.archive / "abc").touch(), "archive", "no submission names it"),
    "put there": (lambda e: (e.home.outbox("volt") / "\x1b[31m").touch(), "outbox", "nobody delivered it"),
    "changed": (
        lambda e: (e.home.outbox("acme") / "BP000000000001.VAL").write_bytes(b"x"),
        "outbox",
        "its bytes are not those of the answer",
    ),
    "collected and there": (
        lambda e: (e.home.outbox("acme") / "BP000000000001.ADT").touch(),
        "outbox",
        "it was collected and is there still",
    ),
    "outbox missing": (lambda e: e.home.outbox("volt").rmdir(), "accounts", "its outbox is missing"),
    "account unknown": (lambda e: e.home.make_account("nobody"), "accounts", "no account has that name"),
    "odd name": (lambda e: (e.home.outgoing / "odd").touch(), "outgoing", "its name is not that of a staged answer"),
    "bytes of no answer": (lambda e: (e.home.answers / "x").touch(), "answers", "no answer names it"),
}


@pytest.mark.parametrize("damage", LEFT)
def test_what_only_an_operator_can_tell_stays(exchange: Exchange, gridpost: Gridpost, damage: str) -> None:
    harm, place, what = LEFT[damage]
    harm(exchange)
    (found,) = told(exchange)
    assert found[0] == place
    assert what in found[2]
    done = gridpost("--home", exchange.home.root, "doctor", "--repair")
    assert done.code == 1
    assert "\x1b" not in done.out
    assert told(exchange) == [found]


def test_what_landed_is_entered_once(exchange: Exchange, gridpost: Gridpost) -> None:
    land(exchange.home)
    assert gridpost("--home", exchange.home.root, "doctor", "--repair").code == 0
    with reading(exchange.engine) as session:
        (entered,) = submissions.by_state(session, SubmissionState.RECEIVED)
    assert entered.file_name == "BP000000000003"
    assert (exchange.home.landing / LANDED).exists()


def test_archived_before_its_row_says_so_is_on_its_way(exchange: Exchange) -> None:
    land(exchange.home)
    with writing(exchange.engine) as session:
        submissions.enter(session, parse(LANDED, 0), actor="test", at=exchange.now)
    (exchange.home.landing / LANDED).write_bytes(b"never seen before")
    archive.keep(exchange.home, LANDED)
    assert told(exchange) == []


def test_nothing_is_mended_while_a_gateway_works(exchange: Exchange, gridpost: Gridpost) -> None:
    land(exchange.home)
    assert exchange.office.claim()
    done = gridpost("--home", exchange.home.root, "doctor", "--repair")
    assert done.code == 2
    assert "gateway test holds the lease" in done.err
    assert len(told(exchange)) == 1
    repair(exchange.office)
    assert told(exchange) == []


def test_what_is_on_its_way_is_not_told(
    exchange: Exchange, gridpost: Gridpost, monkeypatch: pytest.MonkeyPatch
) -> None:
    (exchange.home.archive / "abc").touch()
    land(exchange.home)
    assert exchange.office.claim()
    monkeypatch.setattr("gateway.command_line.mending.time.sleep", lambda _: repair(exchange.office))
    done = gridpost("--home", exchange.home.root, "doctor", "--format", "json")
    assert done.code == 1
    assert [one["subject"] for one in done.json] == ["abc"]
