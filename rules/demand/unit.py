"""What rules of aggregated demand join to a BM Unit and measurement class: its declarations, and what is on record."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from market.frames import text_column
from market.settlement_run import run_order_expr
from rules.context import Context, FileFacts
from rules.demand import FLOW
from rules.demand.groups import count_of, first_periods
from rules.demand.run import on_record

HALF_HOUR = 5
"""What a kW gives in half an hour, in ten-thousandths of a MWh."""


def _declarations(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """By `bm_unit_id` what is declared of it on the day of the file."""
    known = facts.references["declared_metering_systems"]
    days = rows["NFH.settlement_date"].unique().drop_nulls()
    on_day = known.filter(
        pl.col("effective_from") <= pl.lit(days.max(), pl.Date), pl.col("effective_to") >= pl.lit(days.min(), pl.Date)
    )
    facility = ["bm_unit_id", "operator_company_number", "facility_id"]
    largest = on_day.group_by(facility).agg(pl.max("maximum_import_capacity"))
    bounds = largest.group_by("bm_unit_id").agg(pl.sum("maximum_import_capacity") * HALF_HOUR)
    imports = pl.col("import_export_indicator") == "I"
    msids = on_day.sort("msid").group_by("bm_unit_id").agg(pl.col("msid").filter(imports).unique(maintain_order=True))
    return bounds.join(msids, on="bm_unit_id").rename(
        {"maximum_import_capacity": "declared.most", "msid": "declared.msids"}
    )


def _declared(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    declarations = facts.once("declarations of the day", lambda facts: _declarations(facts, rows))
    joined = rows.join(declarations, on="bm_unit_id", how="left", maintain_order="left")
    led = (pl.col("registration.lead_party_id") == pl.col("file.sender")) & pl.col("NFH.settlement_date").is_not_null()
    return joined.with_columns(
        pl.when(led).then(pl.col("declared.most").is_not_null()).alias("declared.found"),
        *(pl.when(led).then(name).alias(name) for name in ("declared.most", "declared.msids")),
        pl.concat_str("bm_unit_id", pl.lit(" on "), "NFH.day.text").alias("declared.of"),
    )


DECLARED = Context(
    "declared",
    FLOW,
    "NFU",
    ("bm_unit_id", "registration.lead_party_id", "NFH.settlement_date", "NFH.day.text"),
    _declared,
    frames=("declared_metering_systems",),
)
"""`declared.found`: whether a declaration in force touches the BM Unit on the date; null where the sender does not lead
it. `declared.most`: what the declared maximum import of its facilities, each once, gives in a period, in MWh scaled by
10,000; `declared.msids`: their import MSIDs on the BM Unit; `declared.of`: BM Unit and date for messages."""


_KEY = ["bm_unit_id", "measurement_class"]


@dataclass(frozen=True)
class Past:
    """What the sender has on record of a file's date.

    `same` is that of the file's own run by BM Unit and measurement class, `earlier` that of the last run before it;
    `place` there is a row of `periods`: `first`, behind which its periods' `gross` and `non_final` begin.
    """

    same: pl.DataFrame
    earlier: pl.DataFrame
    first: pl.Series
    gross: pl.Series
    non_final: pl.Series


def past(facts: FileFacts, rows: pl.DataFrame) -> Past:
    """What is on record of the date of these rows: prepared for the first, kept for the others."""
    return facts.once("demand on record", lambda facts: _past(facts, rows))


def _past(facts: FileFacts, rows: pl.DataFrame) -> Past:
    known = on_record(facts, rows)
    order = pl.lit(rows.select(run_order_expr(pl.col("NFH.settlement_run_type").head(1))).item(), pl.Int64)
    same = known.filter(pl.col("order") == order).select(*_KEY, pl.col("received_at").alias("history.replaced_at"))
    before = known.filter(pl.col("order") < order).sort("order").unique(_KEY, keep="last", maintain_order=True)
    stated = pl.col("non_final_demand").list.drop_nulls()
    numerator, denominator = (facts.policy.run_change_pct / 100).as_integer_ratio()
    usual = pl.col("history.non_final").cast(pl.Int128) * numerator // denominator
    earlier = before.select(
        *_KEY,
        pl.col("settlement_run_type").alias("history.run"),
        pl.when(stated.list.len() > 0).then(stated.list.sum()).alias("history.non_final"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("history.place"),
        pl.col("gross_demand").list.len().alias("history.periods"),
    ).with_columns(usual.cast(pl.Int64).alias("history.usual_change"))
    first = before["gross_demand"].list.len().cast(pl.Int64)
    return Past(
        same,
        earlier,
        first.cum_sum() - first,
        before["gross_demand"].explode(),
        before["non_final_demand"].explode(),
    )


def _history(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    known = past(facts, rows)
    for found in (known.same, known.earlier):
        if found.is_empty():
            nothing = found.schema.items()
            rows = rows.with_columns(pl.lit(None, dtype).alias(name) for name, dtype in nothing if name not in _KEY)
        else:
            rows = rows.join(found, on=_KEY, how="left", maintain_order="left")
    return rows


HISTORY = Context(
    "history",
    FLOW,
    "NFU",
    (*_KEY, "NFH.settlement_date", "NFH.settlement_run_type"),
    _history,
    frames=("aggregated_demand",),
)
"""What the sender has on record of the BM Unit, measurement class and date.

`history.replaced_at`: when that of the same run was received; null where there is none. Of the last run before, null
where there is none: `history.run`, its day's `history.non_final` (null where none was stated), by how much of it that
usually changes as `history.usual_change`, its `history.periods`, and where they stand in Past as `history.place`."""


def _given(rows: pl.DataFrame, _: FileFacts, periods: pl.DataFrame) -> pl.DataFrame:
    without = periods[text_column("non_final_demand")].is_null()
    first = first_periods(periods)
    lacking, every = count_of(without, first), pl.Series(np.diff(first, append=periods.height))
    return rows.with_columns(lacking.alias("given.without"), (every - lacking).alias("given.non_final"))


GIVEN = Context("given", FLOW, "NFU", ("bm_unit_id",), _given, others=("NFP",))
"""`given.non_final`: how many periods state their non-final demand; `given.without`: how many do not."""
