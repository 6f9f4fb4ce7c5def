"""How often a Supplier BM Unit lowers its Demand Capacity within a season (GCM-05)."""

import polars as pl

from market.severity import Severity
from rules.context import Context, Dated, FileFacts
from rules.gcdc import FLOW, SUPPLIER_TYPES
from rules.gcdc.mid_season import MID_SEASON
from rules.gcdc.sides import DEMAND
from rules.identity.bm_unit import LED_BY_SENDER, registered
from rules.rule import Example, FileTest, Rule

MOST = 2
"""How many decreases a Supplier BM Unit may make in a season."""

_ORDER = ("received_at", "submission_ref", "line")


def accepted_decreases(capacity_values: pl.DataFrame, registrations: Dated, units: pl.Series) -> pl.DataFrame:
    """How many accepted mid-season declarations lowered DC in magnitude, per BM Unit of `units` and season.

    Columns `bm_unit_id`, `season`, `season_start_year` (Int64) and `accepted` (Int64). A declaration is measured
    against the value that was in force on its effective date just before it was received; the same declared twice in
    one submission is one.
    """
    values = capacity_values.filter(pl.col("bm_unit_id").is_in(units.implode()))
    declared = (
        values.filter(pl.col("declaration_type") == "M")
        .unique(["bm_unit_id", "effective_from", "submission_ref"], keep="last", maintain_order=True)
        .with_row_index("declaration")
    )
    earlier = (pl.col("received_at_other") < pl.col("received_at")) | (
        (pl.col("received_at_other") == pl.col("received_at"))
        & (pl.col("submission_ref_other") < pl.col("submission_ref"))
    )
    before = (
        declared.join(values, on="bm_unit_id", how="inner", suffix="_other")
        .filter(earlier & (pl.col("effective_from_other") <= pl.col("effective_from")))
        .sort("effective_from_other", *(f"{column}_other" for column in _ORDER))
        .group_by("declaration")
        .agg(pl.col("demand_capacity_other").last().alias("before"))
    )
    declared = registrations.join(declared, "registration", ("bm_unit_id",), "effective_from")
    in_force = pl.coalesce("before", "registration.demand_capacity")
    return (
        declared.join(before, on="declaration", how="left", maintain_order="left")
        .filter(pl.col("demand_capacity").abs() < in_force.abs())
        .group_by("bm_unit_id", "season", pl.col("season_start_year").cast(pl.Int64))
        .agg(pl.len().cast(pl.Int64).alias("accepted"))
    )


def _decreases(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    none = rows.with_columns(pl.lit(0, pl.Int64).alias("decreases.accepted"))
    units = rows.filter(MID_SEASON)["bm_unit_id"].drop_nulls().unique()
    if units.is_empty():
        return none
    counts = accepted_decreases(facts.references["capacity_values"], registered(facts), units).select(
        "bm_unit_id",
        pl.col("season").alias("GCH.bsc_season"),
        pl.col("season_start_year").alias("GCH.season_start_year"),
        pl.col("accepted").alias("decreases.accepted"),
    )
    if counts.is_empty():
        return none
    key = ["bm_unit_id", "GCH.bsc_season", "GCH.season_start_year"]
    joined = rows.join(counts, on=key, how="left", maintain_order="left")
    return joined.with_columns(pl.when(LED_BY_SENDER).then("decreases.accepted").fill_null(0))


decreases = Context(
    "decreases",
    FLOW,
    "GCV",
    (
        *("bm_unit_id", "registration.lead_party_id"),
        *("GCH.declaration_type", "GCH.bsc_season", "GCH.season_start_year"),
    ),
    _decreases,
    frames=("bm_units", "capacity_values"),
)
"""`decreases.accepted` (Int64): the accepted decreases of the BM Unit in the season that the header names.

Those of a BM Unit that another party leads are not counted."""

_KEY = ("bm_unit_id", "effective_from_date")
_lowers = pl.col(DEMAND.declared).abs() < pl.col(DEMAND.in_force).abs()
_taken = (_lowers & ~pl.col("unit.refused")).cast(pl.Int64)
_counts = pl.col("among.counts")
_made = pl.col("decreases.accepted") + pl.col("among.before")

GCM_05 = Rule(
    id="GCM-05",
    title="Mid-season: a Supplier BM Unit lowers DC in magnitude at most twice per unit and season; accepted ones "
    "count, increases do not reset it.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="GC/DC page",
    why="A third decrease in a season is more likely a way to save credit cover than a change of customers.",
    passes=Example(
        "GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|20261112|40|-72|||",
        before=("GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|20261110|40|-74|||",),
    ),
    fails=Example(
        "GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|20261114|40|-70|||",
        breaks=(3,),
        before=(
            "GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|20261110|40|-74|||",
            "GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|20261112|40|-72|||",
        ),
    ),
    tests=(
        FileTest(
            flow=FLOW,
            record="GCV",
            item=DEMAND.column,
            reads=(
                *(*_KEY, "GCH.declaration_type", "registration.bm_unit_type"),
                *(DEMAND.declared, DEMAND.in_force, "decreases.accepted"),
            ),
            when=MID_SEASON & pl.col("registration.bm_unit_type").is_in(SUPPLIER_TYPES),
            # a row that stands twice is one decrease: only the first counts, and before both stands the same
            among={
                "taken": _taken.cum_sum().over(_KEY),
                "counts": _taken * (pl.col("among.taken") == 1),
                "earlier": (_counts.cum_sum() - _counts).over("bm_unit_id"),
                "before": pl.col("among.earlier").first().over(_KEY),
            },
            broken=_lowers & (_made >= MOST),
            message="Demand Capacity falls from {in_force} to {value} after {made} decreases of {unit} in {season}, at "
            f"most {MOST} are taken",
            evidence={
                "in_force": DEMAND.in_force_text,
                "value": DEMAND.declared_text,
                "made": pl.max_horizontal("decreases.accepted", MOST),
                "unit": pl.col("bm_unit_id"),
                "season": pl.format("{} {}", "GCH.bsc_season", "GCH.season_start_year"),
            },
        ),
    ),
)
