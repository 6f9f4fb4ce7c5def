"""The PN of each period: whole (PNS-04) and in time (PNT-01); what repeats the PN in force is no change."""

import polars as pl

from market.in_force import notifications_in_force
from market.profile import difference, meetings
from market.settlement_period import PERIOD
from market.severity import Severity
from rules.context import FileFacts
from rules.notification import FLOW, gmt_text
from rules.notification.segment import HEAD
from rules.rule import Example, Rule, UnitTest

_PIECE = ("unit", "piece_from", "piece_to", "time_from", "level_from", "time_to", "level_to")


def unchanged(
    placed: pl.DataFrame, units: pl.DataFrame, closed: pl.Series, bm_unit_ids: pl.Series, facts: FileFacts
) -> pl.Series:
    """Which closed units have at every instant exactly the power of the PN in force, as Boolean `unchanged`.

    `placed` are pieces by `unit` (a row of `units`) and time; `units` have `up` (a row of `bm_unit_ids`, null for those
    that the sender does not lead), `settlement_date` and `settlement_period`.
    """
    known = facts.references["notifications"]
    none = pl.Series("unchanged", [False]).new_from_index(0, units.height)
    if known.is_empty() or not closed.any():
        return none
    wanted = (
        units.select("settlement_date", "settlement_period", bm_unit_id=bm_unit_ids.gather(units["up"]))
        .with_row_index("unit")
        .filter(closed)
    )
    standing = notifications_in_force(known.filter(pl.col("kind") == "PN")).join(
        wanted, on=["bm_unit_id", "settlement_date", "settlement_period"], how="inner"
    )
    told = placed.filter(closed.gather(placed["unit"])).select(_PIECE)
    met = meetings(told, standing.select(_PIECE).sort("unit", "piece_from"), "unit")
    equal = met.group_by("unit").agg(
        ((difference("meet_from") == 0) & (difference("meet_to") == 0)).all().alias("alike"),
        (pl.col("meet_to") - pl.col("meet_from")).sum().alias("shared"),
    )
    same = equal.filter(pl.col("alike") & (pl.col("shared") == PERIOD))["unit"]
    return none.scatter(same, True)


PNT_01 = Rule(
    id="PNT-01",
    title="A period's PN (not MEL or MIL, which may change at any time) is received strictly before its Gate Closure, "
    "60 minutes before the period starts; closed periods are rejected one by one, open ones kept; a closed period "
    "equal to the PN in force is no change and no breach.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSC Q; BC1",
    why="From Gate Closure on the system is balanced from what was notified, and Settlement counts from it.",
    passes=Example(HEAD + "PNL|20261103100000|45|20261103103000|45|", flow=FLOW, received_at="2026-11-03T08:59:59Z"),
    fails=Example(
        HEAD + "PNL|20261103100000|45|20261103103000|45|",
        breaks=(4,),
        flow=FLOW,
        received_at="2026-11-03T09:00:00Z",
    ),
    tests=(
        UnitTest(
            flow=FLOW,
            record="PNL",
            item=None,
            reads=("settlement_period", "gate_closure"),
            broken=(pl.col("file.received_at") >= pl.col("gate_closure")) & ~pl.col("unchanged"),
            message="Settlement Period {period} closed at {gate_closure} GMT, its PN is received {received_at} GMT",
            evidence={
                "period": pl.col("settlement_period"),
                "gate_closure": gmt_text(pl.col("gate_closure")),
                "received_at": gmt_text(pl.col("file.received_at")),
            },
        ),
    ),
)

PNS_04 = Rule(
    id="PNS-04",
    title="Each Settlement Period that a PN touches is covered from its start to its end without a gap.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="DVCDR; BC1.A.1",
    why="A period's PN is its power at every instant; where none is told none can be assumed.",
    passes=Example(HEAD + "PNL|20261103100000|45|20261103103000|45|", flow=FLOW),
    fails=Example(HEAD + "PNL|20261103100500|45|20261103103000|45|", breaks=(4,), flow=FLOW),
    tests=(
        UnitTest(
            flow=FLOW,
            record="PNL",
            item=None,
            reads=("settlement_period", "gap_from", "gap_to"),
            broken=pl.lit(True),
            message="the PN of Settlement Period {period} has no level from {gap_from} to {gap_to} GMT",
            evidence={
                "period": pl.col("settlement_period"),
                "gap_from": gmt_text(pl.col("gap_from")),
                "gap_to": gmt_text(pl.col("gap_to")),
            },
        ),
    ),
)
