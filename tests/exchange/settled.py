"""Is all well with a home once a gateway has come to rest? And is it as another, but for tokens and times?"""

import os
import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Engine, select
from sqlmodel import Session

from gateway.delivery import Deliveries
from gateway.doctor import differences, repair
from gateway.office import Office
from market.home import Home
from store.database import reading
from store.tables import (
    Answer,
    CapacityValue,
    RecordSet,
    Run,
    ScheduledRun,
    Submission,
)
from store.tables.row import Row

_REST = ("NACKED", "DUPLICATE", "VALIDATED", "HELD", "QUARANTINED", "WITHDRAWN")
_TABLES_APART = {"lease", "audit", "reference_load", "policy_version"}
"""Who worked when; and what the tests themselves loaded."""
_COLUMNS_APART = {
    "attempts",
    "next_try_at",
    "fault",
    "token",
    "owner",
    "heartbeat",
    "file",
    "body_file",
    "staged_at",
    "delivered_at",
    "started_at",
    "finished_at",
    "collected_at",
    "id",
    "run_id",
    "record_set_id",
    "answer_id",
    "redelivery_of",
}
"""What differs after a death or a failure: how often it was tried, under which token and when, and the numbers that the
store gives, for what failed is made up for after what came later.
"""

_AGAIN = re.compile(r"(?<=\.DRYRUN)\.\d+(?=\.)")
"""A dry run, which stores nothing, may be answered once more: in the name of the answer."""
_CHANGES_OF_STATE = """
    SELECT action, subject_kind, subject, from_state, to_state FROM audit
    WHERE subject_kind IN ('submission', 'answer') AND action <> 'fault'
"""


def unsettled(home: Home, engine: Engine) -> list[str]:
    """Everything that is not as it must be once nothing is left to do; empty where all is well.

    Every submission has one outcome, one receipt, and one response for each applied run; no value stands twice; nothing
    is left over on the disk; the doctor finds nothing.
    """
    with reading(engine) as session:
        wrong = [*_submissions(session), *_values(session), *_runs(session)]
    wrong += [f"left in {path.parent.name}: {path.name}" for path in _left_over(home)]
    return wrong + [f"doctor: {one.place} {one.subject}: {one.what}" for one in differences(home, engine)]


def _left_over(home: Home) -> list[Path]:
    folders = (home.landing, home.dry_runs, home.outgoing, home.dry_answers, home.uploading)
    kept = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return kept + [path for path in home.archive.iterdir() if path.suffix]


def _rows(session: Session, *columns: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in session.connection().execute(select(*columns)).all()]


def _submissions(session: Session) -> list[str]:
    wrong = []
    answers: dict[str, Counter[tuple[str, int | None]]] = {}
    for ref, kind, number, again in _rows(
        session, Answer.submission_ref, Answer.kind, Answer.run_number, Answer.redelivery_of
    ):
        if ref is not None and again is None:
            answers.setdefault(ref, Counter())[str(kind), number] += 1
    applied = {(ref, number) for ref, number, put in _rows(session, Run.submission_ref, Run.number, Run.applied) if put}
    for ref, name, state, code, sha256, fault in _rows(
        session,
        Submission.ref,
        Submission.file_name,
        Submission.state,
        Submission.receipt_code,
        Submission.sha256,
        Submission.fault,
    ):
        found = answers.get(ref, Counter())
        receipts = sum(count for (kind, _), count in found.items() if kind == "RECEIPT")
        reports = {number: count for (kind, number), count in found.items() if kind == "REPORT"}
        due = {number: 1 for of, number in applied if of == ref}
        if state not in _REST or fault is not None or sha256 is None or code is None:
            wrong.append(f"{name} is {state} with receipt code {code}, fault {fault}")
        if receipts != 1:
            wrong.append(f"{name} has {receipts} receipts")
        if reports != due or (code == 100) != bool(due):
            wrong.append(f"{name}, code {code}, has reports {reports} for runs {due}")
    return wrong


def _values(session: Session) -> list[str]:
    """What one run put in force stands once, and only one run of a submission has anything in force."""
    wrong = []
    for table in (CapacityValue, RecordSet):
        columns = [column for column in table.__table__.columns if column.name not in {"id", "file"}]  # type: ignore[attr-defined]
        found = Counter(_rows(session, *columns))
        wrong += [f"{table.__name__} stands {count} times: {row}" for row, count in found.items() if count > 1]
        standing = {
            (ref, number)
            for ref, number, withdrawn in _rows(session, table.submission_ref, table.run_number, table.withdrawn_at)
            if withdrawn is None
        }
        twice = [ref for ref, count in Counter(ref for ref, _ in standing).items() if count > 1]
        wrong += [f"{ref} has values of several runs in force" for ref in twice]
    return wrong


def _runs(session: Session) -> list[str]:
    found = _rows(session, ScheduledRun.check, ScheduledRun.business_date, ScheduledRun.attempt, ScheduledRun.state)
    return [f"{check} of {day} is {state}" for check, day, _, state in found if state not in ("DONE", "PASSED_OVER")]


def mend(home: Home, engine: Engine, location: str, now: datetime) -> None:
    """What an operator does an hour after a command died: the files that it had staged are removed by the doctor."""
    long_ago = now.timestamp() - 7200
    with reading(engine) as session:
        named = {file for (file,) in _rows(session, RecordSet.file)}
    for path in home.record_sets.rglob("*"):
        if path.is_file() and path.relative_to(home.record_sets).as_posix() not in named:
            os.utime(path, (long_ago, long_ago))
    office = Office(home, engine, location, lambda: now, "operator")
    assert office.claim()
    repair(office)
    while Deliveries(office).deliver():
        pass
    office.release()


def content(home: Home, engine: Engine) -> dict[str, list[str]]:
    """All that must be the same whatever happened on the way, as sorted lines by table or folder."""
    found: dict[str, list[str]] = {}
    with reading(engine) as session:
        for name, table in Row.metadata.tables.items():
            if name not in _TABLES_APART:
                columns = [column.name for column in table.columns if column.name not in _COLUMNS_APART]
                found[name] = _lines(session, f"SELECT {', '.join(map(_quoted, columns))} FROM {_quoted(name)}")
        found["changes of state"] = _lines(session, _CHANGES_OF_STATE)
    for folder in ("accounts", "archive"):
        paths = [path for path in (home.root / folder).rglob("*") if path.is_file()]
        # What was cut off lies in temp as NAME.partial until policy removes it.
        kept = {path.relative_to(home.root): path.read_bytes() for path in paths if path.suffix != ".partial"}
        found[folder] = sorted({f"{_AGAIN.sub('', str(path))} {body!r}" for path, body in kept.items()})
    sets = [pl.read_parquet(path) for path in sorted(home.record_sets.rglob("*.parquet"))]
    found["record sets"] = sorted(repr(frame.rows()) for frame in sets)
    return found


def _quoted(name: str) -> str:
    return f'"{name}"'


def _lines(session: Session, query: str) -> list[str]:
    return sorted(repr(tuple(row)) for row in session.connection().exec_driver_sql(query).all())


def differing(one: dict[str, list[str]], other: dict[str, list[str]]) -> list[str]:
    """What two contents have each alone, cut to what a reader takes in."""
    return [
        f"{what} {sign} {line[:600]}"
        for what in one
        for sign, there, elsewhere in (("lacks", one[what], other[what]), ("has too much", other[what], one[what]))
        for line in (Counter(there) - Counter(elsewhere)).elements()
    ][:20]
