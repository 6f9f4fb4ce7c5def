"""Seasonal declarations: for which season, and by when (GCS-01, GCS-02, GCS-03, GCS-05).

What the season alone decides is told once, on the header, and falls on every declared value below it.
"""

from functools import lru_cache

import polars as pl

from market.season import SEASONS, season_first_day_expr, season_of, seasons_frame
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.gcdc import FLOW
from rules.rule import Example, RecordTest, Rule

_DEADLINE_YEARS = range(2001, 2101)
"""The start years whose deadlines are told: the market's start and a century of bank holidays."""


@lru_cache
def _deadlines(years: tuple[int, ...]) -> pl.DataFrame:
    return pl.concat([SEASONS.to_frame(), *(seasons_frame(year, year) for year in years)]).select(
        pl.col("season").alias("bsc_season"), "season_start_year", pl.col("deadline").alias("season.deadline")
    )


def _season(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    years = rows["season_start_year"].drop_nulls().unique().sort()
    deadlines = _deadlines(tuple(year for year in years if year in _DEADLINE_YEARS))
    next_season = season_of(facts.received_day).next
    return rows.join(deadlines, on=["bsc_season", "season_start_year"], how="left", maintain_order="left").with_columns(
        season_first_day_expr(pl.col("bsc_season"), pl.col("season_start_year")).alias("season.first_day"),
        pl.lit(str(next_season)).alias("season.next"),
        pl.lit(next_season.first_day).alias("season.next_first_day"),
        pl.lit(facts.policy.late_seasonal == "reject").alias("season.rejects_late"),
    )


season = Context("season", FLOW, "GCH", ("bsc_season", "season_start_year"), _season)
"""`season.first_day` and `season.deadline` (the last instant in time, UTC; null outside 2001 to 2100) of the season
that the header names; `season.next` and `season.next_first_day` of the one after receipt; `season.rejects_late`."""

_seasonal = pl.col("declaration_type") == "S"
_named = pl.format("{} {}", "bsc_season", "season_start_year")
_reads = ("declaration_type", "bsc_season", "season_start_year", "season.first_day")


def london_text(instant: pl.Expr) -> pl.Expr:
    """An instant in UTC as messages show it beside a deadline: London time, to the second."""
    return instant.dt.convert_time_zone("Europe/London").dt.strftime("%Y-%m-%d %H:%M:%S")


_first_day = season_first_day_expr(pl.col("GCH.bsc_season"), pl.col("GCH.season_start_year"))

GCS_01 = Rule(
    id="GCS-01",
    title="Seasonal: Effective From Date is the first day of the named season.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSC K3.4.2",
    why="A seasonal declaration holds for a whole season; any other day is mid-season.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261202|100|-2|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item="effective_from_date",
            reads=("effective_from_date", "GCH.declaration_type", "GCH.bsc_season", "GCH.season_start_year"),
            when=pl.col("GCH.declaration_type") == "S",
            broken=pl.col("effective_from_date").ne_missing(_first_day),
            message="Effective From Date is {day}, {season} begins on {first_day}",
            evidence={
                "day": pl.col("effective_from_date").dt.strftime("%Y%m%d"),
                "season": pl.format("{} {}", "GCH.bsc_season", "GCH.season_start_year"),
                "first_day": _first_day.dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

GCS_02 = Rule(
    id="GCS-02",
    title="Seasonal: the season has not begun.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSC K3.4.2",
    why="What is declared for a season that runs is a mid-season change, with rules of its own.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|AUT|2026|Ann Archer|\nGCV|T_DINO-1|20260901|100|-2|||", breaks=(2,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCH",
            item="bsc_season",
            reads=_reads,
            when=_seasonal,
            broken=pl.col("season.first_day") <= pl.col("file.received_day"),
            message="{season} began on {first_day}, the file is received on {day}",
            evidence={
                "season": _named,
                "first_day": pl.col("season.first_day").dt.strftime("%Y%m%d"),
                "day": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

GCS_03 = Rule(
    id="GCS-03",
    title="Seasonal: received not later than 17:00 London time on the tenth Working Day before the season, counted "
    "back from the day before its first day (policy late_seasonal: reject by default, or accept).",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="BSCP15; published deadlines",
    why="CRA loads the season's values once; what comes later does not reach Settlement by its first day.",
    passes=Example("GCH|S|WIN|2021|Ann Archer|\nGCV|T_DINO-1|20211201|100|-2|||", received_at="2021-11-17T16:59:00Z"),
    fails=Example(
        "GCH|S|WIN|2021|Ann Archer|\nGCV|T_DINO-1|20211201|100|-2|||",
        breaks=(2,),
        received_at="2021-11-17T17:01:00Z",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCH",
            item="bsc_season",
            reads=(*_reads, "season.deadline"),
            when=_seasonal & pl.col("season.rejects_late"),
            broken=pl.col("file.received_at") > pl.col("season.deadline"),
            message="received {received_at} London time, declarations for {season} close {deadline}",
            evidence={
                "received_at": london_text(pl.col("file.received_at")),
                "season": _named,
                "deadline": london_text(pl.col("season.deadline")),
            },
        ),
    ),
)

GCS_05 = Rule(
    id="GCS-05",
    title="Seasonal: the season is not later than the next one.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="timing",
    source="BSC K3.4.2",
    why="A season further off is more often a slip of the year than a plan.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|SPR|2027|Ann Archer|\nGCV|T_DINO-1|20270301|100|-2|||", breaks=(2,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCH",
            item="bsc_season",
            reads=_reads,
            when=_seasonal,
            broken=pl.col("season.first_day") > pl.col("season.next_first_day"),
            message="{season} begins on {first_day}, the next season is {next}",
            evidence={
                "season": _named,
                "first_day": pl.col("season.first_day").dt.strftime("%Y%m%d"),
                "next": pl.col("season.next"),
            },
        ),
    ),
)
