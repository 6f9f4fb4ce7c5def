"""Runs: each validation of a submission, the first and every later one."""

import io
from collections.abc import Sequence

import polars as pl
from sqlalchemy import bindparam, func
from sqlmodel import Session, col, select

from market.frames import UNITS
from store.tables import Run, ToldUnits

_LAST = select(func.max(Run.number)).where(Run.submission_ref == bindparam("ref"))
_OF = select(Run).where(Run.submission_ref == bindparam("ref"))
_IN_ORDER = _OF.order_by(col(Run.number))
_APPLIED = _OF.where(col(Run.applied)).order_by(col(Run.number).desc()).limit(1)


def add(session: Session, run: Run) -> Run:
    """Adds a run under the next number of its submission, from 1, and gives it its id."""
    last = session.exec(_LAST, params={"ref": run.submission_ref}).one()
    run.number = (last or 0) + 1
    session.add(run)
    session.flush()
    return run


def of(session: Session, submission_ref: str) -> Sequence[Run]:
    """The runs of a submission in their order."""
    return session.exec(_IN_ORDER, params={"ref": submission_ref}).all()


def applied(session: Session, submission_ref: str) -> Run | None:
    """The last run that was applied: what the submission's outcome stands on."""
    return session.exec(_APPLIED, params={"ref": submission_ref}).first()


def tell(session: Session, run_id: int, units: pl.DataFrame) -> None:
    """Keeps the units of a run (market.frames.UNITS) that were not simply accepted."""
    told = units.filter(pl.col("outcome") != "A")
    if not told.is_empty():
        kept = io.BytesIO()
        told.select(UNITS.names()).write_parquet(kept, compression="zstd")
        session.add(ToldUnits(run_id=run_id, frame=kept.getvalue()))


def told(session: Session, run_id: int) -> pl.DataFrame:
    """The units of a run that were not simply accepted, as market.frames.UNITS; none of one that has none."""
    found = session.get(ToldUnits, run_id)
    return UNITS.to_frame() if found is None else pl.read_parquet(io.BytesIO(found.frame))
