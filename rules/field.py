"""The form of single items (FLD): described here, evaluated by validators from the flow's layout."""

from typing import Any

from market.severity import Severity
from rules.rule import Example, Rule

_GCH = "GCH|S|WIN|2026|Ann Archer|\n"
_GOOD = Example(_GCH + "GCV|T_DINO-1|20261201|100|-2|||")


def _rule(
    id_: str, title: str, why: str, fails: Example, severity: Severity = Severity.ERROR, **described: Any
) -> Rule:
    shown = {"passes": _GOOD, "source": "IDD 2.2.3", **described}
    return Rule(id=id_, title=title, why=why, fails=fails, severity=severity, flows=("ALL",), stage="field", **shown)


FLD_01 = _rule(
    "FLD-01",
    "A mandatory item is present.",
    "What the market needs to know cannot be guessed.",
    Example(_GCH + "GCV||20261201|100|-2|||", breaks=(3,)),
)

FLD_02 = _rule(
    "FLD-02",
    "An item marked unused is empty.",
    "A value where none belongs is a value that slipped from another place.",
    Example("MSF|20261201|_C||||||", breaks=(2,), flow="P0284001"),
    passes=Example("MSF|20261201|||||||", flow="P0284001"),
)

FLD_03 = _rule(
    "FLD-03",
    "integer(n): digits with an optional leading minus, at most n digits, no leading zero, no minus zero.",
    "Each number has one way to be written, so equal texts and equal numbers are the same.",
    Example("GCH|S|WIN|02026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||", breaks=(2,)),
)

FLD_04 = _rule(
    "FLD-04",
    "decimal(n,d): at most n digits in all, d after the point and n-d before it, no exponent, thousands mark, NaN or "
    "leading zero but in 0.x.",
    "1E3 and 1,000 are numbers to some readers and texts to others.",
    Example(_GCH + "GCV|T_DINO-1|20261201|1E2|-2|||", breaks=(3,)),
)

FLD_05 = _rule(
    "FLD-05",
    "A decimal carries no trailing zero after the point and no minus zero.",
    "The number is plain, but it is not in the one form that the market writes.",
    Example(_GCH + "GCV|T_DINO-1|20261201|100.50|-2|||", breaks=(3,)),
    severity=Severity.WARNING,
)

FLD_06 = _rule(
    "FLD-06",
    "text(n) has at most n characters and no space at either end.",
    "A name with a space at its end is another name to the next system.",
    Example(_GCH + "GCV| T_DINO-1|20261201|100|-2|||", breaks=(3,)),
)

FLD_07 = _rule(
    "FLD-07",
    "date, datetime and time items are real ones in YYYYMMDD, YYYYMMDDHHMMSS, HHMM.",
    "A day that is not in the calendar has no Settlement Periods.",
    Example(_GCH + "GCV|T_DINO-1|20261131|100|-2|||", breaks=(3,)),
)

FLD_08 = _rule(
    "FLD-08",
    "An item with a valid set has one of its values; boolean is T or F.",
    "Another value means nothing to whoever reads it.",
    Example("GCH|X|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||", breaks=(2,)),
    source="IDD",
)
