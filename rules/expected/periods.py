"""The volumes of a BM Unit, period by period: in time, on the day, in order, with a pair (SEV-03, 04, 08, 10)."""

import polars as pl

from market.frames import text_column
from market.severity import Severity
from rules.expected import FLOW
from rules.rule import Example, RecordTest, Rule, UnitTest

_UNIT = "\nBSB|V__FEXMP001|\n"
_ITS_DAY = "BSD|20260915|20260915|" + _UNIT
_TOMORROW = "BSD|20261103|20261103|" + _UNIT
_SHORT_DAY = "BSD|20260329|20260329|" + _UNIT
_BEFORE_SHORT_DAY = "2026-03-27T09:30:00Z"
_SUPPLIER = "BSD|20261103|20261103|\nBSB|2__CACME001|\n"

SEV_03 = Rule(
    id="SEV-03",
    title="A dated SEV is received strictly before the Gate Closure of each period; late date-and-period pairs are "
    "rejected one by one, unless equal to the SEV in force.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP602 2.13.2",
    why="What is expected is said before the period can be foreseen; the periods still open are none the worse for it.",
    passes=Example(_ITS_DAY + "BSP|12|0.5|", flow=FLOW, sender="VOLT", received_at="2026-09-15T03:29:59Z"),
    fails=Example(
        _ITS_DAY + "BSP|12|0.5|\nBSP|13|0.5|",
        breaks=(4,),
        flow=FLOW,
        sender="VOLT",
        received_at="2026-09-15T03:30:00Z",
    ),
    tests=(
        UnitTest(
            flow=FLOW,
            record="BSP",
            item="settlement_period_id",
            reads=("late",),
            broken=pl.col("late") & ~pl.col("unchanged"),
            message="received {received_at} GMT, Gate Closure of period {period} is {closure}",
            evidence={
                "received_at": pl.col("file.received_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
                "period": pl.col("settlement_period_id"),
                "closure": pl.col("gate.closure").dt.strftime("%Y-%m-%d %H:%M:%S"),
            },
        ),
    ),
)

SEV_04 = Rule(
    id="SEV-04",
    title="A dated SEV's period exists on at least one day of its range; a Default SEV may hold 1 to 50.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="IDD; clock change",
    why="A day has 46, 48 or 50 half-hours; a volume for any other is a volume for no time at all.",
    passes=Example(_SHORT_DAY + "BSP|46|0.5|", flow=FLOW, sender="VOLT", received_at=_BEFORE_SHORT_DAY),
    fails=Example(_SHORT_DAY + "BSP|47|0.5|", breaks=(4,), flow=FLOW, sender="VOLT", received_at=_BEFORE_SHORT_DAY),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSP",
            item="settlement_period_id",
            reads=("settlement_period_id", "BSD.range.periods"),
            broken=~pl.col("settlement_period_id").is_between(1, pl.col("BSD.range.periods")),
            message="Settlement Period Id {period} is not among 1 to {periods} of {days}",
            evidence={
                "period": pl.col("settlement_period_id"),
                "periods": pl.col("BSD.range.periods"),
                "days": pl.col("BSD.range.text"),
            },
        ),
    ),
)

SEV_08 = Rule(
    id="SEV-08",
    title="A non-zero SEV has at least one MSID or AMSID Pair with Baselining Indicator S in the BM Unit (answered by "
    "P0331).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="IDD P0331",
    why="A Submitted Expected Volume is used for pairs with the indicator S alone.",
    passes=Example(_TOMORROW + "BSP|1|0.5|", flow=FLOW, sender="VOLT"),
    fails=Example(_SUPPLIER + "BSP|1|0.5|\nBSP|2|0|", breaks=(4,), flow=FLOW),
    tests=(
        UnitTest(
            flow=FLOW,
            record="BSP",
            item="submitted_expected_volume",
            reads=("submitted_expected_volume", "pair.found"),
            broken=(pl.col("submitted_expected_volume") != 0) & ~pl.col("pair.found"),
            message="{unit} has no pair with Baselining Indicator S on {day}, its volume is {volume}",
            evidence={
                "unit": pl.col("bm_unit_id"),
                "day": pl.coalesce("settlement_date", "sev_effective_from_date").dt.strftime("%Y%m%d"),
                "volume": pl.col(text_column("submitted_expected_volume")),
            },
        ),
    ),
)

SEV_10 = Rule(
    id="SEV-10",
    title="Periods stand in order.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A period out of its place is more often another period.",
    passes=Example(_TOMORROW + "BSP|1|0.5|\nBSP|2|0.5|\nBSP|3|0.5|", flow=FLOW, sender="VOLT"),
    fails=Example(_TOMORROW + "BSP|2|0.5|\nBSP|1|0.5|", breaks=(5,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSP",
            item="settlement_period_id",
            reads=("settlement_period_id", "order.before"),
            broken=pl.col("settlement_period_id") < pl.col("order.before"),
            message="period {period} stands behind period {before}",
            evidence={"period": pl.col("settlement_period_id"), "before": pl.col("order.before")},
        ),
    ),
)
