"""How a pair is baselined from a day on (P0326001): BLD-03, BLD-04."""

import polars as pl

from market.severity import Severity
from rules.acceptance import Acceptance, PutInForce
from rules.baselining import DETAIL
from rules.rule import Example, RecordTest, Rule


def changed_details(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted records as market.reference.BASELINING_DETAILS without the columns of the submission."""
    return effect.select(
        "bm_unit_id",
        pl.col("msid_pair_indicator").alias("pair_indicator"),
        pl.col("import_msid", "import_amsid").cast(pl.String),
        pl.col("bm_unit_baselining_efd").alias("effective_from"),
        *("baselining_indicator", "baselining_methodology", "line"),
    )


DETAILS = Acceptance(
    flow=DETAIL,
    units=("PT1",),
    key=("bm_unit_id", "pair.import_id", "bm_unit_baselining_efd"),
    effect=(
        *("participant_id", "bm_unit_id", "msid_pair_indicator", "import_amsid", "import_msid"),
        *("bm_unit_baselining_efd", "baselining_indicator", "baselining_methodology"),
    ),
    puts=PutInForce("baselining_details", changed_details),
)
"""One record. The effect is all of its items, typed."""

BLD_03 = Rule(
    id="BLD-03",
    title="The baselining effective date is after the day of receipt.",
    severity=Severity.ERROR,
    flows=(DETAIL,),
    stage="timing",
    source="IDD P0326",
    why="A day that has begun is settled as it was baselined when it began.",
    passes=Example("PT1|VOLT|V__CEXMP001|T||1200012345679|20261103|B|BL01|", flow=DETAIL, sender="VOLT"),
    fails=Example("PT1|VOLT|V__CEXMP001|T||1200012345679|20261102|B|BL01|", breaks=(2,), flow=DETAIL, sender="VOLT"),
    tests=(
        RecordTest(
            flow=DETAIL,
            record="PT1",
            item="bm_unit_baselining_efd",
            reads=("bm_unit_baselining_efd",),
            broken=pl.col("bm_unit_baselining_efd") <= pl.col("file.received_day"),
            message="BM Unit Baselining EFD is {day}, not after the day of receipt, {received}",
            evidence={
                "day": pl.col("bm_unit_baselining_efd").dt.strftime("%Y%m%d"),
                "received": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

_submitted = pl.col("baselining_indicator") == "S"

BLD_04 = Rule(
    id="BLD-04",
    title="Methodology is BL01 with indicator B or I and empty with S.",
    severity=Severity.ERROR,
    flows=(DETAIL,),
    stage="value",
    source="IDD P0326",
    why="Only what is calculated needs a method; what is submitted has none.",
    passes=Example(
        "PT1|VOLT|V__CEXMP001|T||1200012345679|20261103|B|BL01|\nPT1|VOLT|V__CEXMP001|T||1200000000030|20261103|S||",
        flow=DETAIL,
        sender="VOLT",
    ),
    fails=Example(
        "PT1|VOLT|V__CEXMP001|T||1200012345679|20261103|B||\nPT1|VOLT|V__CEXMP001|T||1200000000030|20261103|S|BL01|",
        breaks=(2, 3),
        flow=DETAIL,
        sender="VOLT",
    ),
    tests=(
        RecordTest(
            flow=DETAIL,
            record="PT1",
            item="baselining_methodology",
            reads=("baselining_indicator",),
            optional=("baselining_methodology",),
            broken=_submitted == pl.col("baselining_methodology").is_not_null(),
            message="Baselining Methodology is {methodology}, with Baselining Indicator {indicator} it is {wanted}",
            evidence={
                "methodology": pl.col("baselining_methodology").fill_null("empty"),
                "indicator": pl.col("baselining_indicator"),
                "wanted": pl.when(_submitted).then(pl.lit("empty")).otherwise(pl.lit("BL01")),
            },
        ),
    ),
)
