"""What stood in a reference version is read from the store once, and never what a transaction might still take back."""

import datetime as dt

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from market.frames import OPEN_END
from store import kept_frames, parties, reference
from store.database import reading, writing

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
LAST = dt.date(2026, 12, 31)


def last_days(session: Session, version: int) -> list[dt.date]:
    return reference.frames(session, ["parties"], as_of=version)["parties"]["effective_to"].to_list()


@pytest.fixture
def ended(store: Engine) -> Engine:
    """A store with a party that its second version ends."""
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        parties.end(session, "ACME", LAST, actor="test", at=NOON)
    return store


def test_each_version_is_kept_as_it_stood(ended: Engine) -> None:
    for _ in range(2):
        with reading(ended) as session:
            assert [last_days(session, version) for version in range(3)] == [[], [OPEN_END], [LAST]]
    with reading(ended) as session:
        first, again = (reference.frames(session, ["parties"], as_of=1)["parties"] for _ in range(2))
        assert first is again
        assert reference.frames(session, ["parties"])["parties"] is not again


def test_a_version_that_was_rolled_back_is_not_kept(ended: Engine) -> None:
    def fail() -> None:
        with writing(ended) as session:
            parties.add(session, "ZETA", "Zeta Ltd", ["BP"], actor="test", at=NOON)
            assert last_days(session, 3) == [LAST, OPEN_END]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with writing(ended) as session:
        parties.end(session, "ACME", NOON.date(), actor="test", at=NOON)
        assert reference.version(session) >= 3
    with reading(ended) as session:
        assert last_days(session, reference.version(session)) == [NOON.date()]


def test_no_more_frames_are_kept_than_told(ended: Engine) -> None:
    with reading(ended) as session:
        for version in range(kept_frames.KEPT + 1):
            last_days(session, version)
        assert kept_frames.of(session, "parties", 0) is None
        assert kept_frames.of(session, "parties", 1) is not None
        assert last_days(session, 0) == []


def test_another_store_has_frames_of_its_own(ended: Engine) -> None:
    with reading(ended) as session:
        assert last_days(session, 1) == [OPEN_END]
    ended.dispose()
    with reading(ended) as session:
        assert kept_frames.of(session, "parties", 1) is None
