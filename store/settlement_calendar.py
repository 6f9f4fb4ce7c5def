"""The Settlement Calendar as reference data: when each Settlement Run of a date takes its demand."""

from datetime import datetime

import polars as pl
from sqlmodel import Session

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import audit, dated
from store.dated import DatedTable
from store.reference_load import Summary
from store.register import LINES
from store.tables import SettlementCalendarRow

KIND = "calendar"
"""The kind of reference data."""

CALENDAR = DatedTable(
    SettlementCalendarRow,
    pl.Schema(
        {
            "settlement_date": pl.Date(),
            "settlement_run_type": pl.String(),
            "sva_run_date": pl.Date(),
            "notification_date": pl.Date(),
        }
    ),
    2,
)


def load(session: Session, rows: pl.DataFrame, *, file_name: str, sha256: str, at: datetime, actor: str) -> Summary:
    """Puts rows of a calendar (the columns of CALENDAR, each date and run once) in force and gives what it did.

    Runs that the rows do not name stay as they are.
    """
    done = dated.begin(session, KIND, at=at, file_name=file_name, sha256=sha256)
    wanted = rows.select(
        *CALENDAR.schema.names(),
        pl.lit(MARKET_START).alias("effective_from"),
        pl.lit(OPEN_END).alias("effective_to"),
    )
    dated.apply(session, CALENDAR, wanted, done)
    counted = {"added": done.added, "corrected": done.corrected, "ended": done.ended, "unchanged": done.unchanged}
    told = {"file": file_name, "sha256": sha256, "version": done.id, **counted}
    audit.loaded(session, KIND, told, at=at, actor=actor)
    none = LINES.to_frame()
    return Summary(kind=KIND, version=done.id or 0, **counted, parties_added=0, skipped=none, told=none)
