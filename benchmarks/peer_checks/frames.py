"""What the contestants over polars frames share: the file read by polars' CSV reader, and rows joined with their unit.

Frames have `line` (UInt32) and the line of their BM Unit as `unit`; items as text (String, null where empty) and, where
they can be cast, as values: `period` Int64, demands Decimal(13,4). Of the few malformed texts that polars casts all the
same the schemas tell, but their values count in the sums.
"""

from pathlib import Path
from typing import NamedTuple

import polars as pl
from shared_checks import HEAD, PERIODS

VALUE = pl.Decimal(13, 4)
DEMANDS = ("gross", "non_final", "corrected")


class Frames(NamedTuple):
    units: pl.DataFrame
    """`bm_unit`, `measurement_class`, `periods`: how many, null where one is malformed; `in_order`."""
    periods: pl.DataFrame
    totals: pl.DataFrame
    """With the sums of the periods as `sum_gross`, ...; null where a value of one is malformed."""


def read(path: Path) -> Frames:
    rows = pl.read_csv(
        path,
        separator="|",
        has_header=False,
        skip_rows=HEAD,
        schema=dict.fromkeys(("kind", "a", "b", "c", "d"), pl.String),
        truncate_ragged_lines=True,
        row_index_name="line",
        row_index_offset=HEAD + 1,
        quote_char=None,
    )
    is_unit = pl.col("kind") == "NFU"
    rows = rows.with_columns(unit=pl.when(is_unit).then("line").forward_fill())
    units = rows.filter(is_unit).select("line", bm_unit="a", measurement_class="c")
    periods = typed(rows.filter(kind="NFP"), "a", "b", "c", "d")
    totals = typed(rows.filter(kind="NFT").with_columns(one=pl.lit("1")), "one", "a", "b", "c")
    malformed = [
        (pl.col(name).is_null() & pl.col(f"{name}_text").is_not_null()).any().alias(f"malformed_{name}")
        for name in DEMANDS
    ]
    days = periods.group_by("unit").agg(
        *(pl.col(name).sum().alias(f"sum_{name}") for name in DEMANDS),
        *malformed,
        periods=pl.when(pl.col("period").is_not_null().all()).then(pl.len()),
        in_order=(pl.col("period") == pl.col("line") - pl.col("unit")).all(),
    )
    sums = [pl.when(~pl.col(f"malformed_{name}")).then(f"sum_{name}").alias(f"sum_{name}") for name in DEMANDS]
    return Frames(
        units.join(days.select("unit", "periods", "in_order"), left_on="line", right_on="unit", how="left"),
        periods,
        totals.join(days.select("unit", *sums), on="unit", how="left"),
    )


def typed(rows: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The text and the values of the four items that stand in `columns`."""
    texts = dict(zip((f"{name}_text" for name in ("period", *DEMANDS)), columns, strict=True))
    named = rows.select("line", "unit", **{name: pl.col(column) for name, column in texts.items()})
    return named.with_columns(
        pl.col("period_text").cast(pl.Int64, strict=False).alias("period"),
        *(pl.col(f"{name}_text").cast(VALUE, strict=False).alias(name) for name in DEMANDS),
    )


def arithmetic() -> dict[str, pl.Expr]:
    """By rule what holds between the values of a period; null where one that is read is not there."""
    gross, non_final, corrected = pl.col(DEMANDS[0]), pl.col(DEMANDS[1]), pl.col(DEMANDS[2])
    readable = non_final.is_not_null() | pl.col("non_final_text").is_null()
    return {
        "NFD-01": ~readable | (gross - non_final.fill_null(0) == corrected),
        "NFD-02": (non_final >= 0) & ((non_final == 0) | (non_final <= gross)),
        "NFD-03": gross >= 0,
    }


def total_holds() -> pl.Expr:
    """NFD-05: whether the totals are the sums; null or true where one of them is unknown."""
    of_stated = [pl.col(name) == pl.col(f"sum_{name}") for name in ("gross", "corrected")]
    stated = pl.col("non_final").is_not_null() | pl.col("non_final_text").is_null()
    non_final = ~stated | (pl.col("non_final").fill_null(0) == pl.col("sum_non_final"))
    return pl.all_horizontal(holds.fill_null(True) for holds in (*of_stated, non_final))


def day_holds() -> pl.Expr:
    """NFD-04: whether a unit has every period once and in order; null where one of them is malformed."""
    return (pl.col("periods") == PERIODS) & pl.col("in_order")


def zeros_are_needed(name: str) -> pl.Expr:
    """FLD-05 of a demand; true of a malformed one as well, of which FLD-04 tells."""
    text = pl.col(f"{name}_text")
    needless = (text.str.ends_with("0") & text.str.contains(".", literal=True)) | (text == "-0")
    return pl.col(name).is_null() | ~needless
