"""GC/DC breaches told to their Lead Parties (K0153001)."""

from collections.abc import Collection

import polars as pl
from sqlmodel import Session

from gateway.schedule.check import Occasion, Summary
from gateway.schedule.telling import NoticeFile, tell
from market.frames import typed_schema
from market.layout import layout
from outbound.gcdc_breaches import NOTIFICATION, breach_notification
from store import gcdc_breaches
from store.tables import GcdcBreach

ROLES = ("BP", "VP", "VT")
"""The roles in which Lead Parties are told."""

_FILE = NoticeFile(NOTIFICATION, "CR", ROLES, breach_notification)


def tell_open(session: Session, occasion: Occasion) -> Summary:
    """Tells of every open breach what its Lead Party was not told; each group has one Challenge By date."""
    rows = notification_rows(gcdc_breaches.open_ones(session))
    subject = pl.concat_str("breach_reference", "estimated_value", separator=" ")
    told: Summary = {"told": 0, "untold": {}}
    for (last,), group in sorted(rows.with_columns(subject=subject).partition_by("challenge_by", as_dict=True).items()):
        done = tell(session, occasion, last, group, _FILE)
        told = {"told": told["told"] + done["told"], "untold": {**told["untold"], **done["untold"]}}
    return told


def notification_rows(breaches: Collection[GcdcBreach]) -> pl.DataFrame:
    """Breaches with the typed columns of the K0153001's GBN, and `party_id`."""
    schema = {**typed_schema(layout(NOTIFICATION).record("GBN")), "party_id": pl.String()}
    rows = [
        {
            "party_id": one.party_id,
            "breach_reference": one.reference,
            "bm_unit_id": one.bm_unit_id,
            "side": one.side,
            "bsc_season": one.season,
            "season_start_year": one.season_start_year,
            "declared_value": one.declared_kw,
            "limit": one.limit_kw,
            "settlement_date": one.settlement_date,
            "settlement_period": one.settlement_period,
            "metered_volume": one.volume_kwh,
            "metered_power": 2 * one.volume_kwh,
            "excess": 2 * abs(one.volume_kwh) - abs(one.declared_kw) - one.limit_kw,
            "periods_in_breach": one.periods_in_breach,
            "estimated_value": one.estimated_value_kw,
            "estimated_value_effective_from": one.effective_from,
            "challenge_by": one.challenge_by,
        }
        for one in breaches
    ]
    return pl.DataFrame(rows, schema)
