"""The front door of a plain sshd, as a context: what it saw is in the audit when it is left."""

import logging
from functools import partial
from pathlib import Path

import pytest

from gateway import front_door
from gateway.external_door import ExternalDoor
from store import audit
from store.database import reading
from tests.ingest.sftp.front_door import eventually
from tests.samples.exchange import Exchange


def is_logged(caplog: pytest.LogCaptureFixture, path: str) -> bool:
    return any(path in str(one.args) for one in caplog.records)


def test_what_was_seen_just_before_the_end_is_in_the_audit_after_it(
    made_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(front_door, "GATHER_SECONDS", 60.0)
    caplog.set_level(logging.INFO, "gridpost.sessions")
    exchange = Exchange(made_market, tmp_path / "home")
    for account in ("acme", "othr", "ukdc", "volt"):
        exchange.home.make_account(account)
    door = ExternalDoor(exchange.office)
    for name in ("first", "second"):
        with door:
            (exchange.home.inbox("acme") / name).mkdir()
            eventually(partial(is_logged, caplog, f"/inbox/{name}"))
        with reading(exchange.engine) as session:
            assert [event.why for event in audit.of(session, "session", f"/inbox/{name}")] == [
                "not taken: it is not a regular file"
            ]
    exchange.close()
