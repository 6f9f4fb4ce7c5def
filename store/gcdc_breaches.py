"""GC/DC breaches: opened and updated by scheduled runs, challenged by their Lead Party, closed once."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import polars as pl
from sqlalchemy import and_, delete, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, exists, select

from market.reference import GCDC_BREACHES
from store import audit, bulk, changes, frames, sequences
from store.refused import RefusedError
from store.states import GcdcBreachState
from store.tables import GcdcBreach, GcdcBreachDay, GcdcChallenge, GcdcEvaluation, RecordSet

SUBJECT = "gcdc breach"
"""What breaches are called in the audit."""

DAYS = pl.Schema(
    {
        "reference": pl.String(),
        "settlement_date": pl.Date(),
        "periods": pl.Int64(),
        "settlement_period": pl.Int64(),
        "volume_kwh": pl.Int64(),
        "declared_kw": pl.Int64(),
        "limit_kw": pl.Int64(),
    }
)
"""One row a Settlement Day of a breach: how many periods are in breach, and the worst of them."""

_AT_ONCE = 10_000


def known(session: Session) -> pl.DataFrame:
    """Every breach as market.reference.GCDC_BREACHES."""
    columns = (
        *(col(GcdcBreach.reference), col(GcdcBreach.bm_unit_id), col(GcdcBreach.side)),
        *(col(GcdcBreach.challenge_by), col(GcdcBreach.opened_at), col(GcdcBreach.closed_at)),
    )
    return frames.read(session, select_columns(*columns).order_by(col(GcdcBreach.reference)), GCDC_BREACHES)


def get(session: Session, reference: str) -> GcdcBreach:
    """The breach of that reference; raises RefusedError where there is none."""
    found = session.get(GcdcBreach, reference)
    if found is None:
        raise RefusedError(f"GC/DC breach {reference} is not known")
    return found


def listed(session: Session) -> Sequence[GcdcBreach]:
    """All breaches, by reference."""
    return session.exec(select(GcdcBreach).order_by(col(GcdcBreach.reference))).all()


def open_ones(session: Session) -> Sequence[GcdcBreach]:
    """The breaches that are open, by reference."""
    statement = select(GcdcBreach).where(col(GcdcBreach.closed_at).is_(None))
    return session.exec(statement.order_by(col(GcdcBreach.reference))).all()


def next_reference(session: Session) -> str:
    """A reference that no breach has: `GCB` and eleven digits."""
    return f"GCB{sequences.take_outgoing(session, 'gcdc breaches'):011d}"


def days(
    session: Session, *, references: Collection[str] | None = None, between: tuple[date, date] | None = None
) -> pl.DataFrame:
    """DAYS of some breaches, or those from one Settlement Day to another, by breach and day."""
    columns = [getattr(GcdcBreachDay, name) for name in DAYS.names()]
    statement = select_columns(*columns)
    if between is not None:
        statement = statement.where(col(GcdcBreachDay.settlement_date).between(*between))
    if references is None:
        return frames.read(session, statement, DAYS).sort("reference", "settlement_date")
    wanted = list(references)
    parts = [wanted[first : first + _AT_ONCE] for first in range(0, len(wanted), _AT_ONCE)]
    found = [frames.read(session, statement.where(col(GcdcBreachDay.reference).in_(part)), DAYS) for part in parts]
    return pl.concat([DAYS.to_frame(), *found]).sort("reference", "settlement_date")


def replace_days(session: Session, evaluated: Sequence[date], rows: pl.DataFrame) -> None:
    """Makes `rows` (DAYS) all that stands of the Settlement Days that were evaluated."""
    for first in range(0, len(evaluated), _AT_ONCE):
        part = col(GcdcBreachDay.settlement_date).in_(evaluated[first : first + _AT_ONCE])
        session.connection().execute(delete(GcdcBreachDay).where(part))
    bulk.insert(session, "gcdc_breach_day", rows.select(DAYS.names()))


def note(session: Session, breaches: Collection[GcdcBreach]) -> None:
    """Writes down that breaches changed: what is judged against them is judged again."""
    if breaches:
        units = pl.Series("subject", [breach.bm_unit_id for breach in breaches], pl.String)
        changes.note(session, "gcdc_breaches", units)


def tell(
    session: Session, breach: GcdcBreach, action: str, *, actor: str, at: datetime, why: str = "", before: str = ""
) -> None:
    """Adds to the history of a breach; `before` is the state that it had."""
    audit.write(
        session,
        at=at,
        actor=actor,
        action=action,
        subject_kind=SUBJECT,
        subject=breach.reference,
        from_state=before or None,
        to_state=breach.state,
        why=why,
        detail={
            "estimated_value_kw": breach.estimated_value_kw,
            "periods_in_breach": breach.periods_in_breach,
            "challenge_by": breach.challenge_by.isoformat(),
            **({} if breach.value_kw is None else {"value_kw": breach.value_kw}),
        },
    )


def close(
    session: Session,
    breach: GcdcBreach,
    state: GcdcBreachState,
    value_kw: int | None,
    *,
    actor: str,
    at: datetime,
    why: str,
) -> None:
    """Ends the life of a breach; `value_kw` is what came into force by it."""
    before = breach.state
    breach.state, breach.value_kw, breach.closed_at, breach.is_open = state, value_kw, at, None
    session.add(breach)
    tell(session, breach, "close", actor=actor, at=at, why=why, before=before)
    note(session, [breach])
    session.flush()


def challenge_of(session: Session, reference: str) -> GcdcChallenge | None:
    """The challenge in force of a breach: the last that was received of live traffic; None where there is none."""
    wanted = (
        GcdcChallenge.breach_reference == reference,
        GcdcChallenge.test_flag == "OPER",
        col(GcdcChallenge.withdrawn_at).is_(None),
    )
    order = (col(GcdcChallenge.received_at), col(GcdcChallenge.submission_ref), col(GcdcChallenge.line))
    return session.exec(select(GcdcChallenge).where(*wanted).order_by(*(one.desc() for one in order))).first()


def unevaluated(session: Session, at: datetime) -> Sequence[RecordSet]:
    """The sets of metered volumes received by an instant that no evaluation has seen as they stand now, by id."""
    seen = and_(
        col(GcdcEvaluation.record_set_id) == col(RecordSet.id),
        or_(col(GcdcEvaluation.withdrawn), col(RecordSet.withdrawn_at).is_(None)),
    )
    wanted = (
        RecordSet.kind == "METERED",
        RecordSet.test_flag == "OPER",
        col(RecordSet.received_at) <= at,
        ~exists().where(seen),
    )
    return session.exec(select(RecordSet).where(*wanted).order_by(col(RecordSet.id))).all()


def note_evaluated(session: Session, sets: Sequence[RecordSet]) -> None:
    """Writes down that sets were evaluated as they stand."""
    for one in sets:
        assert one.id is not None
        session.merge(GcdcEvaluation(record_set_id=one.id, withdrawn=one.withdrawn_at is not None))
    session.flush()
