"""Breaches of runs: written and read as frames."""

import polars as pl
from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from market.frames import BREACHES
from store import bulk, frames
from store.tables import Breach

STORED = pl.Schema({name: dtype for name, dtype in BREACHES.items() if name != "unit"} | {"unit_key": pl.String()})
"""What the store keeps of a breach: `market.frames.BREACHES` with the unit's key in place of its row."""


def add(session: Session, run_id: int, frame: pl.DataFrame) -> None:
    """Adds the breaches of a run in the order of the frame, which has the columns of STORED (others are left out)."""
    numbered = frame.select(
        pl.lit(run_id, pl.Int64).alias("run_id"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("seq"),
        *STORED.names(),
    )
    bulk.insert(session, "breach", numbered)


_LISTED = (
    select(*(Breach.__table__.c[name] for name in STORED.names()))  # type: ignore[attr-defined]
    .where(col(Breach.run_id) == bindparam("run_id"))
    .order_by(col(Breach.seq))
)


def of_units(found: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Breaches as market.frames.BREACHES on units as market.frames.UNITS, as STORED: with the keys of their units."""
    keys = units.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("unit"), unit_key="key")
    return found.join(keys, on="unit", how="left", maintain_order="left").select(STORED.names())


def listed(session: Session, run_id: int, limit: int | None = None) -> pl.DataFrame:
    """The breaches of a run in their order, with the columns of STORED."""
    return frames.read(session, _LISTED if limit is None else _LISTED.limit(limit), STORED, {"run_id": run_id})


def count_by_rule(session: Session, run_id: int) -> dict[str, int]:
    """How many breaches of each rule stand in the store for a run."""
    statement = select(Breach.rule, func.count()).where(Breach.run_id == run_id)
    return dict(session.exec(statement.group_by(col(Breach.rule)).order_by(col(Breach.rule))).all())
