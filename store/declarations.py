"""Declarations: which are held, which in force until when, and the ids issued for them."""

from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from market.declarations import HELD, IN_FORCE, JOINED, SET, last_days
from market.reference import DECLARATIONS
from store import frames, in_force
from store.tables import Declaration


def known(session: Session, test_flag: str, before: tuple[datetime, str] | None) -> pl.DataFrame:
    """The declarations that a submission of that test flag meets: DECLARATIONS, by id and line.

    Held ones are those of the same flag, whenever they were received: what waits for each other must meet. Those in
    force are the live ones and those of the flag; `before` (received time, submission) leaves out those of that
    submission and of later ones, but for sets of which the submission is a part.
    """
    live, own = _rows(session, in_force.conditions(Declaration, test_flag, None)), DECLARATIONS.to_frame()
    flag = _rows(session, [col(Declaration.withdrawn_at).is_(None), col(Declaration.test_flag) == test_flag])
    held = flag.filter(pl.col("standing") == HELD)
    put = live.filter(pl.col("standing") == IN_FORCE)
    if before is not None:
        own = flag.filter(pl.col("submission_ref") == before[1])
        held, put = (frame.filter(pl.col("submission_ref") != before[1]) for frame in (held, put))
    joined = flag.filter(pl.col("standing") == IN_FORCE).join(put, on=["submission_ref", "line"], how="semi")
    joined = joined.join(own, on=SET, how="semi").with_columns(standing=pl.lit(JOINED))
    put = put.join(joined, on=["submission_ref", "line"], how="anti").filter(_received_before(before))
    return pl.concat([held, joined, put]).sort("declaration_id", "submission_ref", "line")


def ended(session: Session, systems: pl.DataFrame, test_flag: str, before: tuple[datetime, str] | None) -> pl.DataFrame:
    """Metering systems (DECLARED_METERING_SYSTEMS) until the day on which later declarations end theirs."""
    wanted = [*in_force.conditions(Declaration, test_flag, before), col(Declaration.standing) == IN_FORCE]
    until = last_days(_rows(session, wanted))
    last = pl.min_horizontal("effective_to", "last_day").alias("effective_to")
    cut = systems.join(until, on="declaration_id", how="left", maintain_order="left").with_columns(last)
    return cut.drop("last_day").filter(pl.col("effective_from") <= pl.col("effective_to"))


def _received_before(before: tuple[datetime, str] | None) -> pl.Expr:
    if before is None:
        return pl.lit(True)
    received_at, ref = pl.lit(before[0]).cast(DECLARATIONS["received_at"]), before[1]
    return (pl.col("received_at") < received_at) | (
        (pl.col("received_at") == received_at) & (pl.col("submission_ref") < ref)
    )


def _rows(session: Session, wanted: list[ColumnElement[bool]]) -> pl.DataFrame:
    columns = [getattr(Declaration, name) for name in DECLARATIONS.names()]
    return frames.read(session, select_columns(*columns).where(*wanted).order_by(col(Declaration.id)), DECLARATIONS)
