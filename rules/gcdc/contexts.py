"""What rules of declared values join: the value itself in kW, the one in force, earlier ones, the season's dates."""

import polars as pl

from market.frames import OPEN_END, text_column
from rules.acceptance import Acceptance, PutInForce
from rules.context import Context, Dated, FileFacts
from rules.gcdc import FLOW
from rules.gcdc.sides import SIDES
from rules.identity.bm_unit import LED_BY_SENDER


def _capacity_values(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted declarations as CAPACITY_VALUES: unchanged ones too, for a declaration was made."""
    return effect.select(
        "bm_unit_id",
        pl.col("effective_from_date").alias("effective_from"),
        pl.col("declared.generation_capacity").alias("generation_capacity"),
        pl.col("declared.demand_capacity").alias("demand_capacity"),
        pl.lit("DECLARATION").alias("source"),
        pl.col("GCH.declaration_type").alias("declaration_type"),
        pl.col("GCH.bsc_season").alias("season"),
        pl.col("GCH.season_start_year").cast(pl.Int32).alias("season_start_year"),
        "line",
    )


DECLARED = Acceptance(
    flow=FLOW,
    units=("GCV",),
    key=("bm_unit_id", "effective_from_date"),
    no_change="GCD-11",
    effect=(
        "bm_unit_id",
        "effective_from_date",
        "declared.generation_capacity",
        "declared.demand_capacity",
        "GCH.declaration_type",
        "GCH.bsc_season",
        "GCH.season_start_year",
    ),
    puts=PutInForce("capacity_values", _capacity_values),
)
"""One declared value, GC and DC together."""


def _kilowatts(capacity: str, volume: str) -> pl.Expr:
    """The MW (scaled 1,000) as given, else what the MWh of one half-hour (scaled 10,000) make: MW = MWh / 0.5 h.

    Null where neither tells, or where either is malformed.
    """
    malformed = pl.any_horizontal(
        pl.col(text_column(column)).is_not_null() & pl.col(column).is_null() for column in (capacity, volume)
    )
    exact = pl.when(pl.col(volume) % 5 == 0).then(pl.col(volume) // 5)
    return pl.when(~malformed).then(pl.coalesce(capacity, exact))


def _declared(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    return rows.with_columns(_kilowatts(side.column, side.volume).alias(side.declared) for side in SIDES)


declared = Context(
    "declared", FLOW, "GCV", tuple(column for side in SIDES for column in (side.column, side.volume)), _declared
)
"""`declared.generation_capacity` and `declared.demand_capacity` in kW, from MW or MWh; null where neither tells."""


CAPACITIES = ("generation_capacity", "demand_capacity")


def in_force_ranges(capacity_values: pl.DataFrame) -> pl.DataFrame:
    """The changes of GC and DC as ranges: each holds until the day before the next; of one day the last received."""
    order = ["bm_unit_id", "effective_from", "received_at", "submission_ref", "line"]
    last = capacity_values.sort(order).unique(["bm_unit_id", "effective_from"], keep="last", maintain_order=True)
    until = pl.col("effective_from").shift(-1).over("bm_unit_id").dt.offset_by("-1d")
    return last.with_columns(until.fill_null(OPEN_END).alias("effective_to"))


def _changed(facts: FileFacts) -> Dated:
    return Dated(in_force_ranges(facts.references["capacity_values"]), ("bm_unit_id",), CAPACITIES)


def _value_in_force(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    rows = facts.once("changed", _changed).join(rows, "value_in_force", ("bm_unit_id",), "effective_from_date")
    return rows.with_columns(
        pl.coalesce(pl.when(LED_BY_SENDER).then(f"value_in_force.{column}"), f"registration.{column}").alias(
            f"value_in_force.{column}"
        )
        for column in CAPACITIES
    )


value_in_force = Context(
    "value_in_force",
    FLOW,
    "GCV",
    (
        *("bm_unit_id", "effective_from_date", "registration.lead_party_id"),
        *("registration.generation_capacity", "registration.demand_capacity"),
    ),
    _value_in_force,
    frames=("bm_units", "capacity_values"),
)
"""GC and DC in force on the effective date, in kW: the register's until a declaration, estimate or decision.

Of a BM Unit that another party leads, the register's alone."""


def _latest_seasonal(facts: FileFacts) -> pl.DataFrame:
    """The last accepted seasonal declaration of each BM Unit and effective date, as the context shows it."""
    seasonal = facts.references["capacity_values"].filter(pl.col("declaration_type") == "S")
    latest = seasonal.sort("received_at", "submission_ref", "line").unique(
        ["bm_unit_id", "effective_from"], keep="last", maintain_order=True
    )
    return latest.select(
        "bm_unit_id",
        pl.col("effective_from").alias("effective_from_date"),
        pl.col("received_at", *CAPACITIES).name.prefix("earlier_declaration."),
    )


def _earlier_declaration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    latest = facts.once("latest seasonal", _latest_seasonal)
    near = latest.join(rows.select(pl.col("effective_from_date").unique()), on="effective_from_date", how="semi")
    if near.is_empty():
        added = near.select(pl.selectors.starts_with("earlier_declaration.")).schema
        return rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in added.items())
    found = rows.join(near, on=["bm_unit_id", "effective_from_date"], how="left", maintain_order="left")
    own = pl.selectors.starts_with("earlier_declaration.")
    return found.with_columns(pl.when(LED_BY_SENDER).then(own).name.keep())


earlier_declaration = Context(
    "earlier_declaration",
    FLOW,
    "GCV",
    ("bm_unit_id", "effective_from_date", "registration.lead_party_id"),
    _earlier_declaration,
    frames=("bm_units", "capacity_values"),
)
"""The last accepted seasonal declaration of the same BM Unit and effective date, where the sender leads the unit."""
