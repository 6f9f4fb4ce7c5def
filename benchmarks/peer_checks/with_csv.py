"""The checks in plain Python: the csv module, regular expressions, Decimal."""

import re
from decimal import Decimal
from pathlib import Path

from per_row import Values, needless_zero, write_findings
from shared_checks import DECIMAL, INTEGER

integer, decimal = re.compile(INTEGER).fullmatch, re.compile(DECIMAL).fullmatch


def read(items: list[str]) -> Values:
    period_text, *texts = items[:4]
    broken = []
    malformed = set()
    period = None
    if integer(period_text):
        period = int(period_text)
    else:
        broken.append("FLD-03" if period_text else "FLD-01")
    values: list[Decimal | None] = [None, None, None]
    for place, (name, text) in enumerate(zip(("gross", "non_final", "corrected"), texts, strict=True)):
        if not text:
            if name != "non_final":
                broken.append("FLD-01")
        elif decimal(text):
            values[place] = Decimal(text)
            if text[-1] == "0" and needless_zero(text):
                broken.append("FLD-05")
        else:
            malformed.add(name)
            broken.append("FLD-04")
    return Values(period, values[0], values[1], values[2], frozenset(malformed), broken)


def find(path: Path, found: Path) -> None:
    write_findings(path, found, read)
