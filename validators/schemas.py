"""pandera schemas of record types, declared once from the layout.

`text_schema` judges the text of incoming records: its checks are the field rules that the fused pass evaluates as
plain expressions (element-wise reporting of millions of rows is what pandera is too slow for). `typed_schema` guards
the frames from which outgoing files are written.
"""

from functools import lru_cache

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, get_config_global

from market.fault import Fault
from market.field import valid_set
from market.frames import text_column, typed_dtype
from market.item_type import Kind
from market.layout import Item, Layout, Record
from validators.fields import breaks, field_rules


def _rule_check(item: Item, rule: str) -> pa.Check:
    def holds(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(~breaks(item, rule))

    return pa.Check(holds, name=rule, ignore_na=False)


@lru_cache
def text_schema(record: Record) -> pa.DataFrameSchema:
    """The schema of a record's text columns (`<column>__text`, String, null where empty); checks are named by rule."""
    return pa.DataFrameSchema(
        {
            text_column(item.column): pa.Column(
                pl.String, [_rule_check(item, rule) for rule in field_rules(item)], nullable=True
            )
            for item in record.items
        }
    )


def _typed_check(item: Item) -> list[pa.Check]:
    column = pl.col(item.column)
    holds = pl.lit(True)
    if item.presence == "N":
        holds = column.is_null()
    elif valid_set(item):
        holds = column.cast(pl.String).is_in([*valid_set(item), *([""] if item.presence == "O" else [])])
    elif item.type.kind in (Kind.INTEGER, Kind.DECIMAL):
        # the absolute value of the least Int64 is itself
        holds = column.is_between(1 - 10**item.type.digits, 10**item.type.digits - 1)
    elif item.type.kind is Kind.TEXT:
        # an optional text may be empty instead of null: the writer makes no difference
        holds = column.str.len_chars().is_between(1 if item.presence == "M" else 0, item.type.digits)
    elif item.type.kind is Kind.TIME:
        holds = column.is_between(0, 24 * 60 - 1)
    expression = holds.fill_null(True)
    return [pa.Check(lambda data: data.lazyframe.select(expression), name=f"{item.name} {item.type}", ignore_na=False)]


@lru_cache
def typed_schema(record: Record) -> pa.DataFrameSchema:
    """The schema of a record's typed columns in an outgoing file: types, presence, digits, lengths and valid sets."""
    return pa.DataFrameSchema(
        {
            item.column: pa.Column(typed_dtype(item.type), _typed_check(item), nullable=item.presence != "M")
            for item in record.items
        }
    )


def check_outgoing(layout: Layout, frames: dict[str, pl.DataFrame]) -> None:
    """Raises Fault where a frame from which an outgoing file is to be written breaks its schema (FLD-02 among it)."""
    for record in layout.records:
        frame = frames.get(record.type)
        if frame is None:
            continue
        if not isinstance(frame, pl.DataFrame):
            raise Fault(f"{layout.file_type} {record.type} is no DataFrame: pandera checks no data of a LazyFrame")
        try:
            typed_schema(record).validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            raise Fault(f"{layout.file_type} {record.type} is not writable: {errors}") from errors


def refuse_disabled_validation() -> None:
    """Raises Fault where the environment has switched pandera's validation off, wholly or for data or schemas."""
    config = get_config_global()
    if not config.validation_enabled:
        raise Fault("pandera validates nothing: PANDERA_VALIDATION_ENABLED is off")
    if config.validation_depth not in (None, ValidationDepth.SCHEMA_AND_DATA):
        raise Fault(f"pandera validates in part: PANDERA_VALIDATION_DEPTH is {config.validation_depth.value}")
