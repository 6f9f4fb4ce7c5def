"""Which MSID Pair or AMSID Pair holds in a BM Unit on a day, and how it is baselined."""

from collections.abc import Mapping

import polars as pl

from market.in_force import baselining_details_in_force
from rules.context import Dated, FileFacts

PAIR = ("bm_unit_id", "pair_indicator", "import_id")
"""What names a pair in a BM Unit: its indicator, and its Import MSID with T, else its Import AMSID (Int64)."""

_OF_MSIDS = pl.col("pair_indicator") == "T"
_HELD = ("pair_indicator", "export_id", "baselining_indicator")


def _of_kind(side: str) -> pl.Expr:
    return pl.when(_OF_MSIDS).then(f"{side}_msid").otherwise(f"{side}_amsid").cast(pl.Int64).alias(f"{side}_id")


IMPORT_ID = _of_kind("import")
"""`import_id` of a reference row with `pair_indicator`, `import_msid` and `import_amsid`."""


def pairs(facts: FileFacts) -> pl.DataFrame:
    """The allocated pairs by PAIR, with `export_id` (Int64), `baselining_indicator`, first and last day."""
    return facts.references["msid_pairs"].select(
        "bm_unit_id",
        "pair_indicator",
        IMPORT_ID,
        _of_kind("export"),
        "baselining_indicator",
        "effective_from",
        "effective_to",
    )


def metering_systems(facts: FileFacts) -> pl.DataFrame:
    """The same by Import MSID: MSID Pairs, and behind them what stands in front of AMSID Pairs, without indicators."""
    rows = facts.references["msid_pairs"].sort(~_OF_MSIDS, maintain_order=True)
    return rows.select(
        "bm_unit_id",
        pl.when(_OF_MSIDS).then("pair_indicator"),
        pl.col("import_msid").cast(pl.Int64).alias("import_id"),
        pl.col("export_msid").cast(pl.Int64).alias("export_id"),
        pl.when(_OF_MSIDS).then("baselining_indicator"),
        "effective_from",
        "effective_to",
    )


def join_pair(rows: pl.DataFrame, name: str, allocated: pl.DataFrame, key: Mapping[str, str], day: str) -> pl.DataFrame:
    """Adds `<name>.found` and the indicators and the `export_id` of the pair that holds on the day.

    `key` tells for columns of `allocated` what of `rows` they equal. Of several pairs that hold, as many AMSID Pairs
    are behind one metering system, the first is taken.
    """
    named = [pl.col(own).alias(column) for column, own in key.items()]
    asked = rows.select(*named, pl.col(day).alias("__day")).with_row_index("__row")
    met = asked.join(allocated.with_row_index("__place"), on=[*key], how="inner")
    held = met.filter(pl.col("__day").is_between("effective_from", "effective_to")).sort("__row", "__place")
    first = held.unique("__row", keep="first", maintain_order=True).select(
        "__row",
        *(pl.col(column).alias(f"{name}.{column}") for column in _HELD),
        pl.lit(True).alias(f"{name}.found"),
    )
    joined = rows.with_row_index("__row").join(first, on="__row", how="left", maintain_order="left").drop("__row")
    return joined.with_columns(pl.col(f"{name}.found").fill_null(False))


def changed_baselining(facts: FileFacts) -> Dated:
    """The accepted changes of how pairs are baselined, by PAIR and day, with `baselining_indicator`."""
    changes = baselining_details_in_force(facts.references["baselining_details"]).with_columns(IMPORT_ID)
    return Dated(changes, PAIR, ("baselining_indicator",))
