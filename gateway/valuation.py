"""Judging an acknowledged submission against the store: what is read, at which versions, and what comes out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from gateway import archive
from gateway.bodies import Body, said_in
from gateway.knowledge import sender_of
from gateway.pipeline import Arrival, days_about, header_of, read_body, validate
from gateway.retention import refuse_given_up
from ingest.csv_profile_header import FIRST_BYTES, CsvForm
from ingest.csv_profile_records import separator_of
from ingest.envelope import Refusal, Sender, read_header
from ingest.records import SLICE_RECORDS
from market.clock import london_day
from market.fault import Fault
from market.header import Header
from market.home import Home
from market.policy import Policy
from rules.catalogue import acceptance_of, references_of
from rules.context import FileFacts
from rules.judge import Judgement
from rules.put_in_force import rows_put
from store import changes, record_sets, reference, runs, submissions
from store import policy as policies
from store.database import reading
from store.record_sets import Staged
from store.states import Profile
from store.tables import Submission

VALUES = "capacity_values"
"""The reference frame of GC and DC in force: of all BM Units it is long, and rules read of those alone that stand in
the file."""

NAME_MEMORY = timedelta(days=31)
"""For how long ENV-16 remembers a file name."""


@dataclass(frozen=True)
class EffectsRead:
    """The effects that a judgement read: reference frames, of these BM Units or this Party, volumes of these days."""

    frames: frozenset[str]
    subjects: pl.Series
    days: tuple[date, date] | None


@dataclass(frozen=True)
class Valuation:
    """A judgement on a submission, with the header it was read under and the versions it was made against.

    `read` tells what of the effects in force the judgement read; `value_mark` is the last change of effects that it
    saw. `staged` are the record sets of its accepted volumes, durable and not yet named. `joined` are the judgements of
    held submissions that are decided with it, by reference.
    """

    header: Header
    judgement: Judgement
    started_at: datetime
    policy_version: str
    reference_version: int
    value_mark: int
    read: EffectsRead
    staged: tuple[Staged, ...]
    joined: tuple[tuple[str, "Valuation"], ...] = ()


@dataclass(frozen=True)
class Basis:
    """Which policy and reference data a submission is judged by: those of these versions."""

    policy_version: str
    reference_version: int


def basis_now(session: Session) -> Basis:
    """The versions in force."""
    return Basis(policies.version(session), reference.version(session))


def valuate(
    home: Home,
    engine: Engine,
    ref: str,
    started_at: datetime,
    token: int,
    basis: Basis | None = None,
    beside: Mapping[str, pl.DataFrame] | None = None,
) -> Valuation:
    """Judges an acknowledged submission; reads the store and the archive and changes neither.

    Accepted volumes are staged under the fencing token of the gateway for which it is done. Without `basis` the policy
    and the reference data are those in force now. `beside` are rows of reference frames besides those of the store.
    """
    with reading(engine) as session:
        submission = submissions.get(session, ref)
        if submission is None or submission.sha256 is None:
            raise Fault(f"submission {ref} has no archived bytes")
        refuse_given_up(session, ref)
        if basis is None:
            basis = basis_now(session)
        policy = policies.of_version(session, basis.policy_version).on(london_day(submission.received_at))
        sender = sender_of(session, submission.party_id, submission)
    received = archive.load(home, submission.sha256)
    header = _header(submission, received, sender, policy)
    body = read_body(received, header, submission.file_name, policy)
    with reading(engine) as session:
        value_mark, run_number = changes.mark(session), len(runs.of(session, ref)) + 1
        arrival, facts = judged_by(session, home, submission, header, body, basis)
    if beside is not None:
        known = {name: pl.concat([facts.references[name], rows]) for name, rows in beside.items()}
        facts = replace(facts, references={**facts.references, **known})
    judgement = validate(body, header, arrival, facts)
    subjects = pl.concat([_units_read(judgement), pl.Series("bm_unit_id", [submission.party_id])])
    return Valuation(
        header=header,
        judgement=judgement,
        started_at=started_at,
        policy_version=basis.policy_version,
        reference_version=basis.reference_version,
        value_mark=value_mark,
        read=EffectsRead(references_of(header.file_type), subjects, days_about(body)),
        staged=_staged(home, body, judgement, ref, run_number, token),
    )


def _header(submission: Submission, received: bytes, sender: Sender, policy: Policy) -> Header:
    """The header under which an acknowledged submission is judged."""
    found: Header | CsvForm | Refusal = read_header(received)
    if submission.profile is Profile.CSV and submission.file_type is not None:
        flag = "" if submission.test_flag == "OPER" else submission.test_flag
        found = CsvForm(submission.file_type, separator_of(received[:FIRST_BYTES]), flag or "")
    if isinstance(found, Refusal):
        raise Fault(f"submission {submission.ref} was acknowledged without a header")
    return header_of(found, sender, submission.received_at, policy.gateway_id)


def _staged(home: Home, body: Body, judgement: Judgement, ref: str, run_number: int, token: int) -> tuple[Staged, ...]:
    """The record set of accepted volumes; none where the flow puts none in force."""
    puts = acceptance_of(body.layout).puts
    if puts is None or puts.frame not in reference.VOLUMES:
        return ()
    rows = rows_put(puts, judgement, body.slices(SLICE_RECORDS))
    return (record_sets.stage(home, reference.VOLUMES[puts.frame], ref, run_number, token, rows),) if len(rows) else ()


def judged_by(
    session: Session,
    home: Home | None,
    submission: Submission,
    header: Header,
    body: Body,
    basis: Basis | None = None,
) -> tuple[Arrival, FileFacts]:
    """What a submission with that header and body is judged by: how it came, and the store without its own effects.

    Without `basis` by the policy and the reference data in force now.
    """
    basis = basis or basis_now(session)
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
        policy=policies.of_version(session, basis.policy_version).on(london_day(submission.received_at)),
        references=_references(session, home, submission, header, body, basis),
        records=body.records,
    )
    return arrival, facts


def _references(
    session: Session, home: Home | None, submission: Submission, header: Header, body: Body, basis: Basis
) -> dict[str, pl.DataFrame]:
    """The reference frames of a flow's rules, without the effects of the submission itself and of later ones."""
    names, before = references_of(header.file_type), (submission.received_at, submission.ref)
    found = reference.frames(
        session,
        names - {VALUES},
        test_flag=header.flag,
        before=before,
        as_of=basis.reference_version,
        days=days_about(body),
        home=home,
        party_id=submission.party_id,
    )
    if VALUES in names:
        named = _units_named(body, found["bm_units"])
        found |= reference.frames(session, [VALUES], test_flag=header.flag, before=before, bm_units=named)
    return found


