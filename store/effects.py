"""What accepted submissions put in force as rows: values of GC and DC, baselining, event days, declarations."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement, bindparam, exists, literal, union_all
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select, update

from market.reference import (
    BASELINING_DETAILS,
    BASELINING_STATUSES,
    CAPACITY_VALUES,
    DECLARATIONS,
    DECLARED_METERING_SYSTEMS,
    EVENT_DAYS,
    GCDC_CHALLENGES,
)
from store import bulk, changes, in_force
from store.tables import (
    BaseliningDetail,
    BaseliningStatus,
    CapacityValue,
    Declaration,
    DeclaredMeteringSystem,
    Effect,
    EventDay,
    GcdcChallenge,
)

_LINES_AT_ONCE = 10_000


@dataclass(frozen=True)
class EffectKind:
    """A kind of effect: its table, the schema of its reference frame, and columns with another name in the table.

    `subject` is the column of what a change is about.
    """

    table: type[Effect]
    schema: pl.Schema
    renamed: Mapping[str, str] = field(default_factory=dict)
    subject: str = "bm_unit_id"

    def column(self, name: str) -> str:
        """The table's column of a column of the reference frame."""
        return self.renamed.get(name, name)


KINDS = {
    "capacity_values": EffectKind(
        CapacityValue,
        CAPACITY_VALUES,
        {"generation_capacity": "generation_capacity_kw", "demand_capacity": "demand_capacity_kw"},
    ),
    "baselining_statuses": EffectKind(BaseliningStatus, BASELINING_STATUSES),
    "baselining_details": EffectKind(BaseliningDetail, BASELINING_DETAILS),
    "event_days": EffectKind(EventDay, EVENT_DAYS),
    "gcdc_challenges": EffectKind(GcdcChallenge, GCDC_CHALLENGES, {"proposed_value": "proposed_value_kw"}),
    "declarations": EffectKind(Declaration, DECLARATIONS, subject="facility_id"),
    "declared_metering_systems": EffectKind(
        DeclaredMeteringSystem,
        DECLARED_METERING_SYSTEMS,
        {"maximum_import_capacity": "maximum_import_capacity_kw"},
    ),
}
"""The kinds of effect, each by the name of its reference frame in market.reference."""


_KINDS_IN_FORCE = union_all(
    *(
        select_columns(literal(name)).where(
            exists().where(
                col(kind.table.submission_ref) == bindparam("submission_ref"), col(kind.table.withdrawn_at).is_(None)
            )
        )
        for name, kind in KINDS.items()
    )
)
"""Of which kinds a submission has effects in force."""


_SUBJECTS = {
    name: select(getattr(kind.table, kind.subject))
    .where(col(kind.table.submission_ref) == bindparam("submission_ref"), col(kind.table.withdrawn_at).is_(None))
    .distinct()
    for name, kind in KINDS.items()
}
"""What the effects of a submission that are in force are about."""


def add(session: Session, kind: str, frame: pl.DataFrame, *, test_flag: str, run_number: int) -> None:
    """Adds rows with the columns of the kind's reference frame, made by that run of their submissions."""
    effect = KINDS[kind]
    marked = frame.select(
        *(pl.col(name).alias(effect.column(name)) for name in effect.schema.names()),
        pl.lit(test_flag).alias("test_flag"),
        pl.lit(run_number).alias("run_number"),
    )
    bulk.insert(session, str(effect.table.__tablename__), marked)
    changes.note(session, kind, frame[effect.subject])


def withdraw(session: Session, submission_ref: str, lines: Collection[int] | None = None, *, at: datetime) -> int:
    """Takes back the rows that a submission put in force, or those of the given lines; returns how many that were."""
    parts: list[list[int] | None] = [None]
    if lines is not None:
        wanted = list(lines)
        parts = [wanted[first : first + _LINES_AT_ONCE] for first in range(0, len(wanted), _LINES_AT_ONCE)]
    session.flush()
    kinds = session.connection().execute(_KINDS_IN_FORCE, {"submission_ref": submission_ref}).scalars().all()
    return sum(_withdraw(session, kind, submission_ref, part, at) for kind in kinds for part in parts)


def _withdraw(session: Session, kind: str, submission_ref: str, lines: list[int] | None, at: datetime) -> int:
    table = KINDS[kind].table
    statement = update(table).where(col(table.submission_ref) == submission_ref, col(table.withdrawn_at).is_(None))
    if lines is not None:
        statement = statement.where(col(table.line).in_(lines))
    returning = statement.values(withdrawn_at=at).returning(getattr(table, KINDS[kind].subject))
    subjects = session.exec(returning.execution_options(synchronize_session=False)).scalars().all()
    changes.note(session, kind, pl.Series("subject", subjects, pl.String))
    return len(subjects)


def later(session: Session, kind: str, subjects: Collection[str], after: tuple[datetime, str]) -> list[str]:
    """The submissions received after one (received time, submission) with effects of a kind on some subjects."""
    table, wanted = KINDS[kind].table, list(subjects)
    subject: ColumnElement[object] = getattr(table, KINDS[kind].subject)
    found: set[str] = set()
    for first in range(0, len(wanted), _LINES_AT_ONCE):
        some = [subject.in_(wanted[first : first + _LINES_AT_ONCE]), *in_force.conditions_after(table, after)]
        found |= set(session.exec(select(table.submission_ref).where(*some).distinct()).all())
    return sorted(found)


def subjects(session: Session, submission_ref: str, kinds: Collection[str] = tuple(KINDS)) -> dict[str, list[str]]:
    """What the effects of a submission that are in force are about, by their kind; of the named kinds alone."""
    params = {"submission_ref": submission_ref}
    found = {name: sorted(session.exec(_SUBJECTS[name], params=params).all()) for name in kinds}
    return {name: names for name, names in found.items() if names}
