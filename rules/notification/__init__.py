"""Physical Notifications (K0011001): what a BM Unit is going to do, period by period, and its limits (BC1, BSC Q3)."""

import polars as pl

FLOW = "K0011001"

SEGMENTS = {"PNL": "PN", "MEL": "MEL", "MIL": "MIL"}
"""The record types of segments, each with its kind."""

KINDS = tuple(SEGMENTS.values())


def gmt_text(instant: pl.Expr) -> pl.Expr:
    """An instant as messages show it: GMT, to the second."""
    return instant.dt.strftime("%Y-%m-%d %H:%M:%S")
