"""Runs: each validation of a submission, the first and every later one."""

import io
from collections.abc import Sequence

import polars as pl
from sqlalchemy import func
from sqlmodel import Session, col, select

from market.frames import UNITS
from store.tables import Run, ToldUnits


def add(session: Session, run: Run) -> Run:
    """Adds a run under the next number of its submission, from 1, and gives it its id."""
    last = session.exec(select(func.max(Run.number)).where(Run.submission_ref == run.submission_ref)).one()
    run.number = (last or 0) + 1
    session.add(run)
    session.flush()
    return run


def of(session: Session, submission_ref: str) -> Sequence[Run]:
    """The runs of a submission in their order."""
    return session.exec(select(Run).where(Run.submission_ref == submission_ref).order_by(col(Run.number))).all()


def applied(session: Session, submission_ref: str) -> Run | None:
    """The last run that was applied: what the submission's outcome stands on."""
    statement = select(Run).where(Run.submission_ref == submission_ref, col(Run.applied))
    return session.exec(statement.order_by(col(Run.number).desc()).limit(1)).first()


def tell(session: Session, run_id: int, units: pl.DataFrame) -> None:
    """Keeps the units of a run (market.frames.UNITS) that were not simply accepted."""
    told = io.BytesIO()
    units.filter(pl.col("outcome") != "A").select(UNITS.names()).write_parquet(told, compression="zstd")
    session.add(ToldUnits(run_id=run_id, frame=told.getvalue()))


def told(session: Session, run_id: int) -> pl.DataFrame:
    """The units of a run that were not simply accepted, as market.frames.UNITS; none of a run before they were kept."""
    found = session.get(ToldUnits, run_id)
    return UNITS.to_frame() if found is None else pl.read_parquet(io.BytesIO(found.frame))
