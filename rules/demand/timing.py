"""Which date and run a file is about, and when it comes (NFD-11, 12, 15)."""

from datetime import date

import polars as pl

from market.severity import Severity
from rules.demand import FLOW
from rules.demand.examples import declared, undeclared
from rules.rule import Example, RecordTest, Rule

FIRST_DAY = date(2023, 2, 23)
"""The first Settlement Date of which non-final demand counts."""

_day = pl.col("settlement_date").dt.strftime("%Y%m%d")

NFD_11 = Rule(
    id="NFD-11",
    title="The Settlement Date is past, and not before 20230223.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="P419 in force",
    why="Demand is metered when the day is over, and was not corrected before P419.",
    passes=Example(undeclared(day="20261101"), flow=FLOW),
    fails=Example(undeclared(day="20261103"), breaks=(2,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFH",
            item="settlement_date",
            reads=("settlement_date",),
            broken=pl.col("settlement_date") >= pl.col("file.received_day"),
            message="Settlement Date {day} is not before {received}, the day of receipt",
            evidence={"day": _day, "received": pl.col("file.received_day").dt.strftime("%Y%m%d")},
        ),
        RecordTest(
            flow=FLOW,
            record="NFH",
            item="settlement_date",
            reads=("settlement_date",),
            broken=pl.col("settlement_date") < FIRST_DAY,
            message="Settlement Date {day} is before {first}, the first day of P419",
            evidence={"day": _day, "first": pl.lit(f"{FIRST_DAY:%Y%m%d}")},
        ),
    ),
)

NFD_12 = Rule(
    id="NFD-12",
    title="Runs of a Settlement Date do not go backwards (II, SF, R1, R2, R3, RF, D, DF).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="Settlement Calendar",
    why="What an earlier run says of a day is out of date when a later one has been sent.",
    passes=Example(declared(run="R1"), flow=FLOW, before=(declared(run="SF"),)),
    fails=Example(declared(run="SF"), breaks=(2,), flow=FLOW, before=(declared(run="R1"),)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFH",
            item="settlement_run_type",
            reads=("settlement_date", "settlement_run_type", "record.latest"),
            broken=pl.col("record.order") < pl.col("record.latest"),
            message="run {run} of {day} comes after run {latest}",
            evidence={
                "run": pl.col("settlement_run_type"),
                "day": _day,
                "latest": pl.col("record.latest_run"),
            },
        ),
    ),
)

NFD_15 = Rule(
    id="NFD-15",
    title="The file is received between the run's SVA run date and its notification date in the Settlement Calendar, "
    "where one is loaded.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="timing",
    source="S0161",
    why="A run takes what is there when it is made; what comes outside waits for the next.",
    passes=Example(undeclared(day="20261029"), flow=FLOW),
    fails=Example(undeclared(day="20261028"), breaks=(2,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFH",
            item="settlement_run_type",
            reads=("settlement_run_type", "calendar.sva_run_date", "calendar.notification_date"),
            broken=~pl.col("file.received_day").is_between("calendar.sva_run_date", "calendar.notification_date"),
            message="received {received}, run {run} of {day} takes demand from {first} to {last}",
            evidence={
                "received": pl.col("file.received_day").dt.strftime("%Y%m%d"),
                "run": pl.col("settlement_run_type"),
                "day": _day,
                "first": pl.col("calendar.sva_run_date").dt.strftime("%Y%m%d"),
                "last": pl.col("calendar.notification_date").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)
