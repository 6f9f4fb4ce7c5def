"""Cut uploads that nobody resumes go after policy's days, and leave an audit row."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.office import Office
from gateway.partial_uploads import purge_partial_uploads
from market.clock import system_clock
from store import audit
from store.database import reading
from tests.samples.exchange import Exchange


@pytest.fixture
def office(made_market: Path, exchange_root: Path) -> Iterator[Office]:
    made = Exchange(made_market, exchange_root)
    made.home.make_account("acme")
    yield replace(made.office, clock=system_clock)
    made.close()


def test_a_cut_upload_goes_after_seven_days(office: Office) -> None:
    (office.home.inbox("acme") / "a.csv.partial").write_bytes(b"12345")
    for days, purged in ((6, 0), (8, 1), (9, 0)):
        later = replace(office, clock=lambda days=days: system_clock() + timedelta(days=days))
        assert purge_partial_uploads(later) == purged
    assert list(office.home.inbox("acme").iterdir()) == []
    with reading(office.engine) as session:
        [row] = audit.of(session, "session", "/inbox/a.csv.partial")
    assert (row.action, row.why) == ("purge", "unfinished and untouched for 7 days, 5 bytes")


def test_what_is_no_cut_upload_stays(office: Office) -> None:
    (office.home.inbox("acme") / "a.csv").write_bytes(b"12345")
    (office.home.outbox("acme") / "a.csv.partial").write_bytes(b"12345")
    later = replace(office, clock=lambda: system_clock() + timedelta(days=8))
    assert purge_partial_uploads(later) == 0
    assert len(list(office.home.inbox("acme").iterdir())) == len(list(office.home.outbox("acme").iterdir())) == 1
