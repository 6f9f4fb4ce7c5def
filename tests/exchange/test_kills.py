"""A gateway is killed at every named step and at random moments, and started again: nothing is lost, nothing twice."""

import contextlib
import logging
import random
import time
from collections.abc import Callable

import pytest

from market.layout import layout
from tests.exchange.client import Client
from tests.exchange.kills import POINTS
from tests.exchange.made_market import records
from tests.exchange.persistent import BROKEN, Party
from tests.exchange.running import Gateway, eventually
from tests.exchange.verified import verify_files, verify_order

_log = logging.getLogger(__name__)

MakeClient = Callable[[Gateway, str], Client]

RANDOM_KILLS, MORE_KILLS = 10, 200
"""How many random moments a plain run tries besides the points, and how many a whole one."""


def parties_of(gateway: Gateway, client_of: MakeClient) -> list[Party]:
    return [
        Party(client_of(gateway, "acme"), "ACME", ("T_DINO-1", "E_ABRTW-9")),
        Party(client_of(gateway, "othr"), "OTHR", ("T_OTTR-1", "T_MOVE-1")),
        Party(client_of(gateway, "acme2"), "ACME", ("T_ZERO-1",), "TR01"),
    ]


def exchange(gateway: Gateway, parties: list[Party], until: Callable[[], bool]) -> None:
    """Lets the parties send and collect until all is answered, the gateway is dead, or `until()`."""
    while gateway.is_alive() and not until():
        with contextlib.suppress(*BROKEN):
            for party in parties:
                party.send_all()
            for party in parties:
                party.collect_all()
        if all(party.is_answered for party in parties):
            return
        time.sleep(0.005)


def kill_at(gateway: Gateway, parties: list[Party], point: str) -> None:
    """One life of the gateway, which ends at a named point."""
    for party in parties:
        party.prepare()
    # These two are taken once for many files at a time.
    nth = 1 if point.startswith(("enter ", "delivered ")) else random.choice((1, 1, 2))
    gateway.start(f"{point}:{nth}", wait=False)
    eventually(lambda: gateway.is_ready or not gateway.is_alive())
    if gateway.is_ready:
        gateway.await_ready()
        exchange(gateway, parties, lambda: False)
    # The party can have its last answer a moment before the step behind it ends.
    eventually(lambda: not gateway.is_alive(), 10)
    gateway.kill()


def kill_after(gateway: Gateway, parties: list[Party], seconds: float) -> None:
    """One life of the gateway, which ends so many seconds after it is ready, or before where that is negative."""
    for party in parties:
        party.prepare()
    gateway.start(wait=seconds > 0)
    end = time.monotonic() + abs(seconds)
    if seconds > 0:
        exchange(gateway, parties, lambda: time.monotonic() >= end)
    time.sleep(max(0.0, end - time.monotonic()))
    gateway.kill()


def finish(gateway: Gateway, parties: list[Party]) -> None:
    gateway.start()
    end = time.monotonic() + 60
    exchange(gateway, parties, lambda: time.monotonic() >= end)
    for party in parties:
        assert party.is_answered, f"{party.due - len(party.deleted)} answers of {party.client.account} are missing"
    assert gateway.stop() == 0


def verify(gateway: Gateway, parties: list[Party]) -> None:
    """One submission for every file, one receipt, one report where it is due, no value twice, nothing left over."""
    verify_files(gateway.rows, parties)
    verify_answers(gateway, parties)
    verify_order(gateway.rows)
    home = gateway.home
    for folder in (home.landing, home.outgoing, home.uploading):
        assert [path for path in folder.rglob("*") if path.is_file()] == []
    known = {sha256 for (sha256,) in gateway.rows("SELECT sha256 FROM submission")}
    assert {path.name for path in home.archive.iterdir()} == known


def verify_answers(gateway: Gateway, parties: list[Party]) -> None:
    """Every answer was collected once, byte for byte as the row has it, with no number of its channel twice."""
    for party in parties:
        account = party.client.account
        rows = gateway.rows("SELECT name, body, state, kind FROM answer WHERE account = ?", account)
        assert party.read == {name: body for name, body, *_ in rows}
        assert party.deleted == party.read.keys()
        # Where the party was faster than the row and nobody lived to write it down, an operator decides.
        assert {state for *_, state, _ in rows} <= {"COLLECTED", "STAGED"}
        assert sum(state == "STAGED" for *_, state, _ in rows) <= len(rows) // 20
        numbered = [records(body, "AAA")[0] for _, body, _, kind in rows if kind != "RECEIPT"]
        assert sorted(int(header[7]) for header in numbered) == list(range(1, len(numbered) + 1))
        for name, body, _, kind in rows:
            if kind == "REPORT":
                outcome = [item.column for item in layout("K9001001").record("VRH").items].index("outcome")
                assert (name, records(body, "VRH")[0][outcome]) == (name, "ACCEPTED")


@pytest.mark.proof
def test_kills_of_a_forked_gateway(
    gateway: Gateway,
    client_of: MakeClient,
    whole: bool,
    tried: Callable[[str, str, int], None],
    pytestconfig: pytest.Config,
) -> None:
    """At every point, and at random moments of life and of recovery."""
    gateway.compact = True
    parties = parties_of(gateway, client_of)
    seed = random.randrange(1 << 30) if pytestconfig.getoption("--explore") else 7
    _log.warning("seed %s", seed)
    random.seed(seed)
    moments = MORE_KILLS if whole else RANDOM_KILLS
    lives: list[str | float] = [*POINTS, *(random.uniform(-0.3, 0.6) for _ in range(moments))]
    random.shuffle(lives)
    assert len(lives) == len(POINTS) + moments
    for life in lives:
        _log.warning("a life until %s", life)
        if isinstance(life, str):
            kill_at(gateway, parties, life)
        else:
            kill_after(gateway, parties, life)
    finish(gateway, parties)
    verify(gateway, parties)
    tried("kill points", "named steps and random moments of a gateway over SFTP", len(lives))


@pytest.mark.slow
@pytest.mark.proof
def test_kills_of_a_whole_gateway(
    gateway: Gateway, client_of: MakeClient, whole: bool, tried: Callable[[str, str, int], None]
) -> None:
    """With its workers and server processes, which end with it."""
    parties = parties_of(gateway, client_of)
    points = ("take after", "acknowledged after", "decided before", "publish after", "remove after")
    tries = len(points) if whole else 2
    for point in points[:tries]:
        kill_at(gateway, parties, point)
    moments = random.Random(7)
    for _ in range(tries):
        kill_after(gateway, parties, moments.uniform(0.05, 0.5))
    finish(gateway, parties)
    verify(gateway, parties)
    tried("kill points", "named steps and random moments of a gateway over SFTP", 2 * tries)
