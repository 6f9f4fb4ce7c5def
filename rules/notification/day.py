"""The Settlement Day that a file covers: its bounds, and how far ahead it may be (PNT-03)."""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from market.clock import LONDON
from market.frames import OPEN_END
from market.profile import INSTANT
from market.reference import MARKET_START
from market.settlement_period import day_start, periods_in_day
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.notification import FLOW
from rules.rule import Example, RecordTest, Rule

FIRST_BY = time(11)
"""The London time, on the day before, by which a day's first PN is received (BC1.4.2)."""


def settlement_day(rows: pl.DataFrame, column: str) -> date | None:
    """The one Settlement Day of a file; None where it cannot be read or no market has it."""
    day = rows[column].first()
    return day if isinstance(day, date) and MARKET_START <= day < OPEN_END else None


def _day(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    day = settlement_day(rows, "settlement_date")
    known = {} if day is None else {"start": day_start(day), "end": day_start(day + timedelta(days=1))}
    by = None if day is None else datetime.combine(day - timedelta(days=1), FIRST_BY, LONDON).astimezone(UTC)
    return rows.with_columns(
        pl.lit(known.get("start"), INSTANT).alias("day.start"),
        pl.lit(known.get("end"), INSTANT).alias("day.end"),
        pl.lit(None if day is None else periods_in_day(day), pl.Int64).alias("day.periods"),
        pl.lit(by, INSTANT).alias("day.first_by"),
        pl.lit(facts.policy.pn_horizon_days, pl.Int64).alias("day.horizon"),
        pl.lit(facts.received_day + timedelta(days=facts.policy.pn_horizon_days)).alias("day.latest"),
    )


day = Context("day", FLOW, "PNH", ("settlement_date",), _day)
"""Of the Settlement Day: `day.start` and `day.end` (UTC), `day.periods`, and `day.first_by`, the last instant at which
its first PN is in time; null where there is no such day. `day.latest` is the last day that may be notified now, and
`day.horizon` how many days ahead it is."""

PNT_03 = Rule(
    id="PNT-03",
    title="The Settlement Day is not more than pn_horizon_days (policy, 14) ahead.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="project",
    why="A day far off is more often a slip of the date than a plan.",
    passes=Example(
        "PNH|20261116|\nPNU|T_DINO-1|\nPNL|20261116100000|45|20261116103000|45|",
        flow=FLOW,
    ),
    fails=Example(
        "PNH|20261117|\nPNU|T_DINO-1|\nPNL|20261117100000|45|20261117103000|45|",
        breaks=(2,),
        flow=FLOW,
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNH",
            item="settlement_date",
            reads=("settlement_date",),
            broken=pl.col("settlement_date") > pl.col("day.latest"),
            message="Settlement Date {day} is beyond {latest}, the last of {horizon} days ahead",
            evidence={
                "day": pl.col("settlement_date").dt.strftime("%Y%m%d"),
                "latest": pl.col("day.latest").dt.strftime("%Y%m%d"),
                "horizon": pl.col("day.horizon"),
            },
        ),
    ),
)
