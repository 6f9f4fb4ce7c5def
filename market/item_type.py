"""The data types of IDD items: integer(n), decimal(n,d), text(n), char, boolean, date, datetime, time."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The families of item types."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"


@dataclass(frozen=True)
class ItemType:
    """One IDD data type. `digits` is n and `decimals` is d of decimal(n,d); `digits` of text is its length.

    Typed columns: integer and decimal are Int64 (a decimal scaled by 10**decimals, never a float),
    date is Date, datetime is Datetime in UTC, time is Int32 minutes after midnight, boolean and text are String.
    """

    kind: Kind
    digits: int = 0
    decimals: int = 0

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"decimal({self.digits},{self.decimals})"
        return f"{self.kind}({self.digits})" if self.digits else str(self.kind)


def item_type(text: str) -> ItemType:
    """Reads `decimal(13,3)`, `text(11)`, `char`, `date` and so on; raises ValueError for anything else."""
    if text == "char":
        return ItemType(Kind.TEXT, 1)
    match = re.fullmatch(r"(\w+)(?:\((\d+)(?:,(\d+))?\))?", text)
    if match is None:
        raise ValueError(f"{text} is no IDD data type")
    kind, digits, decimals = match.groups()
    return ItemType(Kind(kind), int(digits or 0), int(decimals or 0))
