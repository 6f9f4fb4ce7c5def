"""What GC/DC rules join: the declared value in MW, the registration, the value in force, the season, the signatory."""

import polars as pl

from market.frames import OPEN_END
from rules.acceptance import Acceptance
from rules.context import Context, FileFacts, dated_join
from rules.gcdc import FLOW

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
)
"""One declared value, GC and DC together."""


def _megawatts(capacity: str, volume: str) -> pl.Expr:
    """The declared MW (scaled 1,000) as given, else from MWh in one Settlement Period (scaled 10,000): MW = MWh / 0.5 h."""
    given, metered = pl.col(capacity), pl.col(volume)
    malformed = pl.col(f"{capacity}__text").is_not_null() & given.is_null()
    exact = pl.when(metered % 5 == 0).then(metered // 5)
    return pl.when(~malformed).then(pl.coalesce(given, exact))


def _declared(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    return rows.with_columns(
        _megawatts("generation_capacity", "maximum_export_qm").alias("declared.generation_capacity"),
        _megawatts("demand_capacity", "maximum_import_qm").alias("declared.demand_capacity"),
    )


declared = Context("declared", FLOW, "GCV", (), _declared)
"""`declared.generation_capacity` and `declared.demand_capacity` in kW, from MW or MWh; null where neither tells."""

REGISTRATION = (
    "lead_party_id",
    "bm_unit_type",
    "production_consumption_flag",
    "generation_capacity",
    "demand_capacity",
)


def _registration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    key = {"bm_unit_id": "bm_unit_id"}
    return dated_join(rows, facts.references["bm_units"], "registration", key, "effective_from_date", REGISTRATION)


registration = Context(
    "registration", FLOW, "GCV", ("bm_unit_id", "effective_from_date"), _registration, frames=("bm_units",)
)
"""The BM Unit's registration on the effective date."""


def in_force_ranges(capacity_values: pl.DataFrame) -> pl.DataFrame:
    """The changes of GC and DC as ranges: each holds until the day before the next; of one day the last received."""
    order = ["bm_unit_id", "effective_from", "received_at", "submission_ref", "line"]
    last = capacity_values.sort(order).unique(["bm_unit_id", "effective_from"], keep="last", maintain_order=True)
    until = pl.col("effective_from").shift(-1).over("bm_unit_id").dt.offset_by("-1d")
    return last.with_columns(until.fill_null(OPEN_END).alias("effective_to"))


def _value_in_force(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    changed = in_force_ranges(facts.references["capacity_values"])
    columns = ("generation_capacity", "demand_capacity")
    rows = dated_join(rows, changed, "value_in_force", {"bm_unit_id": "bm_unit_id"}, "effective_from_date", columns)
    return rows.with_columns(
        pl.coalesce(f"value_in_force.{column}", f"registration.{column}").alias(f"value_in_force.{column}")
        for column in columns
    )


value_in_force = Context(
    "value_in_force",
    FLOW,
    "GCV",
    ("bm_unit_id", "effective_from_date", "registration.generation_capacity", "registration.demand_capacity"),
    _value_in_force,
    frames=("bm_units", "capacity_values"),
)
"""GC and DC in force on the effective date, in kW: the register's until a declaration, estimate or decision."""


def _earlier_declaration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    seasonal = facts.references["capacity_values"].filter(pl.col("declaration_type") == "S")
    latest = seasonal.sort("received_at", "submission_ref", "line").unique(
        ["bm_unit_id", "effective_from"], keep="last", maintain_order=True
    )
    latest = latest.select(
        "bm_unit_id",
        pl.col("effective_from").alias("effective_from_date"),
        pl.col("received_at").alias("earlier_declaration.received_at"),
        pl.col("generation_capacity").alias("earlier_declaration.generation_capacity"),
        pl.col("demand_capacity").alias("earlier_declaration.demand_capacity"),
    )
    return rows.join(latest, on=["bm_unit_id", "effective_from_date"], how="left", maintain_order="left")


earlier_declaration = Context(
    "earlier_declaration",
    FLOW,
    "GCV",
    ("bm_unit_id", "effective_from_date"),
    _earlier_declaration,
    frames=("capacity_values",),
)
"""The last accepted seasonal declaration of the same BM Unit and effective date."""


SIGNATORY_CATEGORIES = ("A", "F")
"""BSCP38 categories that may sign a GC/DC declaration."""


def _signatory(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    day = pl.lit(facts.received_day)
    holding = facts.references["signatories"].filter(
        (pl.col("party_id") == facts.sender)
        & pl.col("category").is_in(SIGNATORY_CATEGORIES)
        & day.is_between(pl.col("effective_from"), pl.col("effective_to"))
    )
    return rows.with_columns(
        pl.col("authorised_signatory_name").is_in(holding["name"].unique().to_list()).alias("signatory.found")
    )


signatory = Context("signatory", FLOW, "GCH", ("authorised_signatory_name",), _signatory, frames=("signatories",))
"""Whether the named signatory is one of the sender's with category A or F on the day of receipt."""
