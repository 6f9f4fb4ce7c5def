"""The journal of effects: what was put in force or taken back, in the order of its transactions."""

from datetime import date

import polars as pl
from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from store import bulk, frames
from store.database import on_sqlite
from store.tables import EffectChange

CHANGES = pl.Schema({"kind": pl.String, "subject": pl.String, "first_day": pl.Date, "last_day": pl.Date})
"""One row a change: of the reference frame `kind` (market.reference.SCHEMAS), about a BM Unit or, for volumes, a Party.

The days are the first and the last that volumes are about; null for other effects."""


_MARK = select(func.max(EffectChange.id))
_SINCE = (
    select_columns(*(getattr(EffectChange, name) for name in CHANGES.names()))
    .where(col(EffectChange.id) > bindparam("last"))
    .distinct()
)


def hold(session: Session) -> None:
    """Makes others who would change effects wait until the transaction ends."""
    if not on_sqlite(session):
        # Changes must become visible in their order.
        session.connection().exec_driver_sql("LOCK TABLE effect_change IN SHARE ROW EXCLUSIVE MODE")


def note(
    session: Session, kind: str, subjects: pl.Series, *, first_day: date | None = None, last_day: date | None = None
) -> None:
    """Writes down that effects of a kind changed for some subjects, each once."""
    if subjects.is_empty():
        return
    hold(session)
    changed = pl.select(
        subject=subjects.unique().sort(),
        kind=pl.lit(kind),
        first_day=pl.lit(first_day, pl.Date),
        last_day=pl.lit(last_day, pl.Date),
    )
    bulk.insert(session, "effect_change", changed)


def mark(session: Session) -> int:
    """The last change of effects: `since` tells what came after it."""
    return session.exec(_MARK).one() or 0


def since(session: Session, last: int) -> pl.DataFrame:
    """What was changed after a mark: CHANGES, each once."""
    return frames.read(session, _SINCE, CHANGES, {"last": last})
