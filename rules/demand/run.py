"""What rules of aggregated demand join to its run: the day's periods, the calendar, and what is on record."""

import polars as pl

from market.in_force import aggregated_demand_in_force
from market.settlement_period import periods_in_day_expr
from market.settlement_run import RUNS, run_order_expr
from rules.context import Context, FileFacts
from rules.demand import FLOW


def _day(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    return rows.with_columns(
        periods_in_day_expr(pl.col("settlement_date")).alias("day.periods"),
        pl.col("settlement_date").dt.strftime("%Y%m%d").alias("day.text"),
    )


DAY = Context("day", FLOW, "NFH", ("settlement_date",), _day)
"""`day.periods`: how many Settlement Periods the date has; `day.text`: the date for messages."""


def _calendar(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    key = ["settlement_date", "settlement_run_type"]
    dates = facts.references["settlement_calendar"].select(
        *key,
        pl.col("sva_run_date").alias("calendar.sva_run_date"),
        pl.col("notification_date").alias("calendar.notification_date"),
    )
    return rows.join(dates, on=key, how="left", maintain_order="left")


CALENDAR = Context(
    "calendar", FLOW, "NFH", ("settlement_date", "settlement_run_type"), _calendar, frames=("settlement_calendar",)
)
"""`calendar.sva_run_date` and `calendar.notification_date` of the run in the Settlement Calendar; null where it is not
loaded for the run."""


def on_record(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """What the sender has on record of the date of a run (a row of NFH, or rows below it with its columns).

    AGGREGATED_DEMAND in force with the place of its run as `order`.
    """
    day = rows["settlement_date" if "settlement_date" in rows.columns else "NFH.settlement_date"]
    known = facts.references["aggregated_demand"].filter(pl.col("settlement_date").is_in(day.unique().implode()))
    return aggregated_demand_in_force(known).with_columns(run_order_expr(pl.col("settlement_run_type")).alias("order"))


def _record(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    latest = on_record(facts, rows)["order"].max()
    return rows.with_columns(
        run_order_expr(pl.col("settlement_run_type")).alias("record.order"),
        pl.lit(latest, pl.Int64).alias("record.latest"),
        pl.lit(None if latest is None else RUNS[int(str(latest))], pl.String).alias("record.latest_run"),
    )


RECORD = Context(
    "record", FLOW, "NFH", ("settlement_date", "settlement_run_type"), _record, frames=("aggregated_demand",)
)
"""`record.latest_run`: the last of the runs in which the sender has demand of the date on record, and its place in the
order of runs as `record.latest`, null where there is none; `record.order` is the place of the file's own run."""
