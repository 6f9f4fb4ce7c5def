"""The severities of rules."""

from enum import StrEnum


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
