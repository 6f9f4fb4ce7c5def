"""A gateway of this release takes over the home of an earlier one, with submissions and answers in every state."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
from alembic import command
from sqlalchemy import inspect

from gateway.doctor import differences
from gateway.withdrawal import withdraw
from market.home import Home
from store import migrations, submissions
from store.database import connect, schema_version, writing
from store.states import SubmissionState
from tests.exchange.client import Client
from tests.exchange.made_market import copy_home, declaration
from tests.exchange.market_time import market_clock
from tests.exchange.running import Gateway, eventually

EARLIER = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
FILES = {
    "ACCEPTED": ("acme", 1, "T_DINO-1|20261201|120|-3|||", ""),
    "PARTIAL": ("acme", 2, "T_DINO-1|20261201|121|-3|||\nGCV|T_ZERO-1|20261201|5|3|||", ""),
    "REJECTED": ("acme", 3, "T_DINO-1|20261201|122|3|||", ""),
    "WITHDRAWN": ("acme", 4, "E_ABRTW-9|20261201|16|-5|||", ""),
    "NACKED": ("acme", 2, "T_DINO-1|20261201|1|-3|||", ""),
    "PENDING": ("othr", 1, "T_OTTR-1|20261201|10|-2|||", ""),
    "ACKED": ("volt", 1, "V__FEXMP001|20261201|0|0|||", ""),
    "QUARANTINED": ("volt", 1, "V__FEXMP001|20261201|0|0|||", "TR01"),
    "RECEIVED": ("acme", 1, "T_DINO-1|20261201|99|-3|||", "TR01"),
}
"""What is sent, by what becomes of it: account, number, rows, test flag."""


def states(gateway: Gateway) -> dict[str, tuple[Any, ...]]:
    rows = gateway.rows("SELECT file_name, state, outcome, receipt_code, sha256, received_at FROM submission")
    return {name: tuple(rest) for name, *rest in rows}


def sent(name: str) -> bytes:
    account, number, rows, flag = FILES[name]
    return declaration(number, rows, at=market_clock(), party_id=account.upper(), test_flag=flag)


@pytest.fixture(scope="module")
def left_behind(
    template_home: Home, tmp_path_factory: pytest.TempPathFactory, party_keys: dict[str, paramiko.PKey]
) -> Iterator[Gateway]:
    """A home whose gateway stopped with everything under way."""
    gateway = Gateway(copy_home(template_home, tmp_path_factory.mktemp("earlier") / "home"), compact=True)
    for trouble, order in (
        ("a rule raises", "VOLT"),
        ("no space in the archive", "RECEIVED"),
        ("no space for answers", "OTHR"),
    ):
        (gateway.troubles / trouble).write_text(order)
    gateway.start()
    clients = {account: Client(gateway, account, party_keys[account]) for account, *_ in FILES.values()}
    first = sent("ACCEPTED")
    for name, (account, *_) in FILES.items():
        clients[account].send(name, first if name == "ACCEPTED" else sent(name))
    clients["acme"].send("DUPLICATE", first)
    clients["acme"].wait_for("DUPLICATE.ADT", "WITHDRAWN.VAL")
    clients["acme"].collect("ACCEPTED.ADT")
    faults = "SELECT count(*) FROM submission WHERE fault IS NOT NULL"
    eventually(lambda: gateway.rows(faults) == [(3,)] and states(gateway)["PENDING"][0] == "VALIDATED")
    for client in clients.values():
        client.close()
    gateway.stop()
    decide(gateway)
    for ordered in gateway.troubles.iterdir():
        ordered.unlink()
    yield gateway
    gateway.kill()


def decide(gateway: Gateway) -> None:
    """An operator takes one submission back and keeps another from the workers."""
    engine = connect(gateway.home.root)
    operator = {"actor": "operator", "at": market_clock()}
    with writing(engine) as session:
        found = {one.file_name: one for one in submissions.find(session)}
        withdraw(session, found["WITHDRAWN"], reason="a test", **operator)  # type: ignore[arg-type]
        acked, kept = SubmissionState.ACKED, SubmissionState.QUARANTINED
        submissions.change_state(session, found["QUARANTINED"].ref, acked, kept, why="a test", **operator)  # type: ignore[arg-type]
    engine.dispose()
    expected = dict.fromkeys(("ACCEPTED", "PARTIAL", "REJECTED", "PENDING"), "VALIDATED")
    names = {name: state for name, (state, *_) in states(gateway).items()}
    assert names == {name: expected.get(name, name) for name in [*FILES, "DUPLICATE"]}
    answers = {state for (state,) in gateway.rows("SELECT state FROM answer")}
    assert {"COLLECTED", "DELIVERED"} < answers


def made_earlier(home: Home, version: str) -> None:
    """Leaves of a store what that schema had."""
    engine = connect(home.root)
    with engine.connect() as connection, connection.begin():
        command.downgrade(migrations.configuration(connection), version)
    assert schema_version(engine) == version
    assert inspect(engine).has_table("gcdc_breach") == (version >= "0007")
    engine.dispose()


@pytest.mark.proof
@pytest.mark.slow
def test_a_gateway_goes_on_with_what_an_earlier_release_left(
    left_behind: Gateway, tmp_path: Path, whole: bool, tried: Callable[[str, str, int], None]
) -> None:
    before = states(left_behind)
    answered = set(left_behind.rows("SELECT account, name, sha256 FROM answer"))
    versions = EARLIER if whole else EARLIER[:1]
    for version in versions:
        gateway = Gateway(copy_home(left_behind.home, tmp_path / version), compact=True)
        made_earlier(gateway.home, version)
        gateway.start()
        try:
            waiting = "SELECT count(*) FROM answer WHERE state NOT IN ('DELIVERED', 'COLLECTED')"
            undecided = "SELECT count(*) FROM submission WHERE state IN ('RECEIVED', 'ACKED')"
            eventually(lambda: gateway.rows(undecided) == gateway.rows(waiting) == [(0,)])  # noqa: B023
            assert gateway.stop() == 0
        finally:
            gateway.kill()
        after = states(gateway)
        for name, row in before.items():
            state = after[name]
            assert (name, state[:2]) == (name, ("VALIDATED", "ACCEPTED") if name in ("ACKED", "RECEIVED") else row[:2])
            assert state[4] == row[4]
        assert {name for (name,) in gateway.rows("SELECT name FROM answer WHERE account = 'othr'")} >= {"PENDING.VAL"}
        assert answered <= set(gateway.rows("SELECT account, name, sha256 FROM answer"))
        engine = connect(gateway.home.root)
        assert schema_version(engine) == migrations.HEAD
        assert differences(gateway.home, engine) == []
        engine.dispose()
    tried("gateways", "homes of earlier schemas taken over with submissions in every state", len(versions))
