"""GC/DC breaches that later metered volumes or values leave without a period, told to their Lead Parties."""

from datetime import date
from functools import partial

import polars as pl
from sqlmodel import Session

from gateway.gcdc_notification import ROLES
from gateway.schedule.check import Occasion, Summary
from gateway.schedule.telling import NoticeFile, tell
from market.clock import london_day
from market.header import Header
from outbound.notice import FILE_TYPE, notice
from store import gcdc_breaches
from store.states import GcdcBreachState

RULES = {"GC": "MON-01", "DC": "MON-02"}
"""The rule that raised the breaches of each side."""

_ROWS = pl.Schema(
    {
        "party_id": pl.String,
        "subject": pl.String,
        "bm_unit_id": pl.String,
        "message": pl.String,
        "side": pl.String,
        "day": pl.Date,
    }
)


def tell_withdrawn(session: Session, occasion: Occasion) -> Summary:
    """Tells each Lead Party of its breaches that are withdrawn, once of each: a file a day and side."""
    rows = [
        (
            *(one.party_id, f"{one.reference} {one.state}", one.bm_unit_id),
            f"GC/DC breach {one.reference} of {one.season} {one.season_start_year} is withdrawn: no metered period is "
            f"beyond {one.side} and its limit any more",
            *(one.side, london_day(one.closed_at)),
        )
        for one in gcdc_breaches.listed(session)
        if one.state is GcdcBreachState.WITHDRAWN and one.closed_at is not None
    ]
    found = pl.DataFrame(rows, _ROWS, orient="row")
    told, untold = 0, dict[str, str]()
    for (side, day), group in sorted(found.partition_by("side", "day", as_dict=True).items()):
        write = partial(_write, RULES[side], day)
        done = tell(session, occasion, day, group, NoticeFile(FILE_TYPE, "CR", ROLES, write))
        told, untold = told + done["told"], {**untold, **done["untold"]}
    return {"told": told, "untold": untold}


def _write(rule_id: str, day: date, header: Header, rows: pl.DataFrame) -> bytes:
    return notice(header, rule_id, day, rows)
