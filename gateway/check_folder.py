"""The check folder: a party's dry run over SFTP. Receipt and report come back, and nothing is stored but an audit line.

A taken file stays among the dry runs until its answers are in the outbox: after a crash in between it is answered once
more. Its answers carry DRYRUN in their names and stand in no row.
"""

import logging
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from gateway.dispatch import retry_after
from gateway.dry_run import Alone, judge_alone
from gateway.office import LeaseLostError, Office
from gateway.workers import WorkerDiedError, Workers, check_file
from ingest.landing import Landed, waiting
from ingest.sequence import next_number
from market.durable import folder_opened, rename_without_replacing, sync_folder
from market.header import CsvHeader, Header
from market.home import Home
from outbound.csv_receipt import csv_receipt
from outbound.names import CSV_RECEIPT, CSV_REPORT, RECEIPT, REPORT, answer_name
from outbound.receipt import receipt, returned, unreadable
from outbound.report import Verdict, report
from store import audit, parties, sequences
from store.database import reading

DRYRUN = "DRYRUN"
"""What marks the answers of a dry run, in their names and as the reference of the submission that was none."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DryRun:
    """The answers to a checked file in their order, by the ending of their names, and what became of it."""

    answers: tuple[tuple[str, bytes], ...]
    outcome: str


def is_dry_answer(name: str) -> bool:
    """Whether a name in an outbox is that of a dry run's answer, which no row knows."""
    return f".{DRYRUN}." in name


def dry_run(home: Home, engine: Engine, landed: Landed, answered_at: datetime) -> DryRun:
    """Judges a file from a check folder against the store and writes its answers; changes nothing."""
    received = (home.dry_runs / landed.path).read_bytes()
    alone = judge_alone(engine, home, landed.file_name, received, landed.party_id, landed.received_at)
    with reading(engine) as session:
        role = parties.roles(session, landed.party_id)[0].role
        channel = alone.submission.channel
        highest = sequences.state(session, channel) if channel else None
    return DryRun(tuple(_answers(alone, landed, role, highest, answered_at)), alone.outcome)


def _answers(
    alone: Alone, landed: Landed, role: str, highest: int | None, answered_at: datetime
) -> Sequence[tuple[str, bytes]]:
    separator, entries, gateway_id = alone.reading.separator, alone.receipt.entries, alone.policy.gateway_id
    if separator:
        acknowledged = csv_receipt(landed.file_name, landed.received_at, answered_at, entries, separator)
    else:
        found = alone.reading.header
        header = (
            returned(found)
            if isinstance(found, Header)
            else unreadable(gateway_id, role, landed.party_id, landed.received_at)
        )
        acknowledged = receipt(header, landed.file_name, landed.received_at, answered_at, entries)
    answers = [(CSV_RECEIPT if separator else RECEIPT, acknowledged)]
    if alone.header is not None and alone.judgement is not None:
        body = _report(alone, alone.header, landed, None if separator else next_number(highest), answered_at)
        answers.append((CSV_REPORT if separator else REPORT, body))
    return answers


def _report(alone: Alone, sender: Header, landed: Landed, due: int | None, answered_at: datetime) -> bytes:
    """The report of a dry run: its header has number 0, for none is taken from the channel."""
    assert alone.judgement is not None
    there_and_back = (sender.to_role, alone.policy.gateway_id, sender.from_role, sender.from_id)
    header = Header("K9001001", "D", answered_at, *there_and_back, 0, sender.test_flag)
    if isinstance(sender, CsvHeader):
        header = CsvHeader(**vars(header), separator=sender.separator)
    counts = alone.units
    verdict = Verdict(
        file_name=landed.file_name,
        file_type=sender.file_type,
        sequence_number=alone.submission.sequence,
        received_time=landed.received_at,
        sha_256=alone.reading.sha256,
        submission_reference=DRYRUN,
        run_number=1,
        outcome=alone.judgement.outcome,
        units_in=counts.all,
        units_accepted=counts.accepted,
        units_rejected=counts.rejected,
        units_held=counts.held,
        breaches=sum(alone.judgement.counts.values()),
        next_sequence_number=due,
    )
    return report(
        header,
        verdict,
        alone.judgement.units,
        alone.judgement.breaches,
        unit_limit=alone.policy.unit_limit,
        report_limit=alone.policy.report_limit,
    )


class DryRuns:
    """Answers what comes from check folders while this gateway holds the lease; called by one thread."""

    def __init__(self, office: Office, workers: Workers) -> None:
        self._office = office
        self._workers = workers
        self._failed: dict[str, tuple[int, datetime]] = {}

    def clear(self) -> None:
        """Removes answers that a crash left half written."""
        for path in self._office.home.dry_answers.iterdir():
            path.unlink(missing_ok=True)

    def answer(self) -> None:
        """Answers every file that waits, in order of arrival; one that fails is tried again later.

        Below the disk's reserve they go on waiting.
        """
        for landed in waiting(self._office.home.dry_runs):
            if self._office.space.is_short:
                return
            attempts, not_before = self._failed.get(landed.path, (0, landed.stamp))
            if self._office.clock() < not_before and attempts:
                continue
            try:
                self._answer(landed)
                self._failed.pop(landed.path, None)
            except LeaseLostError:
                raise
            except Exception:
                _log.exception("the dry run of %s is tried again", landed.path)
                self._failed[landed.path] = (attempts + 1, self._office.clock() + retry_after(attempts))

    def _answer(self, landed: Landed) -> None:
        office = self._office
        try:
            done = self._workers.run(landed.size, check_file, office.home, office.location, landed, office.clock())
        except WorkerDiedError as error:
            self._write_audit(landed, str(error), [])
            (office.home.dry_runs / landed.path).unlink(missing_ok=True)
            return
        names = _put(office.home, landed, done.answers)
        self._write_audit(landed, done.outcome, names)
        (office.home.dry_runs / landed.path).unlink(missing_ok=True)

    def _write_audit(self, landed: Landed, why: str, names: list[str]) -> None:
        with self._office.committing() as session:
            audit.write(
                session,
                at=self._office.clock(),
                actor=landed.account,
                action="dry run",
                subject_kind="file",
                subject=f"{landed.account}/{landed.file_name}",
                why=why,
                detail={"size": landed.size, "answers": names},
            )


def _put(home: Home, landed: Landed, answers: Sequence[tuple[str, bytes]]) -> list[str]:
    """Puts answers into the outbox under the first number with which none of their names is there."""
    outbox = home.outbox(landed.account)
    marked = f"{landed.file_name}.{DRYRUN}"
    attempt = 1
    while any(os.path.lexists(outbox / answer_name(marked, ending, attempt)) for ending, _ in answers):
        attempt += 1
    names = [answer_name(marked, ending, attempt) for ending, _ in answers]
    for name, (_, body) in zip(names, answers, strict=True):
        _publish(home.dry_answers, outbox, name, body)
    return names


def _publish(aside: Path, outbox: Path, name: str, body: bytes) -> None:
    temporary = aside / secrets.token_hex(8)
    with temporary.open("xb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    with folder_opened(aside) as source, folder_opened(outbox) as target:
        rename_without_replacing(temporary.name, name, source, target)
    sync_folder(outbox)
