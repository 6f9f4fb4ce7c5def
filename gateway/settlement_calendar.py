"""Loading an S0161001 file as the Settlement Calendar."""

import hashlib
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from gateway.reference_flow import flow_file, not_loaded
from ingest.records import SLICE_RECORDS
from store import settlement_calendar
from store.reference_load import Summary

FLOW = "S0161001"


def load(session: Session, path: Path, *, at: datetime, actor: str) -> Summary:
    """Loads a calendar and gives what that did.

    Raises OSError where the file cannot be read, and RefusedError, with its first problems, where it is no whole and
    well-formed S0161001.
    """
    found = flow_file(session, path, FLOW, at=at)
    rows = pl.concat([piece.frames["SCD"] for piece in found.body.slices(SLICE_RECORDS)])
    again = rows.filter(~pl.struct("settlement_date", "settlement_run_type").is_first_distinct())
    if not again.is_empty():
        raise not_loaded(path, [f"line {line}: the date and run stand on an earlier line" for line in again["line"]])
    digest = hashlib.sha256(found.received).hexdigest()
    return settlement_calendar.load(session, rows, file_name=path.name, sha256=digest, at=at, actor=actor)
