"""The checks as pandera schemas over polars frames, validated lazily so that every failure is told."""

from collections.abc import Iterable
from pathlib import Path

import frames
import pandera.polars as pa
import polars as pl
from shared_checks import DECIMAL, INTEGER


def holding(rule: str, expression: pl.Expr) -> pa.Check:
    """A check whose name is the rule; of a null it says nothing."""
    return pa.Check(lambda data: data.lazyframe.select(expression.fill_null(True)), name=rule, ignore_na=False)


def text(pattern: str, rule: str, mandatory: bool, more: Iterable[pa.Check] = ()) -> pa.Column:
    return pa.Column(
        pl.String, [pa.Check.str_matches(f"^{pattern}$", error=rule), *more], nullable=not mandatory, required=True
    )


def decimal(name: str) -> pa.Column:
    return text(DECIMAL, "FLD-04", name != "non_final", [holding("FLD-05", frames.zeros_are_needed(name))])


ITEMS = {
    "period_text": text(INTEGER, "FLD-03", True),
    **{f"{name}_text": decimal(name) for name in frames.DEMANDS},
}
READ = {"NFD-01": "corrected", "NFD-03": "gross"}
"""The column at which a rule of a period stands, where it is not the non-final demand: a check of the whole frame is
many times as slow to report.
"""
OF_PERIODS = frames.arithmetic() | frames.declarations()
STANDING = {
    column: [holding(rule, holds) for rule, holds in OF_PERIODS.items() if READ.get(rule, "non_final") == column]
    for column in frames.DEMANDS
}

PERIODS = pa.DataFrameSchema(
    {**ITEMS, **{column: pa.Column(frames.VALUE, checks, nullable=True) for column, checks in STANDING.items()}}
)
TOTALS = pa.DataFrameSchema(
    {**ITEMS, "gross": pa.Column(frames.VALUE, holding("NFD-05", frames.total_holds()), nullable=True)}
)
ONCE = ~pl.struct("bm_unit", "measurement_class").is_duplicated()
UNIT_ITEMS = frames.unit_items()
UNITS = pa.DataFrameSchema(
    {
        "periods": pa.Column(checks=holding("NFD-04", frames.day_holds()), nullable=True),
        **{
            item: pa.Column(pl.String, [holding(rule, holds) for rule, holds in rules.items()])
            for item, rules in (UNIT_ITEMS | {"bm_unit": UNIT_ITEMS["bm_unit"] | {"NFD-09": ONCE}}).items()
        },
    }
)


def failures(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> pl.DataFrame:
    """The `line` and `rule` of every failure; raises ValueError where one is not of a row."""
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases: pl.DataFrame = errors.failure_cases.select("check", "index")
        if cases["index"].null_count():
            raise ValueError(f"failures without a row: {cases.filter(pl.col('index').is_null())}") from errors
        return cases.select(
            line=frame["line"].gather(cases["index"]), rule=pl.col("check").replace("not_nullable", "FLD-01")
        )
    return pl.DataFrame(schema={"line": pl.UInt32, "rule": pl.String})


def find(path: Path, found: Path) -> None:
    read = frames.read(path)
    schemas = (UNITS, PERIODS, TOTALS)
    pl.concat(
        failures(schema, frame) for schema, frame in zip(schemas, (read.units, read.periods, read.totals), strict=True)
    ).write_csv(found)
