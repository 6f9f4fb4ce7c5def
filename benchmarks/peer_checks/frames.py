"""What the contestants over polars frames share: the file read by polars' CSV reader, and rows joined with their unit.

Frames have `line` (UInt32) and the line of their BM Unit as `unit`; items as text (String, null where empty) and, where
they can be cast, as values: `period` Int64, demands Decimal(13,4). Of the few malformed texts that polars casts all the
same the schemas tell, but their values count in the sums.
"""

from pathlib import Path
from typing import NamedTuple

import polars as pl
from shared_checks import (
    CLASSES,
    FACILITIES,
    GSP_GROUPS,
    HEAD,
    MWH_OF_KW,
    PERIODS,
    PREFIXES,
    REGISTER,
    SENDER,
    TIMES,
    TYPES,
)

VALUE = pl.Decimal(13, 4)
DEMANDS = ("gross", "non_final", "corrected")


class Frames(NamedTuple):
    units: pl.DataFrame
    """`bm_unit`, `gsp_group`, `measurement_class`; of the register `lead_party_id`, `bm_unit_type` and `gsp_group_id`,
    null where it has no such BM Unit; `periods`: how many, null where one is malformed; `in_order`.
    """
    periods: pl.DataFrame
    """With `declared` of their BM Unit, null where the sender does not lead it, and the `most` that is declared."""
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
    units = rows.filter(is_unit).select("line", bm_unit="a", gsp_group="b", measurement_class="c")
    units = units.join(known(path), on="bm_unit", how="left", maintain_order="left")
    declared = pl.when(pl.col("lead_party_id") == SENDER).then(pl.col("most").is_not_null())
    periods = typed(rows.filter(kind="NFP"), "a", "b", "c", "d").join(
        units.select(pl.col("line").alias("unit"), "most", declared=declared),
        on="unit",
        how="left",
        maintain_order="left",
    )
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


def known(path: Path) -> pl.DataFrame:
    """By `bm_unit` what the register says of it, and `most`: what its facilities may take in a period."""
    register = pl.read_csv(path.parent / REGISTER, infer_schema=False).select(
        "lead_party_id", "bm_unit_type", "gsp_group_id", bm_unit="bm_unit_id"
    )
    facilities = pl.read_csv(path.parent / FACILITIES, schema_overrides={"maximum_import_capacity": VALUE})
    most = (
        facilities.group_by("bm_unit_id", "facility_id")
        .agg(pl.max("maximum_import_capacity"))
        .group_by(bm_unit="bm_unit_id")
        .agg(most=(pl.sum("maximum_import_capacity") * pl.lit(MWH_OF_KW).cast(VALUE)).cast(VALUE))
    )
    return register.join(most, on="bm_unit", how="left")


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


def declarations() -> dict[str, pl.Expr]:
    """By rule what holds between a period and what is declared; null or true where what is read is not there."""
    non_final, most = pl.col("non_final"), pl.col("most")
    is_empty = pl.col("non_final_text").is_null()
    return {
        "NFD-06": pl.when("declared").then(~is_empty).otherwise(non_final.is_null() | pl.col("declared").is_null()),
        "NFD-07": non_final <= most,
        "NFD-08": (most <= 0) | (non_final < most * TIMES),
    }


def unit_items() -> dict[str, dict[str, pl.Expr]]:
    """By item of a BM Unit and by rule what holds of it; null where it is empty."""
    unit, group, measurement_class = pl.col("bm_unit"), pl.col("gsp_group"), pl.col("measurement_class")
    fits = [
        (item.str.len_chars() <= digits) & (item == item.str.strip_chars(" "))
        for item, digits in ((unit, 11), (group, 2))
    ]
    of_supplier = unit.str.slice(0, 3).is_in(PREFIXES) & pl.col("bm_unit_type").is_in(TYPES).fill_null(True)
    return {
        "bm_unit": {
            "FLD-06": fits[0],
            "IDN-01": pl.col("lead_party_id").is_not_null(),
            "IDN-02": pl.col("lead_party_id") == SENDER,
            "NFD-10": of_supplier,
        },
        "gsp_group": {
            "FLD-06": fits[1],
            "IDN-04": group.is_in(GSP_GROUPS) & (group == pl.col("gsp_group_id")).fill_null(True),
        },
        "measurement_class": {"FLD-08": measurement_class.is_in(CLASSES)},
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
