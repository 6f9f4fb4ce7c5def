"""What is known of the BM Unit that is notified, by its BSC id or its NETSO name, and what of it the file notifies."""

import numpy as np
import polars as pl

from market.profile import touched_periods
from rules.context import Context, FileFacts
from rules.identity.bm_unit import LED_BY_SENDER, REGISTRATION
from rules.notification import FLOW
from rules.notification.day import settlement_day

_DAY = "PNH.settlement_date"
_COLUMNS = (*REGISTRATION, "fpn_flag", "bm_unit_id")
_NEWEST = ("effective_from", "received_at", "submission_ref", "line")


def _registered(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """The registrations of the Settlement Day by each name that a file may use: `name`, `registration.<column>`.

    The BSC id comes before an equal NETSO name; of units that share a NETSO name the sender's comes first.
    """
    day = rows[_DAY].first()
    on_day = facts.references["bm_units"].filter(
        pl.lit(day, pl.Date).is_between("effective_from", "effective_to").fill_null(False)
    )
    by_netso_name = on_day.filter(pl.col("netso_name").is_not_null()).sort(
        pl.col("lead_party_id") != facts.sender, maintain_order=True
    )
    named = pl.concat(
        [
            on_day.select(pl.col("bm_unit_id").alias("name"), *_COLUMNS),
            by_netso_name.select(pl.col("netso_name").alias("name"), *_COLUMNS),
        ]
    ).unique("name", keep="first", maintain_order=True)
    return named.select("name", pl.col(*_COLUMNS).name.prefix("registration."))


def _registration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    named = facts.once("notified names", lambda facts: _registered(facts, rows))
    joined = rows.join(named, left_on="bm_unit_id", right_on="name", how="left", maintain_order="left")
    return joined.with_columns(pl.col("registration.bm_unit_id").is_not_null().alias("registration.found"))


registration = Context("registration", FLOW, "PNU", ("bm_unit_id", _DAY), _registration, frames=("bm_units",))
"""The BM Unit's registration on the Settlement Day, whichever name stands in the file: REGISTRATION, `.fpn_flag`,
`.bm_unit_id` (the BSC id) and whether there is one as `registration.found`."""


def _changed(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    values = facts.references["capacity_values"]
    newest = values.filter(pl.col("effective_from") <= pl.lit(rows[_DAY].first(), pl.Date)).sort(_NEWEST)
    newest = newest.unique("bm_unit_id", keep="last")
    return newest.select("bm_unit_id", pl.col("generation_capacity", "demand_capacity").name.prefix("value_in_force."))


def _value_in_force(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    changed = facts.once("capacities changed", lambda facts: _changed(facts, rows))
    joined = rows.join(
        changed, left_on="registration.bm_unit_id", right_on="bm_unit_id", how="left", maintain_order="left"
    )
    return joined.with_columns(
        pl.coalesce(pl.when(LED_BY_SENDER).then(f"value_in_force.{column}"), f"registration.{column}").alias(
            f"value_in_force.{column}"
        )
        for column in ("generation_capacity", "demand_capacity")
    )


value_in_force = Context(
    "value_in_force",
    FLOW,
    "PNU",
    (
        *(_DAY, "registration.bm_unit_id", "registration.lead_party_id"),
        *("registration.generation_capacity", "registration.demand_capacity"),
    ),
    _value_in_force,
    frames=("bm_units", "capacity_values"),
)
"""GC and DC in force on the Settlement Day, in kW; of a BM Unit that another party leads, the register's."""


def _periods_touched(segments: pl.DataFrame, rows: pl.DataFrame) -> pl.Series:
    """How many periods of the day the segments below each row touch; null where not all of their times can be read."""
    day = settlement_day(rows, _DAY)
    if day is None:
        return pl.Series([None], dtype=pl.Int64).new_from_index(0, rows.height)
    row, period = touched_periods(segments, day)
    touched = np.zeros((rows.height, int(period.max(initial=0)) + 1), np.bool_)
    touched[segments["up"].to_numpy()[row], period] = True
    unread = segments.filter(pl.any_horizontal(pl.col("time_from", "time_to").is_null()))["up"].unique()
    return pl.Series(touched.sum(axis=1), dtype=pl.Int64).scatter(unread, None)


def _notified(
    rows: pl.DataFrame, facts: FileFacts, pnl: pl.DataFrame, mel: pl.DataFrame, mil: pl.DataFrame
) -> pl.DataFrame:
    counts = [np.bincount(frame["up"].to_numpy(), minlength=rows.height) for frame in (pnl, mel, mil)]
    known = facts.references["notifications"].filter(
        (pl.col("kind") == "PN") & (pl.col("settlement_date") == pl.lit(rows[_DAY].first(), pl.Date))
    )["bm_unit_id"]
    return rows.with_columns(
        pl.Series("notified.segments", np.sum(counts, axis=0)),
        pl.Series("notified.pn_segments", counts[0]),
        _periods_touched(pnl, rows).alias("notified.periods"),
        (LED_BY_SENDER & ~pl.col("registration.bm_unit_id").is_in(known.unique().implode())).alias("notified.first"),
    )


notified = Context(
    "notified",
    FLOW,
    "PNU",
    (_DAY, "registration.bm_unit_id", "registration.lead_party_id"),
    _notified,
    frames=("bm_units", "notifications"),
    others=("PNL", "MEL", "MIL"),
)
"""How many segments of any kind stand below as `notified.segments`, of PN as `.pn_segments`; how many periods those of
PN touch as `.periods`, null where times cannot be read. `.first` tells whether no PN of the BM Unit and day was put in
force before; null where the BM Unit is not registered."""
