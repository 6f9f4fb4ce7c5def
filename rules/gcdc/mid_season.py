"""Mid-season declarations: from when, and in which direction (GCM-01 to GCM-04)."""

from datetime import timedelta

import polars as pl

from market.season import season_of
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.gcdc import FLOW, SUPPLIER_TYPES
from rules.gcdc.sides import DEMAND, GENERATION
from rules.rule import Example, RecordTest, Rule

_HEAD = "GCH|M|AUT|2026|Ann Archer|\n"


def _mid_season(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    in_force = season_of(facts.received_day)
    earliest = facts.received_day + timedelta(days=facts.policy.min_lead_days)
    return rows.with_columns(
        pl.lit(in_force.code).alias("mid_season.season"),
        pl.lit(in_force.start_year).cast(pl.Int64).alias("mid_season.season_start_year"),
        pl.lit(in_force.first_day).alias("mid_season.first_day"),
        pl.lit(in_force.last_day).alias("mid_season.last_day"),
        pl.lit(earliest).alias("mid_season.earliest_day"),
    )


mid_season = Context("mid_season", FLOW, "GCV", (), _mid_season)
"""What a mid-season declaration received now can be for: the season in force as `mid_season.season`,
`.season_start_year`, `.first_day`, `.last_day`, and the `.earliest_day` that the notice allows."""

MID_SEASON = pl.col("GCH.declaration_type") == "M"
_in_force = pl.format("{} {}", "mid_season.season", "mid_season.season_start_year")
_day = pl.col("effective_from_date").dt.strftime("%Y%m%d")
_in_season = pl.col("effective_from_date").is_between("mid_season.first_day", "mid_season.last_day")
_supplier = pl.col("registration.bm_unit_type").is_in(SUPPLIER_TYPES)

GCM_01 = Rule(
    id="GCM-01",
    title="Mid-season: Effective From Date lies in the season in force and in the named season.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP15/4.4",
    why="A mid-season change amends the season that runs; the next one has its own declaration.",
    passes=Example("GCH|M|SPR|2026|Ann Archer|\nGCV|T_DINO-1|20260410|100|-2|||", received_at="2026-04-01T09:30:00Z"),
    fails=Example(
        "GCH|M|SPR|2026|Ann Archer|\nGCV|T_DINO-1|20260610|100|-2|||",
        breaks=(3,),
        received_at="2026-04-01T09:30:00Z",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item="effective_from_date",
            reads=("effective_from_date", "GCH.declaration_type"),
            when=MID_SEASON,
            broken=~_in_season,
            message="Effective From Date {day} is outside {season}, the season in force from {first_day} to {last_day}",
            evidence={
                "day": _day,
                "season": _in_force,
                "first_day": pl.col("mid_season.first_day").dt.strftime("%Y%m%d"),
                "last_day": pl.col("mid_season.last_day").dt.strftime("%Y%m%d"),
            },
        ),
        RecordTest(
            flow=FLOW,
            record="GCV",
            item="effective_from_date",
            reads=("effective_from_date", "GCH.declaration_type", "GCH.bsc_season", "GCH.season_start_year"),
            when=MID_SEASON & _in_season,
            broken=(pl.col("GCH.bsc_season") != pl.col("mid_season.season"))
            | (pl.col("GCH.season_start_year") != pl.col("mid_season.season_start_year")),
            message="Effective From Date {day} is in {season}, the declaration names {named}",
            evidence={
                "day": _day,
                "season": _in_force,
                "named": pl.format("{} {}", "GCH.bsc_season", "GCH.season_start_year"),
            },
        ),
    ),
)

GCM_02 = Rule(
    id="GCM-02",
    title="Mid-season: Effective From Date is at least min_lead_days (policy, 1) after the day of receipt.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP15",
    why="A value that holds from the past would change what has been traded on.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261103|100|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261101|100|-2|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item="effective_from_date",
            reads=("effective_from_date", "GCH.declaration_type"),
            when=MID_SEASON,
            broken=pl.col("effective_from_date") < pl.col("mid_season.earliest_day"),
            message="Effective From Date is {day}, the earliest is {earliest_day} when received on {received_day}",
            evidence={
                "day": _day,
                "earliest_day": pl.col("mid_season.earliest_day").dt.strftime("%Y%m%d"),
                "received_day": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

GCM_03 = Rule(
    id="GCM-03",
    title="Mid-season: GC does not fall.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="GC/DC page",
    why="Credit cover was reckoned on the declared value for the whole season.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261110|128.749|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261110|98.459|-2|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=GENERATION.column,
            reads=("GCH.declaration_type", GENERATION.declared, GENERATION.in_force),
            when=MID_SEASON,
            broken=pl.col(GENERATION.declared) < pl.col(GENERATION.in_force),
            message="Generation Capacity falls from {in_force} to {value} in mid-season",
            evidence={"in_force": GENERATION.in_force_text, "value": GENERATION.declared_text},
        ),
    ),
)

GCM_04 = Rule(
    id="GCM-04",
    title="Mid-season: DC does not fall in magnitude, but for a Supplier (2_) BM Unit.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="GC/DC page",
    why="Credit cover was reckoned on the declared value; only a Supplier's customers come and go.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261110|99|-2.1|||\nGCV|2__CACME000|20261110|40|-74|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261110|99|-1.9|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=DEMAND.column,
            reads=("GCH.declaration_type", DEMAND.declared, DEMAND.in_force, "registration.bm_unit_type"),
            when=MID_SEASON & ~_supplier,
            broken=pl.col(DEMAND.declared).abs() < pl.col(DEMAND.in_force).abs(),
            message="Demand Capacity falls from {in_force} to {value} in mid-season",
            evidence={"in_force": DEMAND.in_force_text, "value": DEMAND.declared_text},
        ),
    ),
)
