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

from shared_checks import (
    CLASSES,
    FACILITIES,
    GSP_GROUPS,
    MWH_OF_KW,
    NEEDLESS_ZERO,
    PERIODS,
    PREFIXES,
    REGISTER,
    SENDER,
    TIMES,
    TYPES,
)

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


class Registered(NamedTuple):
    """A BM Unit of the register, and what its declared facilities may take in a period; None: none is declared."""

    lead_party: str
    type: str
    gsp_group: str
    most: Decimal | None


Register = dict[str, Registered]

Read = Callable[[list[str]], Values]
"""Reads the items of a period, or of a total with an empty period before them, as texts."""


def write_findings(path: Path, found: Path, read: Read) -> None:
    """Writes `line,rule` of every finding."""
    with path.open(newline="") as file, found.open("w", newline="") as out:
        written = csv.writer(out)
        written.writerow(("line", "rule"))
        rows = csv.reader(file, delimiter="|", quoting=csv.QUOTE_NONE)
        written.writerows(findings(rows, read, registered(path)))


def registered(path: Path) -> Register:
    facilities = dict[tuple[str, str], Decimal]()
    with (path.parent / FACILITIES).open(newline="") as file:
        for unit, facility, kw in list(csv.reader(file))[1:]:
            facilities[unit, facility] = max(Decimal(kw), facilities.get((unit, facility), Decimal()))
    most = defaultdict[str, Decimal](Decimal)
    for (unit, _), capacity in facilities.items():
        most[unit] += capacity * Decimal(MWH_OF_KW)
    with (path.parent / REGISTER).open(newline="") as file:
        return {
            row["bm_unit_id"]: Registered(
                row["lead_party_id"], row["bm_unit_type"], row["gsp_group_id"], most.get(row["bm_unit_id"])
            )
            for row in csv.DictReader(file)
        }


def findings(rows: Iterator[list[str]], read: Read, register: Register) -> Iterator[Finding]:
    stands = defaultdict(list)
    unit, periods, of_register = 0, list[Values](), None
    for line, (kind, *items) in enumerate(rows, 1):
        if kind == "NFP":
            values = read(items)
            periods.append(values)
            for rule in values.broken:
                yield line, rule
            for rule in of_period(values):
                yield line, rule
            if of_register is not None and of_register.lead_party == SENDER:
                for rule in of_declarations(values, items[2], of_register.most):
                    yield line, rule
        elif kind == "NFU":
            unit, periods, of_register = line, [], register.get(items[0])
            stands[items[0], items[2]].append(line)
            for rule in of_unit(*items[:3], of_register):
                yield line, rule
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


def of_unit(unit: str, group: str, measurement_class: str, known: Registered | None) -> Iterator[str]:
    """The rules that a BM Unit and measurement class break."""
    if not (unit and group and measurement_class):
        yield "FLD-01"
    if len(unit) > 11 or unit != unit.strip(" ") or len(group) > 2 or group != group.strip(" "):
        yield "FLD-06"
    if measurement_class not in CLASSES:
        yield "FLD-08"
    if known is None:
        yield "IDN-01"
    elif known.lead_party != SENDER:
        yield "IDN-02"
    if group not in GSP_GROUPS or (known is not None and known.gsp_group != group):
        yield "IDN-04"
    if unit[:3] not in PREFIXES or (known is not None and known.type not in TYPES):
        yield "NFD-10"


def of_declarations(values: Values, non_final_text: str, most: Known) -> Iterator[str]:
    """The rules that a period breaks with what is declared of its BM Unit."""
    if (most is None and values.non_final is not None) or (most is not None and not non_final_text):
        yield "NFD-06"
    if most is not None and values.non_final is not None:
        if values.non_final > most:
            yield "NFD-07"
        if 0 < most <= values.non_final / TIMES:
            yield "NFD-08"


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
