"""The receipt of a CSV file, itself a CSV file with the items of the ADT record."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from market.frames import typed_schema
from market.layout import ENVELOPE
from outbound.csv_writer import csv_file

_SCHEMA = typed_schema(ENVELOPE.record("ADT"))


def csv_receipt(
    file_name: str, received_at: datetime, response_at: datetime, entries: Sequence[tuple[int, str]], separator: str
) -> bytes:
    """The receipt file, with one line for each code and its data; the name stands whole. The instants are aware."""
    rows = [(received_at, response_at, file_name, code, data) for code, data in entries]
    frame = pl.DataFrame(rows, _SCHEMA, orient="row").with_row_index("line", 2)
    return csv_file(ENVELOPE, {"ADT": frame}, separator)
