"""CSV answers as spreadsheet programs open them: UTF-8 with a byte-order mark, CR LF, quotes where they are needed.

Excel reads a CSV file without the mark in the code page of the machine, and RFC 4180 ends lines by CR LF; LibreOffice
takes both as they are. A cell that such a program would compute gets an apostrophe in front, numbers stay numbers.
"""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from market.item_type import Kind
from market.layout import Item, Layout, Record
from outbound.item_text import item_text

_COMPUTED = "^\\s*[=+\\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]"
_NUMBER = "^-?[0-9]+(\\.[0-9]+)?$"


def neutral(text: pl.Expr) -> pl.Expr:
    """Texts that no spreadsheet program computes; null where empty."""
    harmful = text.str.contains(_COMPUTED) & ~text.str.contains(_NUMBER)
    return pl.when(harmful).then(pl.concat_str(pl.lit("'"), text)).when(text != "").then(text)


def csv_file(layout: Layout, frames: Mapping[str, pl.DataFrame], separator: str) -> bytes:
    """The CSV file of a layout's frames, which are those of outbound.writer.

    Each line is one record of the deepest kind, with the items of the records above it and of those that stand once.
    Where the records are of several kinds, each line is one of them and the column `record` names it.
    """
    records = [record for record in layout.records if record.type in frames]
    lines = [
        record for record in records if record.occurs != "1" and not set(layout.children(record.type)) & {*records}
    ]
    if len(lines) > 1:
        return csv_lines(_of_all(records, frames), separator)
    line = (lines or records)[-1]
    above = [record for record in records if record is not line]
    names = _names([*above, line])
    found = _cells(line, frames[line.type], names)
    for record in above:
        rows = frames[record.type]["line"].search_sorted(found["line"], "right").cast(pl.Int64) - 1
        found = found.hstack(_cells(record, frames[record.type], names).drop("line")[rows])
    return csv_lines(found.select(names.values()), separator)


def csv_lines(cells: pl.DataFrame, separator: str) -> bytes:
    """A CSV file of text columns under their names."""
    return (
        cells.rechunk()
        .write_csv(include_bom=True, separator=separator, line_terminator="\r\n", quote_style="necessary")
        .encode()
    )


def _of_all(records: Sequence[Record], frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    names = _names(records)
    kinds = [_cells(record, frames[record.type], names).with_columns(record=pl.lit(record.type)) for record in records]
    found = pl.concat(kinds, how="diagonal").sort("line", maintain_order=True)
    return found.select("record", *names.values())


def _names(records: Sequence[Record]) -> dict[tuple[str, str], str]:
    """The columns by record type and item: the record's name stands in front of an item that several records have."""
    columns = [item.column for record in records for item in record.items]
    return {
        (record.type, item.column): item.column
        if columns.count(item.column) == 1
        else f"{_snake(record)}_{item.column}"
        for record in records
        for item in record.items
    }


def _snake(record: Record) -> str:
    return re.sub("[^a-z0-9]+", "_", record.name.lower()).strip("_")


def _cells(record: Record, frame: pl.DataFrame, names: Mapping[tuple[str, str], str]) -> pl.DataFrame:
    return frame.select("line", *(_cell(item).alias(names[record.type, item.column]) for item in record.items))


def _cell(item: Item) -> pl.Expr:
    value = pl.col(item.column)
    match item.type.kind:
        case Kind.TEXT | Kind.BOOLEAN:
            return neutral(value)
        case Kind.DATE:
            return value.dt.strftime("%Y-%m-%d")
        case Kind.DATETIME:
            return value.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            text = item_text(value, item.type)
            return pl.when(text != "").then(text)
