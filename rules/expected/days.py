"""For which days a file holds volumes, and by when a Default SEV comes (SEV-01, SEV-02, SEV-11)."""

import polars as pl

from market.settlement_period import day_start_expr
from market.severity import Severity
from rules.expected import FLOW
from rules.rule import Example, RecordTest, Rule

_BELOW = "\nBSB|V__FEXMP001|\nBSP|1|0.5|"
_midnight = day_start_expr(pl.col("sev_effective_from_date"))

SEV_01 = Rule(
    id="SEV-01",
    title="The to-date is empty (Default SEV) or not before the from-date.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="IDD P0328",
    why="A range that ends before it begins has no day, and nobody can say which was meant.",
    passes=Example("BSD|20261103|20261103|" + _BELOW, flow=FLOW, sender="VOLT"),
    fails=Example("BSD|20261103|20261102|" + _BELOW, breaks=(2,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSD",
            item="sev_effective_to_date",
            reads=("sev_effective_from_date", "sev_effective_to_date"),
            broken=pl.col("sev_effective_to_date") < pl.col("sev_effective_from_date"),
            message="SEV Effective To Date {to} is before SEV Effective From Date {from}",
            evidence={
                "to": pl.col("sev_effective_to_date").dt.strftime("%Y%m%d"),
                "from": pl.col("sev_effective_from_date").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

SEV_02 = Rule(
    id="SEV-02",
    title="A Default SEV is received before the London midnight that begins its first day.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP602 2.13.1",
    why="A Default holds for whole days, so it is there before the first of them begins.",
    passes=Example("BSD|20260916||" + _BELOW, flow=FLOW, sender="VOLT", received_at="2026-09-15T21:00:00Z"),
    fails=Example("BSD|20260916||" + _BELOW, breaks=(2,), flow=FLOW, sender="VOLT", received_at="2026-09-15T23:05:00Z"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSD",
            item="sev_effective_from_date",
            reads=("sev_effective_from_date",),
            when=pl.col("range.default"),
            broken=pl.col("file.received_at") >= _midnight,
            message="received {received_at} GMT, the Default SEV begins {midnight} GMT",
            evidence={
                "received_at": pl.col("file.received_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
                "midnight": _midnight.dt.strftime("%Y-%m-%d %H:%M:%S"),
            },
        ),
    ),
)

SEV_11 = Rule(
    id="SEV-11",
    title="The days of a range times the records of its file are at most max_units (policy, 5,000,000).",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="project",
    why="Each volume of a range is decided day by day; a range of years is more often a slip of the year than a plan.",
    passes=Example("BSD|20261103|20261109|" + _BELOW, flow=FLOW, sender="VOLT"),
    fails=Example(
        "BSD|20261103|99991231|" + _BELOW + "\nBSP|2|0.5|\nBSP|3|0.5|\nBSP|4|0.5|",
        breaks=(2,),
        flow=FLOW,
        sender="VOLT",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSD",
            item="sev_effective_to_date",
            reads=("range.units",),
            broken=pl.col("range.units") > pl.col("range.most_units"),
            message="{days} days times the {records} records of the file are {units}, at most {most} fit",
            evidence={
                "days": pl.col("range.days"),
                "records": pl.col("range.units") // pl.col("range.days"),
                "units": pl.col("range.units"),
                "most": pl.col("range.most_units"),
            },
        ),
    ),
)
