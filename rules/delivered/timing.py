"""When volumes are delivered to the gateway: DLV-01, DLV-06."""

import polars as pl

from market.severity import Severity
from rules.delivered import FLOW
from rules.rule import Example, RecordTest, Rule

_BELOW = "\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\nMSP|1|0.5|"
_day = pl.col("settlement_date").dt.strftime("%Y%m%d")
_received = pl.col("file.received_day").dt.strftime("%Y%m%d")

DLV_01 = Rule(
    id="DLV-01",
    title="The Settlement Date is past.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP602 2.2A.1",
    why="What has been delivered is known when the day is over.",
    passes=Example("MSA|20261101|" + _BELOW, flow=FLOW, sender="VOLT"),
    fails=Example("MSA|20261103|" + _BELOW, breaks=(2,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="MSA",
            item="settlement_date",
            reads=("settlement_date",),
            broken=pl.col("settlement_date") >= pl.col("file.received_day"),
            message="Settlement Date is {day}, the file is received on {received}",
            evidence={"day": _day, "received": _received},
        ),
    ),
)

DLV_06 = Rule(
    id="DLV-06",
    title="The file is received not later than one Working Day after the Settlement Date.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="timing",
    source="BSCP602 2.2A.1",
    why="Volumes that come later are left out of the first settlement runs.",
    passes=Example(
        "MSA|20261030|" + _BELOW, flow=FLOW, sender="VOLT", note="30 October 2026 is a Friday, received on Monday."
    ),
    fails=Example("MSA|20261026|" + _BELOW, breaks=(2,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="MSA",
            item="settlement_date",
            reads=("settlement_date", "calendar.next_working_day"),
            broken=pl.col("file.received_day") > pl.col("calendar.next_working_day"),
            message="volumes of {day} are received on {received}, one Working Day after it is {deadline}",
            evidence={
                "day": _day,
                "received": _received,
                "deadline": pl.col("calendar.next_working_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)
