"""The participant that a record of modification P376 names: the sender (BLD-01)."""

import polars as pl

from market.severity import Severity
from rules.baselining import DETAIL, STATUS
from rules.event_days import EVENT
from rules.rule import Example, RecordTest, Rule

NAMED = ((DETAIL, "PT1"), (EVENT, "PW1"), (STATUS, "PQ1"))
"""Flow and record of every Participant Id to which BLD-01 applies."""

BLD_01 = Rule(
    id="BLD-01",
    title="Participant Id is the sender.",
    severity=Severity.ERROR,
    flows=tuple(flow for flow, _ in NAMED),
    stage="value",
    source="IDD P0326",
    why="A party speaks for itself alone, on every line.",
    passes=Example("PT1|VOLT|V__CEXMP001|T||1200012345679|20261103|B|BL01|", flow=DETAIL, sender="VOLT"),
    fails=Example("PT1|ACME|V__CEXMP001|T||1200012345679|20261103|B|BL01|", breaks=(2,), flow=DETAIL, sender="VOLT"),
    tests=tuple(
        RecordTest(
            flow=flow,
            record=record,
            item="participant_id",
            reads=("participant_id",),
            broken=pl.col("participant_id") != pl.col("file.sender"),
            message="Participant Id is {participant}, the sender is {sender}",
            evidence={"participant": pl.col("participant_id"), "sender": pl.col("file.sender")},
        )
        for flow, record in NAMED
    ),
)
