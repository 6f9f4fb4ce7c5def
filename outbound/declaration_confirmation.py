"""The confirmation of declarations (K4193001): their ids, how they stand, and on which days."""

import polars as pl

from market.frames import OPEN_END, typed_schema
from market.header import Header
from market.layout import layout
from outbound.writer import file

FILE_TYPE = "K4193001"
_LAYOUT = layout(FILE_TYPE)
_NDC = _LAYOUT.record("NDC")

CONFIRMED = pl.Schema(typed_schema(_NDC))
"""One row a declaration: `declaration_set_id`, `declaration_id`, `facility_id`, `status` (IN FORCE, ENDED, WITHDRAWN or
HELD), `effective_from_date` and `effective_to_date`, which is OPEN_END where it is open."""


def declaration_confirmation(header: Header, declarations: pl.DataFrame) -> bytes:
    """The file; `header` is its own, `declarations` are as CONFIRMED, in the order in which they are told."""
    until = pl.col("effective_to_date")
    told = declarations.with_columns(pl.when(until != OPEN_END).then(until).alias("effective_to_date"))
    return file(header, _LAYOUT, {"NDC": told.with_row_index("line", 2)})
