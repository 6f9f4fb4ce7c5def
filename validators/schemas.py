"""pandera schemas of record types, declared once from the layout.

`text_schema` judges the text of incoming records: its checks are the field rules that the fused pass evaluates as
plain expressions (element-wise reporting of millions of rows is what pandera is too slow for). `typed_schema` guards
the frames from which outgoing files are written.
"""

from functools import lru_cache

import pandera.polars as pa
import polars as pl

from market.fault import Fault
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
    if item.presence == "N":
        holds = column.is_null()
    elif item.type.kind in (Kind.INTEGER, Kind.DECIMAL):
        holds = column.is_null() | (column.abs() < 10**item.type.digits)
    elif item.valid:
        holds = column.is_null() | column.is_in(list(item.valid))
    elif item.type.kind is Kind.TEXT:
        holds = column.is_null() | (column.str.len_chars() <= item.type.digits)
    else:
        return []
    return [pa.Check(lambda data: data.lazyframe.select(holds), name=f"{item.name} {item.type}", ignore_na=False)]


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
    """Raises Fault where a frame from which an outgoing file is to be written breaks its schema."""
    for record in layout.records:
        if record.type in frames:
            try:
                typed_schema(record).validate(frames[record.type], lazy=True)
            except pa.errors.SchemaErrors as errors:
                raise Fault(f"{layout.file_type} {record.type} is not writable: {errors}") from errors
