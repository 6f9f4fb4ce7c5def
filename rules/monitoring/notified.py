"""BM Units that are expected to notify and did not for tomorrow (MON-08)."""

from datetime import date, timedelta

import polars as pl

from market.settlement_period import periods_in_day
from market.severity import Severity
from rules.rule import Example, Rule

FLOW = "K0011001"

LOOK_BACK = timedelta(days=7)
"""How long a BM Unit that had a PN is expected to have one."""

MISSING = pl.Schema({"lead_party_id": pl.String(), "bm_unit_id": pl.String(), "message": pl.String()})
"""One row a BM Unit without a PN, with the text that its Lead Party reads."""


def without_notification(day: date, bm_units: pl.DataFrame, notifications: pl.DataFrame) -> pl.DataFrame:
    """The BM Units with the FPN flag, or a PN in the seven days before a London day, that have none for that day.

    `bm_units` and `notifications` (of those eight days at least) as in market.reference; MISSING, by BM Unit.
    """
    until = notifications.filter(pl.col("kind") == "PN", pl.col("settlement_date") <= day)
    pn = until.group_by("bm_unit_id").agg(last=pl.col("settlement_date").max())
    registered = bm_units.filter(pl.lit(day).is_between("effective_from", "effective_to"))
    found = registered.join(pn, on="bm_unit_id", how="left", validate="m:1").filter(
        ((pl.col("fpn_flag") == "T").fill_null(False) & pl.col("last").is_null())
        | pl.col("last").is_between(day - LOOK_BACK, day - timedelta(days=1)).fill_null(False)
    )
    lacking = f"0 of {periods_in_day(day)} periods of {day:%Y%m%d} have a PN, "
    flagged = pl.lit(lacking + "the FPN flag of the BM Unit is T")
    lately = pl.lit(lacking + "the last day with one is ") + pl.col("last").dt.strftime("%Y%m%d")
    message = pl.when(pl.col("last").is_null()).then(flagged).otherwise(lately)
    return found.select("lead_party_id", "bm_unit_id", message=message).sort("bm_unit_id")


MON_08 = Rule(
    id="MON-08",
    title="After 11:00 each day, units with the FPN flag or a PN in the last seven days, and no PN for tomorrow are "
    "listed to their Lead Party.",
    severity=Severity.NOTICE,
    flows=(FLOW,),
    stage="nightly",
    source="BC1.4.2",
    why="Without a PN the system operator plans as if the unit did nothing.",
    passes=Example(
        "PNH|20261103|\nPNU|T_DINO-1|\nPNL|20261103000000|10|20261104000000|10|",
        flow=FLOW,
        note="T_DINO-1 has its PN for 3 November 2026.",
    ),
    fails=Example(
        "PNH|20261104|\nPNU|T_DINO-1|\nPNL|20261104000000|10|20261105000000|10|",
        breaks=(3,),
        flow=FLOW,
        note="The PN is for the day after: T_DINO-1, which has the FPN flag, is listed for 3 November 2026.",
    ),
)
