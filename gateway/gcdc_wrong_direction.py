"""Interconnector BM Units of the wrong direction, told to their Lead Parties (MON-05)."""

from datetime import date

import polars as pl
from sqlmodel import Session

from gateway.gcdc_notification import ROLES
from gateway.schedule.check import Occasion, Summary
from gateway.schedule.telling import NoticeFile, tell
from market.header import Header
from outbound.notice import FILE_TYPE, notice
from rules.monitoring.interconnector import told

_RULE = "MON-05"


def tell_wrong_direction(session: Session, occasion: Occasion, wrong_direction: pl.DataFrame) -> Summary:
    """Tells each Lead Party of its periods (WRONG_DIRECTION) that it was not told of, a file a Settlement Day."""

    def write(header: Header, of_party: pl.DataFrame) -> bytes:
        return notice(header, _RULE, occasion.business_date, of_party)

    rows = told(wrong_direction).with_columns(
        party_id="lead_party_id", subject=pl.concat_str(pl.lit(_RULE), "bm_unit_id", "settlement_period", separator=" ")
    )
    file = NoticeFile(FILE_TYPE, "CR", ROLES, write)
    told_, untold = 0, dict[str, str]()
    for day, of_day in sorted(_by_day(rows).items()):
        done = tell(session, occasion, day, of_day, file)
        told_, untold = told_ + done["told"], {**untold, **done["untold"]}
    return {"found": rows.height, "told": told_, "untold": untold}


def _by_day(rows: pl.DataFrame) -> dict[date, pl.DataFrame]:
    parts = rows.partition_by("settlement_date", as_dict=True, maintain_order=True)
    return {key[0]: part for key, part in parts.items()}
