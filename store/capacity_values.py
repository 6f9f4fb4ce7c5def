"""Values of GC and DC that took effect after the register: declared, estimated, or decided."""

from collections.abc import Collection
from datetime import datetime

import polars as pl
from sqlmodel import Session, col, func, select, update

from market.reference import CAPACITY_VALUES
from store import bulk
from store.database import on_sqlite
from store.tables import CapacityValue


def hold(session: Session) -> None:
    """Makes others who would add or withdraw values wait until the transaction ends."""
    if not on_sqlite(session):
        session.connection().exec_driver_sql("LOCK TABLE capacity_value IN SHARE ROW EXCLUSIVE MODE")


def add(session: Session, frame: pl.DataFrame, *, test_flag: str, run_number: int) -> None:
    """Adds rows with the columns of `market.reference.CAPACITY_VALUES`, made by that run of their submissions."""
    rows = frame.select(CAPACITY_VALUES.names()).rename(
        {"generation_capacity": "generation_capacity_kw", "demand_capacity": "demand_capacity_kw"}
    )
    marked = rows.with_columns(pl.lit(test_flag).alias("test_flag"), pl.lit(run_number).alias("run_number"))
    bulk.insert(session, "capacity_value", marked)


def withdraw(session: Session, submission_ref: str, lines: Collection[int] | None = None, *, at: datetime) -> int:
    """Takes back what a submission put in force, or its given lines of it; returns how many values that were."""
    statement = update(CapacityValue).where(
        col(CapacityValue.submission_ref) == submission_ref, col(CapacityValue.withdrawn_at).is_(None)
    )
    if lines is not None:
        statement = statement.where(col(CapacityValue.line).in_(lines))
    return session.exec(statement.values(withdrawn_at=at).execution_options(synchronize_session=False)).rowcount


def mark(session: Session) -> int:
    """The last change of values in force: `changed_since` tells what came after it."""
    return session.exec(select(func.max(CapacityValue.id))).one() or 0


def changed_since(session: Session, last: int) -> set[str]:
    """The BM Units whose values in force were changed after a mark."""
    return set(session.exec(select(CapacityValue.bm_unit_id).where(col(CapacityValue.id) > last).distinct()).all())
