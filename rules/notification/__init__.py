"""Physical Notifications (K0011001): what a BM Unit is going to do, period by period, and its limits (BC1, BSC Q3)."""

import polars as pl

FLOW = "K0011001"

SEGMENTS = {"PNL": "PN", "MEL": "MEL", "MIL": "MIL"}
"""The record types of segments, each with its kind."""

KINDS = tuple(SEGMENTS.values())

LED_BY_SENDER = pl.col("registration.lead_party_id") == pl.col("file.sender")
"""Whether the sender leads the BM Unit: of what another party has notified nothing is told."""


def gmt_text(instant: pl.Expr) -> pl.Expr:
    """An instant as messages show it: GMT, to the second."""
    return instant.dt.strftime("%Y-%m-%d %H:%M:%S")
