"""A disk that fails or is full, at each stage of a file's way: what was taken is not lost, and what was not is told."""

import errno
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import gateway.dispatch
from ingest.sftp.paths import FilePlace, Folder
from ingest.sftp.status import Refusal
from ingest.sftp.wire import OpenFlag
from market.clock import idd_time
from market.home import Home
from outbound.writer import sealed
from store.database import connect
from tests.exchange import interposed
from tests.exchange.client import Client
from tests.exchange.gateway_process import COMPACT
from tests.exchange.life import Life
from tests.exchange.made_market import declaration
from tests.exchange.market_time import market_clock
from tests.exchange.reference_exchange import make
from tests.exchange.running import Gateway, eventually
from tests.exchange.settled import unsettled

MakeClient = Callable[[Gateway, str], Client]
Tried = Callable[[str, str, int], None]

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
STAGED, TAKEN = FilePlace(Folder.TEMP, "ONE"), FilePlace(Folder.INBOX, "ONE")


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    make(tmp_path / "home")
    life = Life(tmp_path / "home", NOW)
    yield life
    life.end()


@pytest.mark.parametrize("fails", [True, False])
def test_bytes_that_the_disk_lost_are_sent_anew(life: Life, fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def fail_once(file: int) -> None:
        monkeypatch.setattr(os, "fsync", sync)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with life.session("acme") as session:
        file = session.open(STAGED, OpenFlag.WRITE | OpenFlag.CREATE)
        file.write(0, memoryview(declaration(1, at=NOW)))
        file.finish()
        if fails:
            monkeypatch.setattr(os, "fsync", fail_once)
            with pytest.raises(Refusal, match="the gateway's disk reports a failure"):
                session.rename(STAGED, TAKEN, replace=False)
            # The next sync would find nothing wrong with what may be half a file.
            with pytest.raises(Refusal, match="does not exist"):
                session.rename(STAGED, TAKEN, replace=False)
        else:
            session.rename(STAGED, TAKEN, replace=False)
    life.settle()
    assert sorted(path.name for path in life.home.outbox("acme").iterdir())[:1] == ([] if fails else ["CR000000000001"])


def test_what_could_not_leave_the_landing_leaves_it_later(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink = Path.unlink

    def fail_once(path: Path, missing_ok: bool = False) -> None:
        if life.home.landing in path.parents:
            monkeypatch.setattr(Path, "unlink", unlink)
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", fail_once)
    monkeypatch.setattr(gateway.dispatch, "retry_after", lambda _: timedelta())
    with life.session("acme") as session:
        file = session.open(TAKEN, OpenFlag.WRITE | OpenFlag.CREATE)
        file.write(0, memoryview(b""))
        file.finish()
    life.settle()
    assert Path.unlink is unlink
    assert unsettled(life.home, life.engine) == []


STAGES = ("accounts/acme/temp", "archive/", "record_sets/", "outgoing/", "")
"""What is full in turn, by a part of its paths; at last everything, the store too."""


def notification(number: int) -> bytes:
    """A Physical Notification of tomorrow, whose values become a record set."""
    header = f"AAA|K0011001|D|{idd_time(market_clock())}|BP|ACME|SO|UKDC|{number}|OPER|"
    segment = f"PNL|20261103000000|{number}|20261104000000|{number}|"
    return sealed("\n".join([header, "PNH|20261103|", "PNU|T_DINO-1|", segment, ""]).encode())


@pytest.mark.proof
def test_a_full_disk_at_every_stage(
    gateway: Gateway, client_of: MakeClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tried: Tried
) -> None:
    """Where the party can be told it is; what was taken waits for space, and then goes its way."""
    if interposed.COMPILER is None:
        pytest.skip("no C compiler is installed")
    full = tmp_path / "full"
    monkeypatch.setenv("LD_PRELOAD", str(interposed.build(tmp_path)))
    monkeypatch.setenv(interposed.DISK, str(gateway.home.root))
    monkeypatch.setenv(interposed.DISK_FULL, str(full))
    monkeypatch.setenv(COMPACT, "1")
    gateway.start()
    monkeypatch.delenv("LD_PRELOAD")
    acme = client_of(gateway, "acme")
    assert acme.outbox() == []
    for number, stage in enumerate(STAGES, 1):
        name = f"PN{number}"
        full.write_text(stage)
        if stage in ("accounts/acme/temp", ""):
            with pytest.raises(OSError, match="the gateway's disk is full; nothing is lost"):
                acme.send(name, notification(number))
        else:
            acme.send(name, notification(number))
            eventually(lambda stage=stage: is_stuck(gateway, stage))
        assert f"{name}.VAL" not in acme.outbox()
        full.unlink()
        if stage in ("accounts/acme/temp", ""):
            acme.send(name, notification(number))
        acme.answers(name)
    assert gateway.stop() == 0
    home = Home(gateway.home.root)
    engine = connect(f"sqlite:///{home.database}")
    assert unsettled(home, engine) == []
    engine.dispose()
    sent = [(f"PN{number}", "VALIDATED", 100) for number in range(1, len(STAGES) + 1)]
    assert gateway.rows("SELECT file_name, state, receipt_code FROM submission ORDER BY arrival") == sent
    tried("faults", "full disk at a stage of a real exchange", len(STAGES))


def is_stuck(gateway: Gateway, stage: str) -> bool:
    """Whether the operator sees that something waits for space."""
    if stage == "outgoing/":
        return bool(gateway.rows("SELECT 1 FROM audit WHERE subject_kind = 'answer' AND action = 'fault'"))
    return bool(gateway.rows("SELECT 1 FROM submission WHERE fault LIKE '%No space left%'"))
