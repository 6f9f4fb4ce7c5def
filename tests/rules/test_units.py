"""Which units a breach falls on: rows above units, rows that share them, and branches beside each other."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from market.check import Check
from market.layout import layout
from market.severity import Severity
from rules.acceptance import Acceptance, UnitRows
from rules.context import FileFacts
from rules.fused_pass import REFUSED, WARNED, Place, Tally
from rules.reasons import refusals, warnings
from rules.units import Units, outcomes

DELIVERED = layout("P0282002")
NOTIFIED = layout("K0011001")


def lines(*numbers: int) -> pl.DataFrame:
    return pl.DataFrame({"line": numbers}, {"line": pl.UInt32})


def numbers(*values: int) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array(values, np.uint32)


def never(_: Mapping[str, pl.DataFrame], __: FileFacts) -> UnitRows:
    raise AssertionError("units are made by the test")


def shared() -> Units:
    """Two BM Units on lines 3 and 6; lines 4 and 5 share the second of three periods, line 7 has one of its own."""
    units = Units(NOTIFIED, Acceptance("K0011001", ("PNL", "MEL", "MIL"), derive=never))
    units.add("PNH", lines(2))
    units.add("PNU", lines(3, 6))
    units.derived(
        UnitRows(
            pl.DataFrame({"line": [4, 4, 5, 7], "key": ["a", "b", "c", "d"]}, {"line": pl.UInt32, "key": pl.String}),
            pl.DataFrame({"line": [4, 4, 5, 5, 7], "unit": [0, 1, 1, 2, 3]}, {"line": pl.UInt32, "unit": pl.UInt32}),
        )
    )
    return units


def letters(units: Units) -> str:
    return "".join(outcomes(units.bits(units.frame()["line"].to_numpy())))


def test_a_row_breaks_all_units_that_it_belongs_to_and_no_other() -> None:
    units = shared()
    assert letters(units) == "AAAA"
    units.mark("PNL", numbers(4), np.array([REFUSED], np.uint8))
    assert letters(units) == "RRAA"
    units.mark("PNL", numbers(5, 7), np.array([WARNED, 0], np.uint8))
    assert letters(units) == "RRWA"


def test_a_row_above_breaks_what_is_below_it_and_a_unit_breaks_alone() -> None:
    units = shared()
    units.mark("PNU", numbers(6), np.array([REFUSED], np.uint8))
    assert letters(units) == "AAAR"
    units.mark_own(numbers(1), np.array([REFUSED], np.uint8))
    assert letters(units) == "ARAR"
    units.mark("PNH", numbers(2), np.array([WARNED], np.uint8))
    assert letters(units) == "WRWR"


def test_units_of_later_slices_follow_those_of_earlier_ones() -> None:
    units = shared()
    units.add("PNU", lines(8))
    units.derived(
        UnitRows(
            pl.DataFrame({"line": [9], "key": ["e"]}, {"line": pl.UInt32, "key": pl.String}),
            pl.DataFrame({"line": [9], "unit": [0]}, {"line": pl.UInt32, "unit": pl.UInt32}),
        )
    )
    units.mark("PNL", numbers(9), np.array([REFUSED], np.uint8))
    assert letters(units) == "AAAAR"
    units.mark("PNU", numbers(6), np.array([REFUSED], np.uint8))
    assert letters(units) == "AAARR"


def test_a_branch_ends_where_the_record_above_it_ends() -> None:
    """MSJ 5 has its own periods 6 and an AMSID Pair 7 with period 8; MSJ 9 has periods alone."""
    units = Units(DELIVERED, Acceptance("P0282002", ("MSP", "ASP")))
    standing: dict[str, tuple[int, ...]] = {
        **{"MSA": (2,), "MSB": (3,), "MSC": (4,), "MSJ": (5, 9), "ASJ": (7,)},
        **{"MSP": (6, 10, 11), "ASP": (8,)},
    }
    for record_type, rows in standing.items():
        units.add(record_type, lines(*rows))
    assert units.frame()["line"].to_list() == [6, 8, 10, 11]
    units.mark("ASJ", numbers(7), np.array([REFUSED], np.uint8))
    assert letters(units) == "ARAA"
    units.mark("MSJ", numbers(9), np.array([REFUSED], np.uint8))
    assert letters(units) == "ARRR"


def check(rule: str, position: int, record: str) -> Check:
    none = pl.lit(None, pl.String)
    return Check(rule, Severity.ERROR, record, None, position, pl.lit(True), none, none)


def test_the_reason_is_the_breach_of_the_lowest_line_and_position() -> None:
    units = shared()
    found = pl.DataFrame(
        [
            (4, 2, "PNS-01", "ends before it begins", None),
            (4, 1, "FLD-07", "is no time", None),
            (5, 1, "PNT-01", "of another unit", 1),
            (5, 1, "PNT-01", "received late", 2),
        ],
        {
            "line": pl.UInt32, "position": pl.UInt8, "rule": pl.String,
            "message": pl.String, "unit": pl.UInt32,
        },
        orient="row",
    )  # fmt: skip
    refusing = [
        Place(check("PNS-01", 2, "PNL"), numbers(4), None),
        Place(check("FLD-07", 1, "PNL"), numbers(4), None),
        Place(check("PNT-01", 1, "PNL"), numbers(5, 5), numbers(1, 2)),
        Place(check("IDN-01", 1, "PNU"), numbers(6), None),
    ]
    told = refusals(units, refusing, found, units.frame()["line"].to_numpy(), np.arange(4))
    assert told.to_list()[:3] == ["FLD-07 is no time", "FLD-07 is no time", "PNT-01 received late"]
    assert told[3].startswith("IDN-01 The BM Unit is registered")
    warned = warnings(units, refusing, found, units.frame()["line"].to_numpy(), {"PNT-01", "PNS-01"})
    assert warned.rows() == [
        (0, "PNS-01", "PNS-01 ends before it begins"),
        (1, "PNS-01", "PNS-01 ends before it begins"),
        (1, "PNT-01", "PNT-01 of another unit"),
        (2, "PNT-01", "PNT-01 received late"),
    ]


def test_places_that_refuse_are_kept_beyond_the_store_limit() -> None:
    tally = Tally(1)
    frame = pl.DataFrame({"line": [3, 4, 5]}, {"line": pl.UInt32})
    tally.add(check("PNS-01", 2, "PNL"), frame, pl.Series([0, 2], dtype=pl.UInt32))
    assert tally.breaches().height == 1
    assert tally.places[0].lines.tolist() == [3, 5]


def test_the_first_breaches_of_a_rule_are_those_of_the_lowest_lines_whichever_check_finds_them() -> None:
    tally = Tally(3)
    later, earlier = check("PNS-01", 2, "PNL"), check("PNS-01", 1, "PNL")
    for lines in ([3, 4], [5, 6, 7]):
        frame = pl.DataFrame({"line": lines}, {"line": pl.UInt32})
        tally.add(later, frame, pl.Series(range(len(lines)), dtype=pl.UInt32))
        tally.add(earlier, frame, pl.Series([1], dtype=pl.UInt32))
    assert tally.breaches().select("line", "position").rows() == [(3, 2), (4, 1), (4, 2)]
    assert tally.counts == {"PNS-01": 7}
