"""The store fails under a working gateway: locked, stopped, crashed, its sessions cut. Nothing is lost, none twice."""

import contextlib
import random
import shutil
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import paramiko
import pytest
from sqlalchemy import text

from market.home import Home
from store.database import connect
from tests.exchange import gateway_process, market_time
from tests.exchange.client import Client
from tests.exchange.made_market import declaration, make_home
from tests.exchange.market_time import market_clock
from tests.exchange.own_postgresql import PostgreSQL, own_postgresql
from tests.exchange.persistent import BROKEN, Party
from tests.exchange.running import Gateway, eventually
from tests.exchange.settled import unsettled

MakeClient = Callable[[Gateway, str], Client]
Tried = Callable[[str, str, int], None]


@pytest.mark.proof
def test_a_store_locked_for_longer_than_a_writer_waits(
    gateway: Gateway, client_of: MakeClient, whole: bool, tried: Tried, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Uploads are taken meanwhile. The gateway may lose its lease, and has it again afterwards."""
    if not whole:
        monkeypatch.setenv(gateway_process.PATIENCE, "1")
    gateway.compact = True
    gateway.start()
    acme = client_of(gateway, "acme")
    acme.send("ONE", declaration(1, at=market_clock()))
    acme.answers("ONE")
    with closing(sqlite3.connect(gateway.home.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        end = time.monotonic() + (60 if whole else 3)
        acme.send("TWO", declaration(2, at=market_clock()))
        acme.send("THREE", declaration(3, at=market_clock()))
        time.sleep(max(0.0, end - time.monotonic()))
        assert acme.outbox() == ["CR000000000001", "ONE.ADT", "ONE.VAL"]
        other.execute("ROLLBACK")
    acme.answers("TWO")
    acme.answers("THREE")
    assert gateway.stop() == 0
    engine = connect(f"sqlite:///{gateway.home.database}")
    assert unsettled(gateway.home, engine) == []
    engine.dispose()
    tried("faults", "store locked for longer than a writer waits", 1)


@pytest.fixture
def postgresql() -> Iterator[PostgreSQL]:
    folder = Path(tempfile.mkdtemp(prefix="gridpost-own-pg-"))
    try:
        with own_postgresql(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def on_postgresql(
    postgresql: PostgreSQL, party_keys: dict[str, paramiko.PKey], tmp_path: Path
) -> Iterator[tuple[Gateway, PostgreSQL]]:
    market_time.set_opening()
    home = make_home(tmp_path / "home", party_keys, market_time.OPENING, postgresql.url)
    gateway = Gateway(home, compact=True, store=postgresql.url)
    yield gateway, postgresql
    gateway.kill()


def interrupt(server: PostgreSQL, how: str) -> None:
    """One trouble, over when this returns."""
    if how == "sessions cut":
        server.cut_sessions()
        return
    server.stop(signal.SIGINT if how == "stopped" else signal.SIGQUIT)
    time.sleep(0.3)
    server.start()


@pytest.mark.proof
def test_postgresql_fails_now_and_then(
    on_postgresql: tuple[Gateway, PostgreSQL],
    client_of: MakeClient,
    whole: bool,
    tried: Tried,
    pytestconfig: pytest.Config,
) -> None:
    gateway, server = on_postgresql
    chance = random.Random(None if pytestconfig.getoption("--explore") else 3)
    gateway.start()
    parties = [
        Party(client_of(gateway, "acme"), "ACME", ("T_DINO-1", "E_ABRTW-9")),
        Party(client_of(gateway, "othr"), "OTHR", ("T_OTTR-1", "T_MOVE-1")),
    ]
    troubles = ["sessions cut", "stopped", "sessions cut", "crashed"] * (10 if whole else 1)

    def exchanged() -> bool:
        with contextlib.suppress(*BROKEN):
            for party in parties:
                party.send_all()
                party.collect_all()
        return all(party.is_answered for party in parties)

    for trouble in troubles:
        for party in parties:
            party.prepare()
        end = time.monotonic() + chance.uniform(0, 0.5)
        while time.monotonic() < end:
            exchanged()
        interrupt(server, trouble)
    eventually(exchanged, 120)
    engine = connect(server.url)
    eventually(lambda: is_collected(engine))
    assert gateway.stop() == 0
    assert unsettled(Home(gateway.home.root), engine) == []
    with engine.connect() as connection:
        codes = dict(connection.execute(text("SELECT file_name, receipt_code FROM submission")).all())
        values = dict(connection.execute(text("SELECT submission_ref, count(*) FROM capacity_value GROUP BY 1")).all())
    engine.dispose()
    assert codes == {file.name: file.code for party in parties for file in party.sent}
    assert sorted(values.values()) == [2] * sum(file.values > 0 for party in parties for file in party.sent)
    tried("faults", "PostgreSQL stopped, crashed, its sessions cut", len(troubles))


def is_collected(engine: object) -> bool:
    with engine.connect() as connection:  # type: ignore[attr-defined]
        left = connection.execute(text("SELECT count(*) FROM answer WHERE state <> 'COLLECTED'")).scalar_one()
    return bool(left == 0)
