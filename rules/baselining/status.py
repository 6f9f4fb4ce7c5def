"""Whether a BM Unit is baselined from a day on (P0335001): BLD-06."""

import polars as pl

from market.severity import Severity
from rules.acceptance import Acceptance, PutInForce
from rules.baselining import STATUS
from rules.context import Context, FileFacts
from rules.rule import Example, RecordTest, Rule

_DAY = "bm_unit_baselining_status_effective_from_date"


def changed_statuses(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted records as market.reference.BASELINING_STATUSES without the columns of the submission."""
    return effect.select(
        "bm_unit_id",
        pl.col(_DAY).alias("effective_from"),
        pl.col("bm_unit_baselining_status").alias("baselined"),
        "line",
    )


STATUSES = Acceptance(
    flow=STATUS,
    units=("PQ1",),
    key=("bm_unit_id", _DAY),
    effect=("participant_id", "bm_unit_id", _DAY, "bm_unit_baselining_status"),
    puts=PutInForce("baselining_statuses", changed_statuses),
)
"""One record. The effect is all of its items, typed."""


def _first_days(facts: FileFacts) -> pl.DataFrame:
    first = pl.col("effective_from").min().alias("first_registration.effective_from")
    return facts.references["bm_units"].group_by("bm_unit_id").agg(first)


def _first_registration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    return rows.join(facts.once("first days", _first_days), on="bm_unit_id", how="left", maintain_order="left")


first_registration = Context(
    "first_registration", STATUS, "PQ1", ("bm_unit_id",), _first_registration, frames=("bm_units",)
)
"""`first_registration.effective_from`: the BM Unit's first day in the register; null where it has none."""

BLD_06 = Rule(
    id="BLD-06",
    title="The status effective date is not before the BM Unit's own effective date.",
    severity=Severity.ERROR,
    flows=(STATUS,),
    stage="timing",
    source="IDD P0335",
    why="What is not yet a BM Unit has no baselining status.",
    passes=Example("PQ1|VOLT|V__CEXMP001|20260901|T|", flow=STATUS, sender="VOLT"),
    fails=Example("PQ1|VOLT|V__CEXMP001|20260831|T|", breaks=(2,), flow=STATUS, sender="VOLT"),
    tests=(
        RecordTest(
            flow=STATUS,
            record="PQ1",
            item=_DAY,
            reads=("bm_unit_id", _DAY, "first_registration.effective_from"),
            broken=pl.col(_DAY) < pl.col("first_registration.effective_from"),
            message="the status holds from {day}, {unit} is registered from {first}",
            evidence={
                "day": pl.col(_DAY).dt.strftime("%Y%m%d"),
                "unit": pl.col("bm_unit_id"),
                "first": pl.col("first_registration.effective_from").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)
