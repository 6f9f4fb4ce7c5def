"""What sessions leave in the log and in the store."""

import logging
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from gateway.front_door import AuditedSessions, StoredAccounts
from ingest.sftp.interfaces import SessionEvent, SessionKind
from store import accounts, audit, parties
from store.database import reading, writing

AT = datetime(2026, 11, 2, 9, 35, tzinfo=UTC)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5iPxbVTwFRQ0wqtmNWrGOXhHzKKsyDfPaJw5ewvxKd"


def test_what_is_left_is_in_the_store_once_closed(store: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "", ["BP"], actor="test", at=AT)
        accounts.add(session, "acme", "ACME", [KEY], actor="test", at=AT)
    with reading(store) as session:
        (key,) = accounts.keys_of(session, "acme")
        assert key.last_used_at is None
    sessions = AuditedSessions(store)
    with caplog.at_level(logging.INFO):
        StoredAccounts(store, sessions).used("acme", key.fingerprint, AT)
        for kind in (SessionKind.UPLOAD, SessionKind.TAKEN):
            sessions.write(SessionEvent(AT, kind, "acme", "127.0.0.1", "said", "/inbox/a"))
        sessions.close()
    with reading(store) as session:
        (used,) = accounts.keys_of(session, "acme")
        assert used.last_used_at == AT
        assert [one.action for one in audit.of(session, "session", "/inbox/a")] == ["upload", "taken"]
    told = [record.args for record in caplog.records if record.name == "gridpost.sessions"]
    assert [one["kind"] for one in told if isinstance(one, dict)] == ["taken"]
