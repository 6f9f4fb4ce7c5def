"""The checks as dataframely schemas; `filter` gives the failed rows with what each of them breaks."""

# ruff: noqa: N805 (dataframely calls its rules with the class)

from pathlib import Path

import dataframely as dy
import frames
import polars as pl
from shared_checks import DECIMAL, INTEGER

ARITHMETIC = frames.arithmetic()


class Items(dy.Schema):
    line = dy.UInt32()
    period_text = dy.String(nullable=False, regex=f"^{INTEGER}$")
    gross_text = dy.String(nullable=False, regex=f"^{DECIMAL}$")
    non_final_text = dy.String(nullable=True, regex=f"^{DECIMAL}$")
    corrected_text = dy.String(nullable=False, regex=f"^{DECIMAL}$")
    gross = dy.Decimal(13, 4, nullable=True)
    non_final = dy.Decimal(13, 4, nullable=True)
    corrected = dy.Decimal(13, 4, nullable=True)

    @dy.rule()
    def fld_05(cls) -> pl.Expr:
        return pl.all_horizontal(frames.zeros_are_needed(name).fill_null(True) for name in frames.DEMANDS)


class Period(Items):
    @dy.rule()
    def nfd_01(cls) -> pl.Expr:
        return ARITHMETIC["NFD-01"]

    @dy.rule()
    def nfd_02(cls) -> pl.Expr:
        return ARITHMETIC["NFD-02"]

    @dy.rule()
    def nfd_03(cls) -> pl.Expr:
        return ARITHMETIC["NFD-03"]


class Total(Items):
    sum_gross = dy.Decimal(38, 4, nullable=True)
    sum_non_final = dy.Decimal(38, 4, nullable=True)
    sum_corrected = dy.Decimal(38, 4, nullable=True)

    @dy.rule()
    def nfd_05(cls) -> pl.Expr:
        return frames.total_holds()


class Unit(dy.Schema):
    line = dy.UInt32()
    bm_unit = dy.String()
    measurement_class = dy.String()
    periods = dy.UInt32(nullable=True)
    in_order = dy.Bool(nullable=True)

    @dy.rule()
    def nfd_04(cls) -> pl.Expr:
        return frames.day_holds()

    @dy.rule()
    def nfd_09(cls) -> pl.Expr:
        return ~pl.struct("bm_unit", "measurement_class").is_duplicated()


def rule_id(name: str) -> str:
    """The rule that a column of the failures is about: `gross_text|regex`, `nfd_01`."""
    item, _, kind = name.partition("|")
    if kind == "nullability":
        return "FLD-01"
    if kind == "regex":
        return "FLD-03" if item == "period_text" else "FLD-04"
    return item.upper().replace("_", "-")


def failures(schema: type[dy.Schema], frame: pl.DataFrame) -> pl.DataFrame:
    """The `line` and `rule` of every failure."""
    details = schema.filter(frame).failure.details()
    rules = [name for name, dtype in details.schema.items() if dtype == pl.Enum(["valid", "invalid", "unknown"])]
    return pl.concat(
        details.filter(pl.col(name) == "invalid").select("line", rule=pl.lit(rule_id(name))) for name in rules
    )


def find(path: Path, found: Path) -> None:
    read = frames.read(path)
    schemas = (Unit, Period, Total)
    pl.concat(
        failures(schema, frame) for schema, frame in zip(schemas, (read.units, read.periods, read.totals), strict=True)
    ).write_csv(found)
