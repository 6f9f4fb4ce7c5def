"""Two gateways on one store and one folder tree: each file once, each nightly run once, whichever is stopped when."""

import contextlib
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import paramiko
import pytest

from gateway.doctor import differences
from gateway.schedule.catalogue import product_schedules
from market.clock import london_day
from tests.exchange import market_time
from tests.exchange.client import Client
from tests.exchange.made_market import make_home
from tests.exchange.market_time import market_clock
from tests.exchange.persistent import BROKEN, Party
from tests.exchange.running import eventually
from tests.exchange.two_gateways import Pair, jump
from tests.exchange.verified import verify_files, verify_order

ENDS = ("killed", "stopped", "ended")
LIVES = 3
DAYS = 9
"""So far the clocks jump: to the first reminders of the season."""


@pytest.fixture
def pair(
    request: pytest.FixtureRequest,
    store_location: str,
    whole: bool,
    party_keys: dict[str, paramiko.PKey],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Pair]:
    later = tmp_path / "later"
    later.write_text("0")
    monkeypatch.setenv(market_time.LATER, str(later))
    market_time.set_opening()
    home = make_home(tmp_path / "home", party_keys, market_time.OPENING, store_location)
    seed = random.randrange(1 << 30) if request.config.getoption("--explore") else 41
    made = Pair(home, store_location, not whole, random.Random(seed))
    yield made
    made.kill()


def exchange(parties: list[Party], until: Callable[[], bool]) -> None:
    """Lets the parties send and collect, at whatever door is open."""
    while not until():
        with contextlib.suppress(*BROKEN):
            for party in parties:
                party.send_all()
            for party in parties:
                party.collect_all()
        time.sleep(0.01)


def life(pair: Pair, parties: list[Party], how: str) -> None:
    """The parties exchange files until one of the gateways, the one that works or the other, was interrupted."""
    for party in parties:
        party.prepare()
    pair.start()
    eventually(lambda: any(member.works() for member in pair.members))
    victim = pair.chance.choice([*pair.members, *(member for member in pair.members if member.works())])
    delay = pair.chance.uniform(0.02, 0.6)
    timer = threading.Timer(delay, pair.interrupt, (victim, how))
    timer.start()
    exchange(parties, lambda: not timer.is_alive())
    timer.join()


def in_doubt(pair: Pair, parties: list[Party]) -> set[tuple[str, str]]:
    """Answers that their party has, though the gateway that saw it take them away was killed before it wrote it down.

    An operator decides about them: the doctor tells them.
    """
    deleted = {(party.client.account, name) for party in parties for name in party.deleted}
    return deleted & set(pair.rows("SELECT account, name FROM answer WHERE state = 'STAGED'"))


def is_settled(pair: Pair, parties: list[Party]) -> bool:
    undecided = pair.rows("SELECT count(*) FROM submission WHERE state IN ('RECEIVED', 'ACKED')")
    # Nobody collects what VOLT is told.
    waiting = pair.rows("SELECT account, name FROM answer WHERE state <> 'COLLECTED' AND account <> 'volt'")
    return undecided == [(0,)] and set(waiting) == in_doubt(pair, parties)


def due_runs() -> dict[str, set[str]]:
    """The business dates on which each schedule was due since the day of the opening, by its check."""
    now, first = market_clock(), london_day(market_time.OPENING)
    return {one.check: {str(date) for date, _ in one.due(first, now)} for one in product_schedules()}


def runs_made(pair: Pair) -> dict[str, set[str]]:
    made: defaultdict[str, set[str]] = defaultdict(set)
    ended = "SELECT \"check\", business_date FROM scheduled_run WHERE state IN ('DONE', 'PASSED_OVER')"
    for check, date in pair.rows(ended):
        made[check].add(str(date))
    return made


def verify(pair: Pair, parties: list[Party]) -> None:
    """One submission, receipt and report for every file, no value twice; one run for every date; nothing left over."""
    verify_files(pair.rows, parties)
    for party in parties:
        answers = pair.rows("SELECT name, body FROM answer WHERE account = ?", party.client.account)
        assert party.read == {name: bytes(body) for name, body in answers}
        assert party.deleted == party.read.keys()
    verify_order(pair.rows)
    verify_scheduled(pair)
    folders = (pair.home.landing, pair.home.outgoing, pair.home.uploading)
    assert [path for folder in folders for path in folder.rglob("*") if path.is_file()] == []
    doubtful = in_doubt(pair, parties)
    assert len(doubtful) <= pair.interrupted.count("killed")
    differing = {(one.place, one.subject) for one in differences(pair.home, pair.engine)}
    assert differing == {("outgoing", f"{account}/{name}") for account, name in doubtful}


def verify_scheduled(pair: Pair) -> None:
    """Of each check and date there is one run; each notice went out once."""
    made = pair.rows('SELECT "check", business_date, attempt, state FROM scheduled_run')
    assert len({(check, date) for check, date, *_ in made}) == len(made)
    assert {attempt for *_, attempt, _ in made} == {1}
    assert {state for *_, state in made} == {"DONE", "PASSED_OVER"}
    notices = pair.rows('SELECT "check", notice_date, party_id, subject, answer_id FROM notice')
    assert notices
    assert len({told[:4] for told in notices}) == len(notices)
    # A file may tell of several.
    assert {(told[4],) for told in notices} == set(pair.rows("SELECT id FROM answer WHERE kind = 'NOTICE'"))


@pytest.mark.proof
def test_each_file_and_each_nightly_run_once(
    pair: Pair,
    party_keys: dict[str, paramiko.PKey],
    whole: bool,
    tried: Callable[[str, str, int], None],
    tmp_path: Path,
) -> None:
    def client(account: str) -> Client:
        return Client(pair, account, party_keys[account])  # type: ignore[arg-type]

    parties = [
        Party(client("acme"), "ACME", ("T_DINO-1", "E_ABRTW-9")),
        Party(client("othr"), "OTHR", ("T_OTTR-1", "T_MOVE-1")),
        Party(client("acme2"), "ACME", ("T_ZERO-1",), "TR01"),
    ]
    lives = LIVES * (8 if whole else 1)
    ways = [ENDS[number % len(ENDS)] for number in range(lives)]
    pair.chance.shuffle(ways)
    for how in ways:
        life(pair, parties, how)
    pair.start()
    exchange(parties, lambda: all(party.is_answered for party in parties))
    jump(tmp_path / "later", timedelta(days=DAYS))
    for how in ENDS:
        life(pair, parties[:0], how)
    pair.start()
    due = due_runs()
    end = time.monotonic() + 120

    def is_done() -> bool:
        assert time.monotonic() < end, (runs_made(pair), pair.rows("SELECT account, name, state FROM answer"))
        return is_settled(pair, parties) and all(due[check] <= runs_made(pair)[check] for check in due)

    exchange(parties, is_done)
    for party in parties:
        party.client.close()
    pair.stop()
    verify(pair, parties)
    where = f"two gateways on one {pair.engine.dialect.name}"
    for how in ENDS:
        tried("gateways", f"{where}, one {how} while files and nightly runs are in work", pair.interrupted.count(how))
