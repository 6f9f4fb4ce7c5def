"""Answers that repeat what was sent: confirmations, and rejections with their reason (P0324, P0325, P0327, P0334, ...).

The flows of baselining details, baselining statuses and event days have a confirmation and a rejection whose first
record has the items of the record sent, by the same names.
"""

from collections.abc import Callable

import polars as pl

from market.layout import Layout, Record
from outbound.answered import Answered, Frames, reason_expr


def confirmed(layout: Layout) -> Callable[[Answered], Frames]:
    """Makes the records of a confirmation: every accepted record as it came, in file order."""
    (echo,) = layout.records

    def records(answered: Answered) -> Frames:
        if answered.accepted.is_empty():
            return {}
        return {echo.type: _in_file_order(answered.accepted, echo).with_row_index("line", 2)}

    return records


def rejected(layout: Layout) -> Callable[[Answered], Frames]:
    """Makes the records of a rejection: every refused record as it came, in file order, and under it the reason.

    Values that are no values are left out, mandatory ones too: a record refused for want of a date is repeated without.
    """
    echo, why = layout.records
    (reason,) = why.items

    def records(answered: Answered) -> Frames:
        if answered.refused.is_empty():
            return {}
        refused = _in_file_order(answered.refused, echo, reason_expr().alias(reason.column))
        line = pl.int_range(pl.len(), dtype=pl.UInt32) * 2 + 2
        numbered = refused.with_columns(line.alias("line"))
        return {
            echo.type: numbered.drop(reason.column),
            why.type: numbered.select(pl.col("line") + 1, reason.column),
        }

    return records


def _in_file_order(units: pl.DataFrame, echo: Record, *more: pl.Expr) -> pl.DataFrame:
    return units.sort("line", maintain_order=True).select(*(item.column for item in echo.items), *more)
