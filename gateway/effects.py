"""What accepted units put in force: rows of effects, or record sets of volumes."""

import polars as pl
from sqlmodel import Session

from gateway.declaration_effects import put_declarations
from gateway.office import Office
from gateway.valuation import Valuation
from market.home import Home
from market.layout import layout
from market.reference import RECEIVED
from rules.acceptance import PutInForce
from rules.catalogue import acceptance_of
from rules.declaration import FLOW as DECLARATIONS_FLOW
from store import effects, record_set_sweep, record_sets, settlement_calendar
from store.database import reading
from store.tables import Run, Submission

CALENDAR = "settlement_calendar"
LIVE = "OPER"


def put_in_force(session: Session, home: Home, submission: Submission, run: Run, valuation: Valuation) -> None:
    """Writes the effects of a run's accepted units; a flow that puts nothing in force changes no value.

    Of declarations the held ones are written as well: what comes later must meet them.
    """
    if valuation.header.file_type == DECLARATIONS_FLOW:
        put_declarations(session, submission, run, valuation)
    puts = acceptance_of(layout(valuation.header.file_type)).puts
    effect = valuation.judgement.effect
    for staged in valuation.staged:
        record_sets.add(
            session,
            home,
            staged,
            party_id=submission.party_id,
            test_flag=valuation.header.flag,
            received_at=submission.received_at,
        )
    if isinstance(puts, PutInForce) and puts.frame in effects.KINDS and effect.height:
        rows = puts.rows(effect).with_columns(
            pl.lit(submission.received_at).cast(RECEIVED).alias("received_at"),
            pl.lit(submission.ref).alias("submission_ref"),
        )
        effects.add(session, puts.frame, rows, test_flag=valuation.header.flag, run_number=run.number)
    if isinstance(puts, PutInForce) and puts.frame == CALENDAR and effect.height and valuation.header.flag == LIVE:
        settlement_calendar.load(
            session,
            puts.rows(effect),
            file_name=submission.file_name,
            sha256=submission.sha256 or "",
            at=run.finished_at,
            actor=submission.account,
        )


def remove_abandoned(office: Office) -> None:
    """Removes the record sets that a crash left without a row; done while the gateway has no run in work."""
    assert office.token is not None
    with reading(office.engine) as session:
        record_set_sweep.remove_abandoned(session, office.home, token=office.token, at=office.clock())
