"""Season work: reminders before the deadline of a season's declarations, default notices after it (MON-06, MON-07)."""

from functools import partial

import polars as pl
from sqlmodel import Session

from gateway.schedule.check import Apply, Check, Occasion, Summary
from gateway.schedule.telling import NoticeFile, tell
from market.clock import london_day
from market.header import Header
from market.season import Season, season_of
from market.working_days import working_days_before
from outbound.season_notice import FILE_TYPE, season_notice
from rules.monitoring.season import REMINDED, undeclared
from store import notices
from store.database import reading

ROLES = ("BP", "VP", "VT")
"""The roles in which a Party declares."""


def _write(notice_type: str, season: Season, header: Header, rows: pl.DataFrame) -> bytes:
    return season_notice(header, notice_type, season.code, season.start_year, season.deadline, rows)


def _file(notice_type: str, season: Season) -> NoticeFile:
    return NoticeFile(FILE_TYPE, "CR", ROLES, partial(_write, notice_type, season))


def _undeclared(occasion: Occasion, season: Season) -> pl.DataFrame:
    """The undeclared BM Units of a season as notices name them, each a subject of its Lead Party."""
    found = undeclared(season, **occasion.references("bm_units", "capacity_values"))
    return found.with_columns(party_id="lead_party_id", subject=pl.lit(f"{season} ") + pl.col("bm_unit_id"))


def _remind(occasion: Occasion) -> Apply:
    day, season = occasion.business_date, season_of(occasion.business_date).next
    counts: list[int] = occasion.parameters["working_days"]
    count = next((count for count in counts if working_days_before(season.first_day, count) == day), None)
    if count is None:
        return lambda _: {"season": str(season), "reminder": None}
    rows = _undeclared(occasion, season)

    def apply(session: Session) -> Summary:
        told = tell(session, occasion, day, rows, _file("R", season))
        return {"season": str(season), "reminder": f"{count} Working Days before", **told}

    return apply


def _default(occasion: Occasion) -> Apply:
    now_running = season_of(occasion.business_date)
    coming = now_running.next
    closed = coming.deadline <= occasion.at
    late = _undeclared(occasion, coming) if closed else None
    carried = _in_default(occasion, now_running)

    def apply(session: Session) -> Summary:
        summary: Summary = {"season": str(coming), "deadline": coming.deadline.isoformat(), "defaults": None}
        if late is not None:
            summary["defaults"] = tell(session, occasion, london_day(coming.deadline), late, _file("D", coming))
        if carried.height:
            file = _file("C", now_running)
            summary["carried_forward"] = tell(session, occasion, now_running.first_day, carried, file)
        return summary

    return apply


def _in_default(occasion: Occasion, season: Season) -> pl.DataFrame:
    """The BM Units that a default notice named and that are undeclared now that the season has begun."""
    with reading(occasion.engine) as session:
        told = notices.subjects(session, occasion.check, london_day(season.deadline))
    rows = _undeclared(occasion, season)
    return rows.filter(pl.col("subject").is_in([subject for _, subject in told]))


REMINDERS = Check(
    name="season-reminders",
    title="Reminds Lead Parties of BM Units that are not declared for the next season",
    rules=("MON-06",),
    work=_remind,
    parameters={"working_days": list(REMINDED)},
)

DEFAULTS = Check(
    name="season-defaults",
    title="After a season's deadline, tells Lead Parties which values are carried forward",
    rules=("MON-07",),
    work=_default,
)
