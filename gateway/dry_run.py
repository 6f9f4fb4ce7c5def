"""`gridpost check`: everything that is done with a file but the effects, in one process.

Each file is judged alone against the store, by the steps of gateway.pipeline, as if it came at that moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from gateway.bodies import IddBody
from gateway.knowledge import knowledge
from gateway.pipeline import (
    DUPLICATE,
    RECEIVED,
    Acknowledgement,
    Reading,
    acknowledge,
    header_of,
    read_through,
    validate,
)
from gateway.valuation import judged_by
from ingest.csv_profile_columns import csv_flow
from ingest.envelope import Entry, Refusal
from market.clock import london_day
from market.frames import BREACHES
from market.header import Header, csv_channel
from market.home import Home
from market.policy import Policy
from market.severity import told_severity
from rules.judge import Judgement
from store import policy as policies
from store.database import reading
from store.refused import RefusedError
from store.states import Profile, SubmissionState
from store.tables import Submission

LAST_REF = "Z" * 26
"""Sorts behind every reference of a submission: what came in the same second came before."""

REFUSED = ("NACKED", "PARTIAL", "REJECTED")
"""The outcomes with which something was refused."""


@dataclass(frozen=True)
class UnitCounts:
    """How many acceptance units a file has, and what would become of them; no change counts as accepted."""

    all: int = 0
    accepted: int = 0
    rejected: int = 0
    held: int = 0


@dataclass(frozen=True)
class Checked:
    """What would become of a file.

    `file_type` is None where no header can be read. `outcome` is that of the units, or NACKED or DUPLICATE by the
    receipt. `breaches` is as market.frames.BREACHES, with the severities of a report, cut to the store limit of each
    rule; `counts` are exact.
    """

    path: Path
    file_type: str | None
    reading: Reading
    receipt: tuple[Entry, ...]
    outcome: str
    units: UnitCounts
    breaches: pl.DataFrame
    counts: Mapping[str, int]

    @property
    def refused(self) -> bool:
        """Whether the file or a part of it would be refused."""
        return self.outcome in REFUSED


@dataclass(frozen=True)
class Alone:
    """A file judged alone against the store: the row that it would have, and what each step says.

    `header` and `judgement` are None where the receipt is not 100.
    """

    submission: Submission
    reading: Reading
    receipt: Acknowledgement
    policy: Policy
    header: Header | None = None
    judgement: Judgement | None = None

    @property
    def outcome(self) -> str:
        """The outcome of the units, or NACKED or DUPLICATE by the receipt."""
        if self.judgement is not None:
            return self.judgement.outcome
        return SubmissionState.DUPLICATE if self.receipt.code == DUPLICATE else SubmissionState.NACKED

    @property
    def units(self) -> UnitCounts:
        """How many units there are, and what becomes of them."""
        found = self.judgement
        if found is None:
            return UnitCounts()
        counts = (found.units_with(*letters) for letters in (("A", "W", "N"), ("R",), ("H",)))
        return UnitCounts(found.units.height, *counts)


def check(
    engine: Engine,
    home: Home | None,
    path: Path,
    party_id: str | None,
    received_at: datetime,
    judged: Callable[[int, int], None],
    listed: int | None = None,
) -> Checked:
    """Checks a file as if the party sent it; the party is the header's where none is given.

    `received_at` is aware, whole seconds. `judged` is told how many of how many records are judged. Of the breaches
    only the first `listed` are sure to be given, where that is said. Raises OSError where the file cannot be read.
    """
    received = path.read_bytes()
    alone = judge_alone(engine, home, path.name, received, party_id, received_at, judged, listed)
    judgement = alone.judgement
    return Checked(
        path,
        alone.submission.file_type,
        alone.reading,
        alone.receipt.entries,
        alone.outcome,
        alone.units,
        BREACHES.to_frame() if judgement is None else judgement.breaches.with_columns(told_severity()),
        {} if judgement is None else judgement.counts,
    )


def judge_alone(
    engine: Engine,
    home: Home | None,
    file_name: str,
    received: bytes,
    party_id: str | None,
    received_at: datetime,
    judged: Callable[[int, int], None] | None = None,
    listed: int | None = None,
) -> Alone:
    """Judges the bytes of a file as if the party sent them at that instant; as `check` otherwise."""
    with reading(engine) as session:
        policy = policies.in_force(session).on(london_day(received_at))
        what, body = read_through(received, file_name, policy)
        submission = _submission(file_name, what, party_id, received_at)
        known = knowledge(session, submission, what)
        receipt = acknowledge(what, known)
        if receipt.code != RECEIVED or body is None or isinstance(what.header, Refusal):
            return Alone(submission, what, receipt, policy)
        submission.skipped = receipt.skipped
        header = header_of(what.header, known.sender, received_at, policy.gateway_id)
        arrival, facts = judged_by(session, home, submission, header, body)
    # the lines of a CSV file may stand in another order than those that are judged
    if listed is not None and isinstance(body, IddBody):
        facts = replace(facts, policy=replace(facts.policy, store_limit=min(listed, facts.policy.store_limit)))
    if judged is None:
        return Alone(submission, what, receipt, policy, header, validate(body, header, arrival, facts))
    tell = judged
    tell(0, what.records)
    judgement = validate(body, header, arrival, facts, lambda done: tell(done, what.records))
    return Alone(submission, what, receipt, policy, header, judgement)


def _submission(file_name: str, what: Reading, party_id: str | None, received_at: datetime) -> Submission:
    """The row that the file would have; it is in no session."""
    header = what.header if isinstance(what.header, Header) else None
    csv = csv_flow(file_name) if what.separator else None
    if csv is not None and not party_id:
        raise RefusedError(f"{file_name} is a CSV file and names no sender; --party does")
    party = party_id or (header.from_id if header else "")
    own = header if header and header.from_id == party else None
    channel = csv_channel(party, csv.flow.file_type) if csv else own.channel if own else None
    return Submission(
        ref=LAST_REF,
        landing_name="",
        account="",
        party_id=party,
        file_name=file_name,
        size=what.size,
        received_at=received_at,
        arrival=received_at,
        profile=Profile.CSV if csv else Profile.IDD,
        file_type=csv.flow.file_type if csv else header.file_type if header else None,
        channel=str(channel) if channel else None,
        sequence=own.sequence if own else None,
        state=SubmissionState.RECEIVED,
    )
