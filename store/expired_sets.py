"""Record sets that nobody needs any longer: taken back long ago, or about days past their retention and superseded.

A set is given up by a row of the audit, which stays for ever, as does the set's own. Its file goes in a later run.
"""

from datetime import date, datetime

import polars as pl
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, exists, or_

from market.home import Home
from store import audit, frames
from store.record_set_sweep import files_of, given_up
from store.retention import ACTION, SET_SUBJECT, is_given_up
from store.tables import GcdcEvaluation, RecordSet, Submission

SETS = pl.Schema(
    {
        "id": pl.Int64(),
        "kind": pl.String(),
        "party_id": pl.String(),
        "first_day": pl.Date(),
        "last_day": pl.Date(),
        "submission_ref": pl.String(),
        "file": pl.String(),
        "size": pl.Int64(),
        "rows": pl.Int64(),
    }
)
"""One row a record set."""


def taken_back(session: Session, before: datetime) -> pl.DataFrame:
    """SETS that were taken back before an instant (aware) and not given up, by id.

    Metered volumes are not among them while the days that they were about are still to be evaluated without them.
    """
    evaluated = and_(col(GcdcEvaluation.record_set_id) == col(RecordSet.id), col(GcdcEvaluation.withdrawn))
    wanted = (
        col(RecordSet.withdrawn_at) < before,
        or_(col(RecordSet.kind) != "METERED", col(RecordSet.test_flag) != "OPER", exists().where(evaluated)),
        ~is_given_up(col(RecordSet.file), SET_SUBJECT),
    )
    columns = [getattr(RecordSet, name) for name in SETS.names()]
    return frames.read(session, select_columns(*columns).where(*wanted).order_by(col(RecordSet.id)), SETS)


def standing(session: Session, kind: str, before: datetime, day: date) -> pl.DataFrame:
    """SETS of live traffic that stand and begin before a day, with `settled`, by id.

    Settled are those about days before it alone, received before an instant (aware), whose submission cannot be judged
    again: its bytes were given up, or it was loaded by an operator and is no submission.
    """
    again = exists().where(col(Submission.ref) == col(RecordSet.submission_ref), ~is_given_up(col(Submission.ref)))
    settled = and_(col(RecordSet.last_day) < day, col(RecordSet.received_at) < before, ~again)
    wanted = (
        col(RecordSet.kind) == kind,
        col(RecordSet.test_flag) == "OPER",
        col(RecordSet.withdrawn_at).is_(None),
        col(RecordSet.first_day) < day,
    )
    columns = [*(getattr(RecordSet, name) for name in SETS.names()), settled.label("settled")]
    schema = pl.Schema({**SETS, "settled": pl.Boolean()})
    return frames.read(session, select_columns(*columns).where(*wanted).order_by(col(RecordSet.id)), schema)


def give_up(session: Session, sets: pl.DataFrame, *, actor: str, at: datetime, why: str) -> None:
    """The files of SETS, which are taken back, are given up."""
    for file, ref, size in sets.select("file", "submission_ref", "size").iter_rows():
        told = {"submission": ref, "size": size}
        audit.write(
            session, at=at, actor=actor, action=ACTION, subject_kind=SET_SUBJECT, subject=file, why=why, detail=told
        )


def remove_files(session: Session, home: Home) -> int:
    """Removes the files that were given up by transactions before this one; how many they were."""
    gone = given_up(session) & set(files_of(home))
    for file in gone:
        (home.record_sets / file).unlink(missing_ok=True)
    return len(gone)
