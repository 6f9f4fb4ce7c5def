"""What the contestants share that take row by row: the file read by the csv module, and the checks of a unit's day.

They keep one BM Unit's day at a time and the lines of each BM Unit and measurement class. Demand is Decimal.
"""

import csv
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from shared_checks import NEEDLESS_ZERO, PERIODS

Finding = tuple[int, str]
Known = Decimal | None

needless_zero = re.compile(NEEDLESS_ZERO).fullmatch


class Values(NamedTuple):
    """The values of a period or a total, and the rules that its items break by themselves.

    An empty or malformed item is None; `malformed` names the malformed ones.
    """

    period: int | None
    gross: Known
    non_final: Known
    corrected: Known
    malformed: frozenset[str]
    broken: list[str]


Read = Callable[[list[str]], Values]
"""Reads the items of a period, or of a total with an empty period before them, as texts."""


def write_findings(path: Path, found: Path, read: Read) -> None:
    """Writes `line,rule` of every finding."""
    with path.open(newline="") as file, found.open("w", newline="") as out:
        written = csv.writer(out)
        written.writerow(("line", "rule"))
        written.writerows(findings(csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE), read))


def findings(rows: Iterator[list[str]], read: Read) -> Iterator[Finding]:
    stands = defaultdict(list)
    unit, periods = 0, list[Values]()
    for line, (kind, *items) in enumerate(rows, 1):
        if kind == "NFP":
            values = read(items)
            periods.append(values)
            for rule in values.broken:
                yield line, rule
            for rule in of_period(values):
                yield line, rule
        elif kind == "NFU":
            unit, periods = line, []
            stands[items[0], items[2]].append(line)
        elif kind == "NFT":
            total = read(["1", *items])
            for rule in total.broken:
                yield line, rule
            if out_of_order(periods):
                yield unit, "NFD-04"
            if differs(total, periods):
                yield line, "NFD-05"
    for lines in stands.values():
        if len(lines) > 1:
            for line in lines:
                yield line, "NFD-09"


def of_period(values: Values) -> Iterator[str]:
    """The rules that the values of a period break with each other."""
    _, gross, non_final, corrected, malformed, _ = values
    if gross is None:
        return
    if corrected is not None and "non_final" not in malformed and gross - (non_final or 0) != corrected:
        yield "NFD-01"
    if non_final is not None and (non_final < 0 or 0 < non_final > gross):
        yield "NFD-02"
    if gross < 0:
        yield "NFD-03"


def out_of_order(periods: list[Values]) -> bool:
    found = [values.period for values in periods]
    return None not in found and found != list(range(1, PERIODS + 1))


def differs(total: Values, periods: list[Values]) -> bool:
    malformed = total.malformed.union(*(values.malformed for values in periods))
    return (
        ("gross" not in malformed and total.gross not in (None, sum(values.gross or 0 for values in periods)))
        or ("non_final" not in malformed and (total.non_final or 0) != sum(values.non_final or 0 for values in periods))
        or (
            "corrected" not in malformed
            and total.corrected not in (None, sum(values.corrected or 0 for values in periods))
        )
    )
