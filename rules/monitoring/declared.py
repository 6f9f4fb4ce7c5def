"""The declared values that metered power of a Settlement Day is held against, and how far it may be beyond them."""

from datetime import date
from typing import Any

import polars as pl

from market.policy import CapacityLimit, SeasonLimits
from rules.gcdc.contexts import CAPACITIES, in_force_ranges

DECLARED = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "lead_party_id": pl.String(),
        "bm_unit_type": pl.String(),
        "production_consumption_flag": pl.String(),
        "generation_capacity": pl.Int64(),
        "demand_capacity": pl.Int64(),
    }
)
"""One row a BM Unit that is registered on a day: GC and DC in force on it, in kW, null where unknown."""

_BOUNDS = ("effective_from", "effective_to")


class DeclaredValues:
    """GC and DC in force of every BM Unit and day, from `bm_units` and `capacity_values` (market.reference)."""

    def __init__(self, bm_units: pl.DataFrame, capacity_values: pl.DataFrame) -> None:
        self._registered = bm_units.select(*DECLARED, *_BOUNDS)
        changed = pl.col(CAPACITIES).name.prefix("changed_")
        self._changes = in_force_ranges(capacity_values).select("bm_unit_id", changed, *_BOUNDS)
        self._looked_up: dict[date, dict[str, dict[str, Any]]] = {}

    def on(self, day: date) -> pl.DataFrame:
        """DECLARED of the BM Units that are registered on a London day: the register's until something changes it."""
        holds = pl.lit(day).is_between(*_BOUNDS)
        changes = self._changes.filter(holds).drop(_BOUNDS)
        found = self._registered.filter(holds).join(changes, on="bm_unit_id", how="left", validate="m:1")
        in_force = (pl.coalesce(f"changed_{column}", column).alias(column) for column in CAPACITIES)
        return found.with_columns(in_force).select(DECLARED.names())

    def of(self, bm_unit_id: str, day: date) -> dict[str, Any] | None:
        """The row of one BM Unit as `on` gives it; None where it is not registered on the day."""
        if day not in self._looked_up:
            self._looked_up[day] = {row["bm_unit_id"]: row for row in self.on(day).iter_rows(named=True)}
        return self._looked_up[day].get(bm_unit_id)


def allowance(declared: pl.Expr, limit: CapacityLimit) -> pl.Expr:
    """How many kW metered power may be beyond a declared value (kW, either sign): the larger of the limit's two.

    A part of a kW is cut: power and declared values are whole kW, so nothing that is compared with it changes.
    """
    over, under = limit.percent.as_integer_ratio()
    share = declared.abs().cast(pl.Int128) * over // (100 * under)
    return pl.max_horizontal(share.cast(pl.Int64), pl.when(declared.is_not_null()).then(limit.absolute_kw))


def with_limits(declared: pl.DataFrame, limits: SeasonLimits | None) -> pl.DataFrame:
    """Adds the columns `gc_limit` and `dc_limit` (kW) to DECLARED: null where a value is unknown, or without limits.

    Secondary BM Units are left out.
    """
    primary = declared.filter(pl.col("bm_unit_type") != "V")
    if limits is None:
        return primary.with_columns(gc_limit=pl.lit(None, pl.Int64), dc_limit=pl.lit(None, pl.Int64))
    return primary.with_columns(
        gc_limit=allowance(pl.col("generation_capacity"), limits.generation),
        dc_limit=allowance(pl.col("demand_capacity"), limits.demand),
    )
