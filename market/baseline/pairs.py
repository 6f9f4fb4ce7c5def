"""The pairs of BM Units on a day: which meter each is known by, and how it is baselined."""

from datetime import date

import polars as pl

from market.in_force import baselining_details_in_force

PAIR = ["bm_unit_id", "import_msid", "import_amsid"]
"""What names a pair: its Import MSID where its indicator is T, its Import AMSID where A or D; the other is null."""

METER = PAIR[1:]
"""What names a pair's metered volumes."""

PAIRS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "pair_indicator": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "baselining_indicator": pl.String(),
        "around_import_msid": pl.String(),
        "export_msid": pl.String(),
        "export_amsid": pl.String(),
    }
)
"""One row a pair that a BM Unit has on a day; an AMSID Pair has a row for each MSID Pair around it.

`baselining_indicator` is S, I, B or null. `around_import_msid` is the Import MSID beside an AMSID."""


def pairs_on(day: date, msid_pairs: pl.DataFrame, details: pl.DataFrame) -> pl.DataFrame:
    """The pairs of every BM Unit on a day, with the columns of PAIRS, by BM Unit and pair.

    `msid_pairs` has the columns of market.reference.MSID_PAIRS and `details` those of BASELINING_DETAILS: the last
    change that holds on the day ranks before the indicator that a pair came with.
    """
    by_msid = pl.col("pair_indicator") == "T"
    holds = pl.lit(day).is_between(pl.col("effective_from"), pl.col("effective_to"))
    allocated = msid_pairs.filter(holds).with_columns(
        import_msid=pl.when(by_msid).then("import_msid"),
        import_amsid=pl.when(~by_msid).then("import_amsid"),
        around_import_msid=pl.when(~by_msid).then("import_msid"),
    )
    key = [*PAIR, "pair_indicator"]
    changes = baselining_details_in_force(details).filter(holds).select(*key, changed="baselining_indicator")
    joined = allocated.join(changes, on=key, how="left", nulls_equal=True, validate="m:1")
    indicator = pl.coalesce("changed", "baselining_indicator")
    return joined.with_columns(baselining_indicator=indicator).select(PAIRS.names()).sort(PAIR)