def _units_named(body: Body, bm_units: pl.DataFrame) -> list[str] | None:
    """The BM Units that a small body names, by their BSC id or by NETSO's name; None of a larger body."""
    said = said_in(body, "bm_unit_id")
    if said is None:
        return None
    named = pl.any_horizontal(pl.col("bm_unit_id", "netso_name").is_in(said.implode()))
    return pl.concat([said, bm_units.filter(named)["bm_unit_id"]]).unique().to_list()


def _units_read(judgement: Judgement) -> pl.Series:
    found = [frame["bm_unit_id"] for frame in (judgement.effect, judgement.refused) if "bm_unit_id" in frame.columns]
    return pl.concat([pl.Series("bm_unit_id", [], pl.String), *found]).unique()


def is_stale(session: Session, valuation: Valuation) -> bool:
    """Whether something that a judgement read has changed since: reference data, or effects in force."""
    if reference.version(session) != valuation.reference_version:
        return True
    read, since = valuation.read, changes.since(session, valuation.value_mark)
    if since.is_empty():
        return False
    changed = since.filter(
        pl.col("kind").is_in(list(read.frames))
        # every declaration may meet every other, in a set or by an MSID
        & (pl.col("subject").is_in(read.subjects.implode()) | (pl.col("kind") == "declarations"))
    )
    if read.days is not None:
        first, last = read.days
        changed = changed.filter(
            (pl.col("first_day").is_null()) | ((pl.col("first_day") <= last) & (pl.col("last_day") >= first))
        )
    return not changed.is_empty()
