"""Retention: what policy no longer wants kept is given up, and its files go.

A row gives bytes up first; files go in a later run. Each is renamed aside, the store is asked once more whether a
submission needs it, and only then is it removed: one that came with the same bytes meanwhile finds them again.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl
from sqlmodel import Session

from gateway import archive
from market.clock import london_day
from market.home import Home
from market.policy import Policy
from market.settlement_period import day_start
from store import retention
from store.refused import RefusedError

ACTOR = "retention"
"""Who gives bytes up, in the audit."""


@dataclass(frozen=True)
class Expired:
    """What retention gives up on a London day: submissions as store.retention.EXPIRED, answers and audit counted."""

    submissions: pl.DataFrame
    answers: int
    audit: int


def expired(session: Session, policy: Policy, day: date) -> Expired:
    """What is past its days on a London day; changes nothing."""
    kept_from = day - timedelta(days=policy.retention_archive)
    return Expired(
        retention.expired_bytes(session, day_start(kept_from), kept_from),
        retention.expired_answers(session, day_start(day - timedelta(days=policy.retention_answers))),
        retention.expired_audit(session, day_start(day - timedelta(days=policy.retention_audit))),
    )


def remove_files(session: Session, home: Home) -> int:
    """Removes the archived files that were given up by transactions before this one; how many they were."""
    put_back(session, home)
    gone = 0
    for sha256 in retention.removable(session):
        path = archive.path(home, sha256)
        aside = path.with_name(f"{sha256}{archive.ASIDE}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            continue
        gone += _end(session, aside)
    return gone


def put_back(session: Session, home: Home) -> None:
    """Ends removals that a crash cut off."""
    for aside in archive.set_aside(home):
        _end(session, aside)


def _end(session: Session, aside: Path) -> bool:
    """Removes a file set aside, or puts it back where a submission needs it by now; True where it is gone."""
    sha256 = aside.name.removesuffix(archive.ASIDE)
    if retention.is_kept_by(session, sha256):
        aside.replace(aside.with_name(sha256))
        return False
    # a gateway that starts meanwhile puts it back: then it goes the next time
    aside.unlink(missing_ok=True)
    return True


def refuse_given_up(session: Session, ref: str) -> None:
    """Raises RefusedError where the bytes of a submission were given up: it cannot be judged again."""
    given_up_at = retention.given_up_at(session, ref)
    if given_up_at is not None:
        raise RefusedError(
            f"the bytes of submission {ref} are past their retention since {london_day(given_up_at)}: "
            "it cannot be judged again"
        )
