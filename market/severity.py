"""The severities of rules."""

from enum import StrEnum

import polars as pl


class Severity(StrEnum):
    """What a broken rule does."""

    FILE = "F"
    """Refuses the file with a receipt code."""
    DUPLICATE = "D"
    """The file was received before: nothing is done."""
    HELD = "H"
    """Holds the acceptance unit."""
    ERROR = "E"
    """Refuses the acceptance unit."""
    WARNING = "W"
    """Is reported; the unit is accepted."""
    INFORMATION = "I"
    """Is told; the unit is accepted."""
    MARKET_BREACH = "B"
    """Raises a GC/DC breach in a scheduled run."""
    NOTICE = "N"
    """Sends a notice in a scheduled run."""


def told_severity() -> pl.Expr:
    """The severity of breaches as parties are told it.

    Reports know no H: what holds a unit is told as information, and the unit's outcome says that it is held.
    """
    return pl.col("severity").replace(Severity.HELD.value, Severity.INFORMATION.value)
