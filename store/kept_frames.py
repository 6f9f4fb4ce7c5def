"""Frames of dated reference data kept in memory: what stood in a reference version never changes."""

from threading import Lock
from weakref import WeakKeyDictionary

import polars as pl
from sqlalchemy import Pool
from sqlmodel import Session

from store.database import may_write

KEPT = 16
"""How many frames of a store are kept: every kind in two versions, and some of older ones for reruns as received."""

_frames: WeakKeyDictionary[Pool, dict[tuple[str, int], pl.DataFrame]] = WeakKeyDictionary()
_lock = Lock()


def of(session: Session, name: str, version: int) -> pl.DataFrame | None:
    """A whole frame in a version, where it is kept."""
    with _lock:
        return _frames.get(_store(session), {}).get((name, version))


def keep(session: Session, name: str, version: int, frame: pl.DataFrame) -> None:
    """Keeps a whole frame as it was read in a version, the longest kept gives way.

    A session that may write keeps none: its own version may be rolled back, and the next one has the same number.
    """
    if may_write(session):
        return
    with _lock:
        kept = _frames.setdefault(_store(session), {})
        kept[name, version] = frame
        if len(kept) > KEPT:
            del kept[next(iter(kept))]


def _store(session: Session) -> Pool:
    return session.connection().engine.pool
