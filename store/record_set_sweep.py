"""Where record sets and their files disagree: files that no row names, rows whose file is not what it was."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from market.home import Home
from store import record_sets
from store.retention import ACTION, SET_SUBJECT
from store.tables import Audit, RecordSet

IN_WORK = timedelta(hours=1)
"""For how long after it was written a file may still be waiting for the transaction that names it."""


def unnamed(session: Session, home: Home) -> list[str]:
    """The files below the home's record sets that no row names: left behind, or staged by a run in work."""
    # The disk first: what is staged later is no finding.
    found = list(files_of(home))
    known = named(session)
    return [file for file in found if file not in known]


def named(session: Session) -> set[str]:
    """The files that rows name, also those of sets taken back or given up."""
    return set(session.exec(select(RecordSet.file)).all())


def given_up(session: Session) -> set[str]:
    """The files of all sets that were given up: they may be there still, and nobody needs them."""
    wanted = (Audit.subject_kind == SET_SUBJECT, Audit.action == ACTION)
    return set(session.exec(select(Audit.subject).where(*wanted)).all())


def remove_abandoned(session: Session, home: Home, *, token: int, at: datetime) -> list[str]:
    """Removes the files that no row names and none will, and gives their names.

    Those are the ones staged under a fencing token before `token`, which is the one in force, and those written so
    long before `at` that no run has them in work.
    """
    gone = [file for file in unnamed(session, home) if _is_abandoned(home.record_sets / file, token, at)]
    for file in gone:
        (home.record_sets / file).unlink(missing_ok=True)
    return gone


def _is_abandoned(path: Path, token: int, at: datetime) -> bool:
    staged_under = path.name.split(".")[-3:][0]
    # What is staged outside a gateway, by an operator's command, has token 0.
    if staged_under.isdecimal() and 0 < int(staged_under) < token:
        return True
    return path.exists() and path.stat().st_mtime < (at - IN_WORK).timestamp()


def missing(session: Session, home: Home) -> list[RecordSet]:
    """The rows, also of sets taken back, whose file is gone or has another size and was not given up."""
    rows, gone = session.exec(select(RecordSet).order_by(col(RecordSet.id))).all(), given_up(session)
    return [one for one in rows if one.file not in gone and record_sets.size(home, one.file) != one.size]


def files_of(home: Home) -> Iterator[str]:
    """The files below the home's record sets, by name."""
    for path in sorted(home.record_sets.rglob("*")):
        if not path.is_dir():
            yield path.relative_to(home.record_sets).as_posix()
