"""The shapes of the frames that travel between the layers."""

from datetime import date

import polars as pl

from market.item_type import ItemType, Kind
from market.layout import Record

OPEN_END = date(9999, 12, 31)
"""An open `effective_to` in reference frames."""

BREACHES = pl.Schema(
    {
        "line": pl.UInt32,
        "record": pl.String,
        "item": pl.String,
        "position": pl.UInt8,
        "rule": pl.String,
        "severity": pl.String,
        "unit": pl.UInt32,
        "value": pl.String,
        "message": pl.String,
    }
)
"""One row a Breach. `position` orders items within a line (0: the whole record); `unit` is the row of UNITS or null."""

UNITS = pl.Schema({"key": pl.String, "outcome": pl.String, "line": pl.UInt32})
"""One row an acceptance unit: its key items joined by a space; A, W, R, N or H; its first line."""


def text_column(column: str) -> str:
    """The column that keeps an item as received, beside its typed value."""
    return f"{column}__text"


def typed_dtype(type_: ItemType) -> pl.DataType:
    """The polars type of an item's typed value: decimals are Int64 scaled by 10**decimals, time is minutes (Int32)."""
    match type_.kind:
        case Kind.INTEGER | Kind.DECIMAL:
            return pl.Int64()
        case Kind.DATE:
            return pl.Date()
        case Kind.DATETIME:
            return pl.Datetime("us", "UTC")
        case Kind.TIME:
            return pl.Int32()
        case Kind.TEXT | Kind.BOOLEAN:
            return pl.String()


def typed_schema(record: Record) -> pl.Schema:
    """The typed columns of a record's frame, without line, up and group."""
    return pl.Schema({item.column: typed_dtype(item.type) for item in record.items})
