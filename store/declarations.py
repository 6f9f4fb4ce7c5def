"""Declarations: which are held, which in force until when, and the ids issued for them."""

from collections.abc import Collection, Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from market.declarations import HELD, IN_FORCE, JOINED, SET, WITHDRAW, last_days
from market.reference import DECLARATIONS
from store import bulk, frames, in_force
from store.tables import Declaration, DeclarationId, DeclaredMeteringSystem


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


def issue(session: Session, submission_ref: str, lines: Sequence[int]) -> pl.DataFrame:
    """The Declaration Ids of declarations on lines of a submission, issued unless they were: `line`, `declaration_id`.

    An id is never given to another declaration, and a declaration keeps its own through reruns.
    """
    known = _issued(session, submission_ref)
    new = pl.DataFrame({"line": pl.Series(lines, dtype=pl.UInt32)}).join(known, on="line", how="anti")
    bulk.insert(session, "declaration_id", new.with_columns(pl.lit(submission_ref).alias("submission_ref")))
    return _issued(session, submission_ref)


def of_run(session: Session, submission_ref: str, run_number: int) -> pl.DataFrame:
    """What a run of a submission held or put in force, taken back since or not: DECLARATIONS."""
    wanted = [col(Declaration.submission_ref) == submission_ref, col(Declaration.run_number) == run_number]
    return _rows(session, wanted)


def named_by(session: Session, naming: pl.DataFrame) -> pl.DataFrame:
    """The declarations in force that others (DECLARATIONS) name, on the days that are left to them.

    DECLARATIONS with `withdraws`: whether one that withdraws names it.
    """
    ids = naming["named_declaration_id"].drop_nulls().unique().to_list()
    ends = naming.group_by(pl.col("named_declaration_id").alias("declaration_id")).agg(
        (pl.col("declaration_type") == WITHDRAW).any().alias("withdraws")
    )
    found = _rows(session, [*_live(), col(Declaration.declaration_id).in_(ids)])
    cut = found.join(last_days(naming), on="declaration_id", how="inner", maintain_order="left")
    last = pl.min_horizontal("effective_to", "last_day").alias("effective_to")
    return cut.with_columns(last).join(ends, on="declaration_id", how="left", maintain_order="left").drop("last_day")


def bm_units_of(session: Session, declaration_ids: Collection[int]) -> pl.Series:
    """The BM Units of the metering systems of some declarations."""
    table = DeclaredMeteringSystem
    wanted = select_columns(col(table.bm_unit_id)).where(col(table.declaration_id).in_(declaration_ids)).distinct()
    return frames.read(session, wanted, pl.Schema({"bm_unit_id": pl.String}))["bm_unit_id"]


def waiting(session: Session) -> pl.DataFrame:
    """The declarations that are held, of every test flag and live: DECLARATIONS with `test_flag`."""
    columns = [getattr(Declaration, name) for name in (*DECLARATIONS.names(), "test_flag")]
    held = [col(Declaration.withdrawn_at).is_(None), col(Declaration.standing) == HELD]
    schema = pl.Schema([*DECLARATIONS.items(), ("test_flag", pl.String())])
    return frames.read(session, select_columns(*columns).where(*held).order_by(col(Declaration.id)), schema)


def history(session: Session, facility_id: str | None = None) -> pl.DataFrame:
    """Every live declaration, of one facility where it is named, in the order of receipt.

    DECLARATIONS with `last_day`, null where no other declaration ends it.
    """
    wanted = [col(Declaration.withdrawn_at).is_(None), col(Declaration.test_flag) == "OPER"]
    if facility_id is not None:
        wanted.append(col(Declaration.facility_id) == facility_id)
    every = _rows(session, wanted)
    ends = last_days(every.filter(pl.col("standing") == IN_FORCE))
    return every.join(ends, on="declaration_id", how="left").sort("received_at", "submission_ref", "line")


def _issued(session: Session, submission_ref: str) -> pl.DataFrame:
    columns = select_columns(col(DeclarationId.line), col(DeclarationId.id))
    found = columns.where(col(DeclarationId.submission_ref) == submission_ref)
    return frames.read(session, found, pl.Schema({"line": pl.UInt32, "declaration_id": pl.Int64}))


def _live() -> list[ColumnElement[bool]]:
    return [col(Declaration.withdrawn_at).is_(None), col(Declaration.standing) == IN_FORCE]


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
