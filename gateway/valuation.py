"""Judging an acknowledged submission against the store: what is read, at which versions, and what comes out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from gateway import archive
from gateway.pipeline import Arrival, read_body, validate
from ingest.envelope import read_header
from market.clock import london_day
from market.fault import Fault
from market.header import Header
from market.home import Home
from rules.catalogue import references_of
from rules.context import FileFacts
from rules.judge import Judgement
from store import changes, reference, submissions
from store import policy as policies
from store.database import reading
from store.tables import Submission

NAME_MEMORY = timedelta(days=31)
"""For how long ENV-16 remembers a file name."""


@dataclass(frozen=True)
class Valuation:
    """A judgement on a submission, with the header it was read under and the versions it was made against.

    `units_read` are the BM Units whose values in force the judgement read; `value_mark` is the last change of values
    that it saw.
    """

    header: Header
    judgement: Judgement
    started_at: datetime
    policy_version: str
    reference_version: int
    value_mark: int
    units_read: pl.Series


def valuate(home: Home, engine: Engine, ref: str, started_at: datetime) -> Valuation:
    """Judges an acknowledged submission; reads the store and the archive and changes nothing."""
    with reading(engine) as session:
        submission = submissions.get(session, ref)
        if submission is None or submission.sha256 is None:
            raise Fault(f"submission {ref} has no archived bytes")
        policy_version = policies.version(session)
        reference_version, value_mark = reference.version(session), changes.mark(session)
        received = archive.load(home, submission.sha256)
        header = read_header(received)
        if not isinstance(header, Header):
            raise Fault(f"submission {ref} was acknowledged without a header")
        arrival, facts = judged_by(session, submission, header)
    judgement = validate(read_body(received, header, facts.policy), header, arrival, facts)
    return Valuation(
        header=header,
        judgement=judgement,
        started_at=started_at,
        policy_version=policy_version,
        reference_version=reference_version,
        value_mark=value_mark,
        units_read=_units_read(judgement),
    )


def judged_by(session: Session, submission: Submission, header: Header) -> tuple[Arrival, FileFacts]:
    """What a submission with that header is judged by: how it came, and the store without its own effects."""
    arrival = Arrival(
        file_name=submission.file_name,
        received_at=submission.received_at,
        skipped=submission.skipped,
        name_used=submissions.name_used(session, submission, submission.received_at - NAME_MEMORY),
    )
    facts = FileFacts(
        sender=submission.party_id,
        from_role=header.from_role,
        received_at=submission.received_at,
        policy=policies.in_force(session).on(london_day(submission.received_at)),
        references=_references(session, submission, header),
    )
    return arrival, facts


def _references(session: Session, submission: Submission, header: Header) -> dict[str, pl.DataFrame]:
    """The reference frames of a flow's rules, without the effects of the submission itself and of later ones."""
    return reference.frames(
        session,
        references_of(header.file_type),
        test_flag=header.flag,
        before=(submission.received_at, submission.ref),
    )


def _units_read(judgement: Judgement) -> pl.Series:
    if "bm_unit_id" not in judgement.effect.columns:
        return pl.Series("bm_unit_id", [], pl.String)
    return judgement.effect["bm_unit_id"].unique()


def is_stale(session: Session, valuation: Valuation) -> bool:
    """Whether something that a judgement read has changed since: reference data, or values in force of its BM Units."""
    if reference.version(session) != valuation.reference_version:
        return True
    changed = changes.since(session, valuation.value_mark).filter(pl.col("kind") == "capacity_values")
    return not changed.filter(pl.col("subject").is_in(valuation.units_read.implode())).is_empty()
