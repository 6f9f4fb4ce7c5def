"""Sets that are refused for what does not stand in the file: another Supplier's part, or the time that went by."""

from collections.abc import Collection
from dataclasses import replace

import polars as pl

from market.frames import BREACHES
from market.severity import Severity
from rules.declaration.sets import DEC_06
from rules.judge import Judgement, outcome_of


def refused(judgement: Judgement, keys: Collection[str], message: str) -> Judgement:
    """A judgement on declarations in which the units with these keys, accepted or held before, are refused by DEC-06.

    Its breach is an E there, with that message on the unit's first line, in place of the one that held the unit.
    """
    mine = pl.col("key").is_in(list(keys)) & (pl.col("outcome") != "R")
    rows = judgement.units.with_row_index("unit").filter(mine)
    if rows.is_empty():
        return judgement
    units = judgement.units.with_columns(pl.when(mine).then(pl.lit("R")).otherwise("outcome").alias("outcome"))
    breaches = pl.concat([_others(judgement.breaches, rows), _breaches(rows, message)])
    moved = pl.concat([judgement.effect, judgement.held]).join(rows.select("line", "key"), on="line", how="inner")
    told = moved.drop("outcome").with_columns(reason=pl.lit(f"{DEC_06.id} {message}"))
    more = breaches.height - judgement.breaches.height
    return replace(
        judgement,
        outcome=outcome_of(units),
        units=units,
        breaches=breaches.sort("line", "position", "rule", maintain_order=True),
        counts={**judgement.counts, DEC_06.id: judgement.counts.get(DEC_06.id, 0) + more},
        effect=judgement.effect.join(rows, on="line", how="anti", maintain_order="left"),
        held=judgement.held.join(rows, on="line", how="anti", maintain_order="left"),
        refused=pl.concat([judgement.refused, told], how="diagonal").sort("line"),
        warned=judgement.warned.join(rows, on="line", how="anti", maintain_order="left"),
    )


def _others(breaches: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The breaches but for what held these units."""
    holding = (pl.col("rule") == DEC_06.id) & pl.col("unit").is_in(rows["unit"].implode())
    return breaches.filter(~holding.fill_null(False))


def _breaches(rows: pl.DataFrame, message: str) -> pl.DataFrame:
    test = DEC_06.tests[0]
    return rows.select(
        "line",
        pl.lit(test.record).alias("record"),
        pl.lit("Declaration Set Id").alias("item"),
        pl.lit(3, pl.UInt8).alias("position"),
        pl.lit(DEC_06.id).alias("rule"),
        pl.lit(str(Severity.ERROR)).alias("severity"),
        "unit",
        pl.lit(None, pl.String).alias("value"),
        pl.lit(message).alias("message"),
    ).select(pl.col(name).cast(dtype) for name, dtype in BREACHES.items())
