"""A Check is one rule at one place of a record, compiled to expressions over that record's frame."""

from dataclasses import dataclass

import polars as pl

from market.layout import Item, Record
from market.severity import Severity


@dataclass(frozen=True)
class Check:
    """What the fused pass evaluates.

    `broken` is true on the rows that break the rule and never null. `value` (the text as received) and `message`
    are evaluated on broken rows only. `position` is the item's place in its record, 0 for the record as a whole.
    """

    rule: str
    severity: Severity
    record: str
    item: str | None
    position: int
    broken: pl.Expr
    value: pl.Expr
    message: pl.Expr


def place_of(record: Record, item: Item | None) -> tuple[str | None, int]:
    """Name and position of an item as breaches carry them; no item is the whole record, position 0."""
    return (None, 0) if item is None else (item.name, record.position(item.column))
