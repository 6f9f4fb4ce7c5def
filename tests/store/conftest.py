"""A party with an account, and files that it sends from noon on 10 November 2026."""

import datetime as dt
import itertools
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from store import accounts, parties, submissions
from store.database import writing
from store.tables import Submission

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
# Made for these tests; nobody has its private half.
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDJ2c2UJrGJgrEUJh2nnAPXF3TNRsX5W3r9dWkvTM+Uj acme@example"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Landed:
    path: str
    party_id: str
    account: str
    file_name: str
    received_at: dt.datetime
    stamp: dt.datetime
    size: int


@pytest.fixture
def landed() -> Callable[..., Landed]:
    """Makes a file of ACME, taken so much after noon."""

    def make(name: str = "BP000000000001", after: dt.timedelta = dt.timedelta()) -> Landed:
        stamp = NOON + after
        path = f"ACME/acme/{stamp:%Y%m%dT%H%M%S%f}-{next(_numbers)}-{name}"
        return Landed(path, "ACME", "acme", name, stamp.replace(microsecond=0), stamp, 100)

    return make


@pytest.fixture
def enter(landed: Callable[..., Landed]) -> Callable[..., Submission]:
    """Enters a file of ACME's, with the arguments of `landed`."""

    def enter_one(session: Session, **arguments: object) -> Submission:
        return submissions.enter(session, landed(**arguments), actor="test", at=NOON)

    return enter_one


@pytest.fixture
def acme(store: Engine) -> Engine:
    """A store that knows the party ACME with the account acme."""
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        accounts.add(session, "acme", "ACME", [KEY], actor="test", at=NOON)
    return store
