"""The checks as dataframely schemas; `filter` gives the failed rows with what each of them breaks."""

# ruff: noqa: N805 (dataframely calls its rules with the class)

from pathlib import Path

import dataframely as dy
import frames
import polars as pl
from shared_checks import DECIMAL, INTEGER

OF_PERIODS = frames.arithmetic() | frames.declarations()
OF_UNITS = frames.unit_items()


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
    declared = dy.Bool(nullable=True)
    most = dy.Decimal(13, 4, nullable=True)

    @dy.rule()
    def nfd_01(cls) -> pl.Expr:
        return OF_PERIODS["NFD-01"]

    @dy.rule()
    def nfd_02(cls) -> pl.Expr:
        return OF_PERIODS["NFD-02"]

    @dy.rule()
    def nfd_03(cls) -> pl.Expr:
        return OF_PERIODS["NFD-03"]

    @dy.rule()
    def nfd_06(cls) -> pl.Expr:
        return OF_PERIODS["NFD-06"]

    @dy.rule()
    def nfd_07(cls) -> pl.Expr:
        return OF_PERIODS["NFD-07"]

    @dy.rule()
    def nfd_08(cls) -> pl.Expr:
        return OF_PERIODS["NFD-08"]


class Total(Items):
    sum_gross = dy.Decimal(38, 4, nullable=True)
    sum_non_final = dy.Decimal(38, 4, nullable=True)
    sum_corrected = dy.Decimal(38, 4, nullable=True)

    @dy.rule()
    def nfd_05(cls) -> pl.Expr:
        return frames.total_holds()


class Unit(dy.Schema):
    line = dy.UInt32()
    bm_unit = dy.String(nullable=False, max_length=11)
    gsp_group = dy.String(nullable=False, max_length=2)
    measurement_class = dy.String(nullable=False)
    lead_party_id = dy.String(nullable=True)
    bm_unit_type = dy.String(nullable=True)
    gsp_group_id = dy.String(nullable=True)
    periods = dy.UInt32(nullable=True)
    in_order = dy.Bool(nullable=True)

    @dy.rule()
    def nfd_04(cls) -> pl.Expr:
        return frames.day_holds()

    @dy.rule()
    def fld_06(cls) -> pl.Expr:
        spaced = (pl.col(item) != pl.col(item).str.strip_chars(" ") for item in ("bm_unit", "gsp_group"))
        return ~pl.any_horizontal(spaced)

    @dy.rule()
    def fld_08(cls) -> pl.Expr:
        return OF_UNITS["measurement_class"]["FLD-08"]

    @dy.rule()
    def idn_01(cls) -> pl.Expr:
        return OF_UNITS["bm_unit"]["IDN-01"]

    @dy.rule()
    def idn_02(cls) -> pl.Expr:
        return OF_UNITS["bm_unit"]["IDN-02"]

    @dy.rule()
    def idn_04(cls) -> pl.Expr:
        return OF_UNITS["gsp_group"]["IDN-04"]

    @dy.rule()
    def nfd_10(cls) -> pl.Expr:
        return OF_UNITS["bm_unit"]["NFD-10"]

    @dy.rule()
    def nfd_09(cls) -> pl.Expr:
        return ~pl.struct("bm_unit", "measurement_class").is_duplicated()


def rule_id(name: str) -> str:
    """The rule that a column of the failures is about: `gross_text|regex`, `nfd_01`."""
    item, _, kind = name.partition("|")
    if kind == "nullability":
        return "FLD-01"
    if kind == "max_length":
        return "FLD-06"
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
