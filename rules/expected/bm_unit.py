"""The BM Unit of expected volumes: once in a file, of the right type, baselined, covered (SEV-05, 06, 07, 09)."""

import polars as pl

from market.severity import Severity
from rules.expected import DEFAULT_PERIODS, FLOW
from rules.expected.contexts import TYPES
from rules.identity.bm_unit import LED_BY_SENDER
from rules.rule import Example, FileTest, RecordTest, Rule

_DAY = "BSD|20261103|20261103|\n"
_VOLUME = "\nBSP|1|0.5|"


def _default(periods: int) -> str:
    """The body of a Default SEV of so many periods."""
    rows = "".join(f"\nBSP|{period}|0.5|" for period in range(1, periods + 1))
    return f"BSD|20261103||\nBSB|V__FEXMP001|{rows}"


SEV_05 = Rule(
    id="SEV-05",
    title="A BM Unit stands once in a file and its periods once each.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Which of two volumes is meant cannot be known, so neither is taken.",
    passes=Example(_DAY + "BSB|V__FEXMP001|\nBSP|1|0.5|\nBSP|2|0.5|\nBSP|3|0.5|", flow=FLOW, sender="VOLT"),
    fails=Example(
        _DAY + "BSB|V__FEXMP001|\nBSP|1|0.5|\nBSP|1|0.7|\nBSP|2|0.5|", breaks=(4, 5), flow=FLOW, sender="VOLT"
    ),
    tests=(
        FileTest(
            flow=FLOW,
            record="BSB",
            item="bm_unit_id",
            reads=("bm_unit_id",),
            repeated=("bm_unit_id",),
            among={"rows": pl.len().over("bm_unit_id")},
            broken=pl.lit(True),
            message="{unit} stands on {rows} lines",
            evidence={"unit": pl.col("bm_unit_id"), "rows": pl.col("among.rows")},
        ),
        RecordTest(
            flow=FLOW,
            record="BSP",
            item="settlement_period_id",
            reads=("settlement_period_id",),
            broken=pl.col("order.rows") > 1,
            message="period {period} stands on {rows} lines of its BM Unit",
            evidence={"period": pl.col("settlement_period_id"), "rows": pl.col("order.rows")},
        ),
    ),
)

SEV_06 = Rule(
    id="SEV-06",
    title="The BM Unit is a Secondary BM Unit or a Supplier's Additional BM Unit.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="P376",
    why="Other BM Units notify what they will do; only these are settled against a baseline.",
    passes=Example(_DAY + "BSB|V__FEXMP001|" + _VOLUME, flow=FLOW, sender="VOLT"),
    fails=Example(_DAY + "BSB|T_DINO-1|" + _VOLUME, breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSB",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.bm_unit_type"),
            broken=~pl.col("registration.bm_unit_type").is_in(TYPES),
            message="{unit} is of type {type}, neither V (Secondary) nor S (a Supplier's Additional)",
            evidence={"unit": pl.col("bm_unit_id"), "type": pl.col("registration.bm_unit_type")},
        ),
    ),
)

SEV_07 = Rule(
    id="SEV-07",
    title="The BM Unit is a Baselined BM Unit on the dates.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="P376; P0335",
    why="An expected volume takes the place of a baseline, and a BM Unit without that status has none.",
    passes=Example(_DAY + "BSB|2__CACME001|" + _VOLUME, flow=FLOW),
    fails=Example(_DAY + "BSB|C__FACME001|" + _VOLUME, breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSB",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.bm_unit_type", "registration.lead_party_id"),
            when=LED_BY_SENDER & pl.col("registration.bm_unit_type").is_in(TYPES),
            broken=pl.col("baselining.day_without").is_not_null(),
            message="the baselining status of {unit} is F on {day}",
            evidence={
                "unit": pl.col("bm_unit_id"),
                "day": pl.col("baselining.day_without").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

SEV_09 = Rule(
    id="SEV-09",
    title="A Default SEV covers every period.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="BSCP602 2.13.7",
    why="A period without a volume has none in force on the days for which nothing else was sent.",
    passes=Example(_default(DEFAULT_PERIODS), flow=FLOW, sender="VOLT"),
    fails=Example(_default(2), breaks=(3,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="BSB",
            item=None,
            reads=("coverage.periods",),
            broken=pl.col("coverage.periods") < DEFAULT_PERIODS,
            message="the Default SEV covers {periods} of the periods 1 to {every}",
            evidence={"periods": pl.col("coverage.periods"), "every": pl.lit(DEFAULT_PERIODS)},
        ),
    ),
)
