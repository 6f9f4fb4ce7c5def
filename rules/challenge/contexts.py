"""What rules of challenges join: the breach that one names, and the value in force; and what an accepted one is."""

import polars as pl

from rules.acceptance import Acceptance, PutInForce
from rules.challenge import FLOW
from rules.context import Context, Dated, FileFacts
from rules.gcdc.contexts import CAPACITIES, in_force_ranges
from rules.identity.bm_unit import LED_BY_SENDER

_NAMED = ("breach_reference", "bm_unit_id", "side")


def _breach(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    opened = pl.col("opened_at") <= facts.received_at
    closed = (pl.col("closed_at") <= facts.received_at).fill_null(False)
    known = facts.references["gcdc_breaches"].filter(opened & ~closed).select(*_NAMED, "challenge_by")
    found = rows.join(
        known.rename({"challenge_by": "breach.challenge_by"}), on=_NAMED, how="left", maintain_order="left"
    )
    own = pl.when(LED_BY_SENDER).then("breach.challenge_by").alias("breach.challenge_by")
    return found.with_columns(own).with_columns(pl.col("breach.challenge_by").is_not_null().alias("breach.found"))


breach = Context(
    "breach", FLOW, "GCC", (*_NAMED, "registration.lead_party_id"), _breach, frames=("gcdc_breaches", "bm_units")
)
"""The breach of the BM Unit and side with that reference, where it is open at receipt and the sender leads the unit:
`breach.found`, and `breach.challenge_by`, the last day on which it can be challenged."""


def _changed(facts: FileFacts) -> Dated:
    return Dated(in_force_ranges(facts.references["capacity_values"]), ("bm_unit_id",), CAPACITIES)


def _in_force(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    rows = facts.once("changed", _changed).join(rows, "changed", ("bm_unit_id",), "file.received_day")
    values = [pl.coalesce(f"changed.{column}", f"registration.{column}") for column in CAPACITIES]
    of_side = pl.when(pl.col("side") == "GC").then(values[0]).otherwise(values[1])
    return rows.with_columns(pl.when(LED_BY_SENDER).then(of_side).alias("in_force.value"))


in_force = Context(
    "in_force",
    FLOW,
    "GCC",
    (
        *("bm_unit_id", "side", "registration.lead_party_id"),
        *("registration.generation_capacity", "registration.demand_capacity"),
    ),
    _in_force,
    frames=("bm_units", "capacity_values"),
)
"""`in_force.value`: GC or DC of the side on the day of receipt, in kW, where the sender leads the BM Unit."""


def _challenges(effect: pl.DataFrame) -> pl.DataFrame:
    return effect.select(*_NAMED, "proposed_value", "reason", "line")


CHALLENGED = Acceptance(
    flow=FLOW,
    units=("GCC",),
    key=("breach_reference",),
    effect=(*_NAMED, "proposed_value", "reason"),
    puts=PutInForce("gcdc_challenges", _challenges),
)
"""One challenge."""
