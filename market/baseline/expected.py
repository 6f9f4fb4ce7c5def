"""The Settlement Expected Volume of BM Units, from what was submitted and what was baselined."""

import polars as pl

from market.baseline.pairs import PAIR
from market.baseline.policy import BaselinePolicy

PAIR_BASELINES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "settlement_period": pl.Int64(),
        "baselining_indicator": pl.String(),
        "volume": pl.Int64(),
    }
)
"""One row a pair with indicator B or I and period: what it is expected to do, MWh scaled by 10,000 in SVA sign.

`volume` is null where it cannot be calculated."""

SETTLEMENT_EXPECTED_VOLUMES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "settlement_period": pl.Int64(),
        "submitted": pl.Int64(),
        "baselined": pl.Int64(),
        "expected": pl.Int64(),
    }
)
"""One row a BM Unit and period, MWh scaled by 10,000, null where there is none.

`baselined` is in SVA sign, the others are in CVA sign (export positive)."""


def pair_baselines(pairs: pl.DataFrame, baselined: pl.DataFrame, policy: BaselinePolicy) -> pl.DataFrame:
    """The rows of PAIR_BASELINES for the pairs with indicator B or I.

    `pairs` has the columns of market.baseline.pairs.PAIRS, `baselined` those of
    market.baseline.volumes.BASELINED_VOLUMES. A pair with pair indicator D has no volume: its baseline is that of a
    differenced site, which the reference data do not name.
    """
    named = pairs.filter(pl.col("baselining_indicator").is_in(["B", "I"])).select(
        *PAIR, "pair_indicator", "baselining_indicator"
    )
    named = named.unique(PAIR, keep="first", maintain_order=True)
    inactive = pl.col("metered") if policy.inactive_pairs == "metered" else pl.lit(0, pl.Int64)
    volume = (
        pl.when(pl.col("pair_indicator") == "D")
        .then(None)
        .when(pl.col("baselining_indicator") == "I")
        .then(inactive)
        .otherwise("volume")
    )
    joined = baselined.join(named, on=PAIR, how="inner", nulls_equal=True, validate="m:1")
    return joined.with_columns(volume=volume).select(PAIR_BASELINES.names()).sort(*PAIR, "settlement_period")


def settlement_expected_volumes(
    pairs: pl.DataFrame, baselines: pl.DataFrame, submitted: pl.DataFrame, periods: int
) -> pl.DataFrame:
    """The rows of SETTLEMENT_EXPECTED_VOLUMES for each BM Unit of `pairs` and the periods 1 to `periods` of a day.

    `baselines` has the columns of PAIR_BASELINES; `submitted` has bm_unit_id, settlement_period and volume (scaled, CVA
    sign), the Submitted Expected Volumes in force on the day, once each.

    A BM Unit with a pair whose volume is missing has no baselined volume, for a sum without it would be another's. One
    with an S pair and nothing submitted has no Settlement Expected Volume (BSCP602 2.13.7). What is submitted for a BM
    Unit without an S pair is shown and does not count.
    """
    has_submitted = (pl.col("baselining_indicator") == "S").fill_null(value=False).any()
    units = pairs.group_by("bm_unit_id").agg(
        has_submitted=has_submitted, has_baselined=pl.col("baselining_indicator").is_in(["B", "I"]).any()
    )
    numbers = pl.DataFrame({"settlement_period": pl.int_range(1, periods + 1, eager=True, dtype=pl.Int64)})
    summed = baselines.group_by("bm_unit_id", "settlement_period").agg(
        baselined=pl.when(pl.col("volume").is_not_null().all()).then(pl.col("volume").sum())
    )
    on = ["bm_unit_id", "settlement_period"]
    joined = (
        units.join(numbers, how="cross")
        .join(summed, on=on, how="left", validate="1:1")
        .join(submitted.select(*on, submitted="volume"), on=on, how="left", validate="1:1")
    )
    from_submitted = pl.when("has_submitted").then("submitted").otherwise(0)
    from_baselined = pl.when("has_baselined").then("baselined").otherwise(0)
    expected = pl.when(pl.col("has_submitted") | pl.col("has_baselined")).then(from_submitted - from_baselined)
    return joined.with_columns(expected=expected).select(SETTLEMENT_EXPECTED_VOLUMES.names()).sort(on)
