"""Baselined BM Units whose pairs stand on a Submitted Expected Volume that is not there for tomorrow (MON-09)."""

from datetime import date

import polars as pl

from market.baseline.pairs import pairs_on
from market.in_force import baselining_statuses_in_force, expected_volumes_in_force
from market.settlement_period import periods_in_day
from market.severity import Severity
from rules.rule import Example, Rule

FLOW = "P0328001"

MISSING = pl.Schema(
    {
        "lead_party_id": pl.String(),
        "bm_unit_id": pl.String(),
        "settlement_period": pl.Int64(),
        "message": pl.String(),
    }
)
"""One row a BM Unit that lacks a SEV. `settlement_period` is the first without one, null where none has one."""


def baselined_units(day: date, bm_units: pl.DataFrame, baselining_statuses: pl.DataFrame) -> pl.DataFrame:
    """The registrations that hold on a London day, of BM Units that are Baselined on it; frames of market.reference."""
    holds = pl.lit(day).is_between("effective_from", "effective_to")
    changed = baselining_statuses_in_force(baselining_statuses).filter(holds)
    known = bm_units.filter(holds).join(
        changed.select("bm_unit_id", changed="baselined"), on="bm_unit_id", how="left", validate="m:1"
    )
    return known.filter(pl.coalesce("changed", "baselined") == "T").drop("changed")


def without_expected_volume(
    day: date,
    bm_units: pl.DataFrame,
    baselining_statuses: pl.DataFrame,
    msid_pairs: pl.DataFrame,
    baselining_details: pl.DataFrame,
    expected_volumes: pl.DataFrame,
) -> pl.DataFrame:
    """The Baselined BM Units with an S pair and a period of a London day without a SEV in force: MISSING, by BM Unit.

    All frames as in market.reference. A Default SEV has 48 periods: of a day of 50 the last two are missing.
    """
    submitted = pairs_on(day, msid_pairs, baselining_details).filter(pl.col("baselining_indicator") == "S")
    units = baselined_units(day, bm_units, baselining_statuses).join(submitted, on="bm_unit_id", how="semi")
    count = periods_in_day(day)
    periods = pl.DataFrame({"settlement_period": pl.int_range(1, count + 1, dtype=pl.Int64, eager=True)})
    in_force = expected_volumes_in_force(expected_volumes, [day])
    lacking = (
        units.select("lead_party_id", "bm_unit_id")
        .join(periods, how="cross")
        .join(in_force, on=["bm_unit_id", "settlement_period"], how="anti")
        .group_by("lead_party_id", "bm_unit_id")
        .agg(first=pl.col("settlement_period").min(), missing=pl.len().cast(pl.Int64))
    )
    there = pl.lit(count, pl.Int64) - pl.col("missing")
    some = pl.when(there > 0).then("first")
    whole = there.cast(pl.String) + pl.lit(f" of {count} periods of {day:%Y%m%d} have a SEV in force")
    first = pl.lit(", the first without is ") + some.cast(pl.String)
    message = (whole + first.fill_null("")).alias("message")
    return lacking.select("lead_party_id", "bm_unit_id", some.alias("settlement_period"), message).sort("bm_unit_id")


MON_09 = Rule(
    id="MON-09",
    title="A Baselined BM Unit with an S pair and no SEV in force for tomorrow is listed to its Lead Party.",
    severity=Severity.NOTICE,
    flows=(FLOW,),
    stage="nightly",
    source="BSCP602 2.13.7",
    why="Such a unit has no Settlement Expected Volume, and what it delivers cannot be told from what it would do.",
    passes=Example(
        "BSD|20261103|20261103|\nBSB|V__FEXMP001|\n" + "\n".join(f"BSP|{period}|1|" for period in range(1, 49)),
        flow=FLOW,
        sender="VOLT",
        note="V__FEXMP001 has a SEV for every period of 3 November 2026.",
    ),
    fails=Example(
        "BSD|20261104|20261104|\nBSB|V__FEXMP001|\nBSP|1|1|",
        breaks=(3,),
        flow=FLOW,
        sender="VOLT",
        note="The SEV is for the day after: V__FEXMP001, which has an S pair, is listed for 3 November 2026.",
    ),
)
