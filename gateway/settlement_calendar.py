"""Loading an S0161001 file as the Settlement Calendar."""

import hashlib
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from gateway.pipeline import read_through
from ingest.envelope import Refusal
from ingest.records import SLICE_RECORDS
from market.clock import london_day
from market.header import Header
from rules.context import FileFacts
from rules.judge import judge
from store import policy, settlement_calendar
from store.reference_load import Summary
from store.refused import RefusedError
from validators.fields import field_checks

FLOW = "S0161001"

_TOLD = 10


def load(session: Session, path: Path, *, at: datetime, actor: str) -> Summary:
    """Loads a calendar and gives what that did.

    Raises OSError where the file cannot be read, and RefusedError, with its first problems, where it is no whole and
    well-formed S0161001.
    """
    received = path.read_bytes()
    policy_ = policy.in_force(session).on(london_day(at))
    reading, body = read_through(received, path.name, policy_)
    if isinstance(reading.header, Refusal) or reading.body is not None:
        refused = reading.header if isinstance(reading.header, Refusal) else reading.body
        raise _refused(path, [data for _, data in refused.entries] if refused else [])
    if not isinstance(reading.header, Header) or reading.header.file_type != FLOW or body is None:
        raise _refused(path, [f"it is no {FLOW}"])
    facts = FileFacts(reading.header.from_id, reading.header.from_role, at, policy_, {}, records=body.records)
    judgement = judge(body.layout, body.slices(SLICE_RECORDS), facts, field_checks)
    errors = judgement.breaches.filter(pl.col("severity") == "E")
    if not errors.is_empty():
        raise _refused(path, [f"line {line}: {rule} {why}" for line, rule, why in _told(errors)])
    rows = pl.concat([piece.frames["SCD"] for piece in body.slices(SLICE_RECORDS)])
    again = rows.filter(~pl.struct("settlement_date", "settlement_run_type").is_first_distinct())
    if not again.is_empty():
        raise _refused(path, [f"line {line}: the date and run stand on an earlier line" for line in again["line"]])
    digest = hashlib.sha256(received).hexdigest()
    return settlement_calendar.load(session, rows, file_name=path.name, sha256=digest, at=at, actor=actor)


def _told(errors: pl.DataFrame) -> list[tuple[int, str, str]]:
    return errors.select("line", "rule", "message").head(_TOLD + 1).rows()


def _refused(path: Path, why: list[str]) -> RefusedError:
    more = ["and more"] if len(why) > _TOLD else []
    return RefusedError("\n".join([f"{path.name} is not loaded", *why[:_TOLD], *more]))
