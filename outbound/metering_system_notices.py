"""The answers to aggregated demand (K4192001) against the declarations in force: P0310001 and P0311001.

Of each unit, a BM Unit and measurement class, they read `bm_unit_id`, `gsp_group_id`, `NFH.settlement_date`,
`NFH.settlement_run_type`, `NFH.run_number`, `declared.found` (whether a declaration in force touches the BM Unit; null
where the sender does not lead it), `declared.msids` (its import MSIDs), and how many periods state their non-final
demand (`given.non_final`) and how many do not (`given.without`).

Missing is non-final demand where a declaration is in force: P0310001 names each of its MSIDs. Surprising is non-final
demand without one, or more of it than is declared: P0311001 names the MSIDs that there are. A notice is about the day
of a BM Unit, so that it names no Settlement Period; what is true of several units is told once.
"""

import polars as pl

from outbound.answered import Answered, Frames

BEYOND = "NFD-07"
"""The rule of demand that is more than what is declared."""

MISSING = "NFD-06 no D0385/D0390 data yet"
UNEXPECTED = "NFD-06 Non-Final Demand unexpected"
DOUBTED = f"{BEYOND} Non-Final Demand invalid"
"""The standard messages of the notices, behind the ids of their rules."""

SETTLEMENT_CODES = {"D": "DR", **{run: run for run in ("SF", "R1", "R2", "R3", "RF", "DF")}}
"""The Settlement Code of each run type; II has none."""


def missing_demand(answered: Answered) -> Frames:
    """P0310001: a record for each import MSID of a refused unit whose declared non-final demand is not all there."""
    missing = answered.refused.filter(pl.col("declared.found"), pl.col("given.without") > 0)
    told = _once(_of_msids(missing, pl.lit(MISSING)).filter(pl.col("metering_system_id").is_not_null()))
    return {} if told.is_empty() else {"MDM": told.with_row_index("line", 2)}


def surprising_demand(answered: Answered) -> Frames:
    """P0311001: a record for each unit with undeclared demand, and for each import MSID of one beyond the declared."""
    undeclared = answered.refused.filter(~pl.col("declared.found"), pl.col("given.non_final") > 0)
    beyond = answered.warned.filter(pl.col("rule") == BEYOND).unique("line", keep="first", maintain_order=True)
    unexpected = _of_msids(undeclared, pl.lit(UNEXPECTED))
    doubted = _of_msids(beyond, pl.lit(DOUBTED))
    told = _once(pl.concat([unexpected, doubted]).sort("unit", maintain_order=True))
    if told.is_empty():
        return {}
    units = pl.concat([undeclared.select(_RUN), beyond.select(_RUN)])
    return {"HDI": _header(units, told), "MDI": told.with_row_index("line", 3)}


_RUN = ("NFH.settlement_date", "NFH.settlement_run_type", "NFH.run_number")


def _of_msids(units: pl.DataFrame, reason: pl.Expr) -> pl.DataFrame:
    """A row for each MSID of each unit, one without where it has none; `unit` is its line."""
    rows = units.select(
        pl.col("line").alias("unit"),
        pl.col("NFH.settlement_date").alias("settlement_date"),
        pl.col("NFH.settlement_run_type").alias("settlement_run_type"),
        "gsp_group_id",
        pl.col("declared.msids").alias("metering_system_id"),
        pl.lit(None, pl.Int64).alias("settlement_period"),
        reason.alias("reason"),
    ).explode("metering_system_id")
    return rows.with_columns(pl.col("metering_system_id").cast(pl.Int64))


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """The measurement classes of a BM Unit have the same MSIDs: of records that say the same, the first."""
    return rows.unique(pl.exclude("unit"), keep="first", maintain_order=True)


def _header(units: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """What the notices have in common: the run, and their GSP Group where it is one."""
    groups = told["gsp_group_id"].unique()
    code = pl.col("NFH.settlement_run_type").replace_strict(SETTLEMENT_CODES, default=None, return_dtype=pl.String)
    return units.head(1).select(
        pl.lit(2, pl.UInt32).alias("line"),
        pl.col("NFH.settlement_date").alias("settlement_date"),
        code.alias("settlement_code"),
        pl.col("NFH.run_number").alias("run_number"),
        pl.lit(groups.item() if groups.len() == 1 else None, pl.String).alias("gsp_group"),
    )
