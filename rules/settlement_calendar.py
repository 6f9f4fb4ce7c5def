"""The Settlement Calendar (S0161001) as the market's central systems send it: what an accepted row puts in force."""

import polars as pl

from rules.acceptance import Acceptance, PutInForce

_COLUMNS = ("settlement_date", "settlement_run_type", "sva_run_date", "notification_date")


def _runs(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted rows as SETTLEMENT_CALENDAR; of a date and run that stands twice the last."""
    return effect.select(_COLUMNS).unique(_COLUMNS[:2], keep="last", maintain_order=True)


CALENDAR = Acceptance(
    flow="S0161001",
    units=("SCD",),
    key=_COLUMNS[:2],
    effect=_COLUMNS,
    puts=PutInForce("settlement_calendar", _runs),
)
"""One Settlement Run of a Settlement Date."""
