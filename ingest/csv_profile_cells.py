"""The cells of a CSV file as texts: columns in the flow's names, dates and times in the form of IDD."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ingest.csv_profile_columns import CsvFlow
from ingest.csv_profile_records import CsvRecords
from market.fault import Fault
from market.item_type import Kind
from market.layout import Item

_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_DATETIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z$"


@dataclass(frozen=True)
class Cells:
    """The data lines of a CSV file: rows counted from 0, records from 1 behind the one that names the columns."""

    csv: CsvFlow
    records: CsvRecords
    columns: tuple[str, ...]
    height: int

    def texts(self, first: int, last: int, wanted: Sequence[str]) -> pl.DataFrame:
        """The cells of the rows from `first` up to before `last`, a text column each of those wanted; null where empty.

        A wanted column that the file does not have is null throughout.
        """
        there = [name for name in self.columns if name in wanted]
        if first == last or not there:
            found = pl.DataFrame(schema=dict.fromkeys(there, pl.String))
        else:
            found = pl.read_csv(
                self.records.bytes_of(first + 1, last + 1),
                has_header=False,
                separator=self.records.separator,
                quote_char='"' if self.records.quoted else None,
                schema=dict.fromkeys(self.columns, pl.String),
                columns=[place for place, name in enumerate(self.columns) if name in wanted],
            )
            if found.height != last - first:
                raise Fault(f"the reader gives {found.height} rows for {last - first} lines of a CSV file")
        return found.select(self._text(name) for name in wanted)

    def _text(self, name: str) -> pl.Expr:
        if name not in self.columns:
            return pl.lit(None, pl.String).alias(name)
        text = pl.col(name)
        if self.records.quoted:
            text = pl.when(text != "").then(text)
        item = self.csv.items.get(name)
        return (text if item is None else _idd_text(text, item)).alias(name)


def _idd_text(text: pl.Expr, item: Item) -> pl.Expr:
    """ISO dates and times in the form of IDD; whatever is neither stays as received, for its field rule to tell."""
    match item.type.kind:
        case Kind.DATE:
            return pl.when(text.str.contains(_DATE)).then(text.str.replace_all("-", "", literal=True)).otherwise(text)
        case Kind.DATETIME:
            digits = text.str.replace_all("[^0-9]", "").str.pad_end(14, "0")
            return pl.when(text.str.contains(_DATETIME)).then(digits).otherwise(text)
        case _:
            return text
