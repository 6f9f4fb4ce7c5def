from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.fault import Fault
from market.frames import BREACHES, UNITS
from market.header import Header
from outbound.report import Verdict, listed_breaches, listed_units, report

HEADER = Header("K9001001", "D", datetime(2026, 11, 10, 9, 30, 2, tzinfo=UTC), "CR", "UKDC", "BP", "ACME", 7)
VERDICT = Verdict(
    file_name="BP000000000017",
    file_type="K0151001",
    sequence_number=17,
    received_time=datetime(2026, 11, 10, 9, 30, 1, tzinfo=UTC),
    sha_256="ab" * 32,
    submission_reference="01JC0000000000000000000017",
    run_number=1,
    outcome="PARTIAL",
    units_in=3,
    units_accepted=2,
    units_rejected=1,
    units_held=0,
    breaches=2,
    next_sequence_number=18,
)
ROWS = [
    (4, "GCV", "Demand Capacity", 4, "GCD-01", "E", 1, "5", "Demand Capacity 5 MW is above 0; -5 MW may be meant"),
    (3, "GCV", "Generation Capacity", 3, "GCD-07", "W", 0, "49.5", "Generation Capacity 49.5 MW is half of 99 MW"),
]


def units(*rows: tuple[str, str, int]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), UNITS, orient="row")


def breaches(rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), BREACHES, orient="row")


def shown(verdict: Verdict, unit_rows: pl.DataFrame, breach_rows: pl.DataFrame, limit: int = 1000) -> list[str]:
    text = report(HEADER, verdict, unit_rows, breach_rows, unit_limit=limit, report_limit=limit)
    return text.decode().splitlines()


def test_a_report_tells_the_submission_then_its_units_then_its_breaches() -> None:
    lines = shown(VERDICT, units(("C 1", "A", 5), ("A 1", "W", 3), ("B 1", "R", 4)), breaches(ROWS))
    assert lines[:-1] == [
        "AAA|K9001001|D|20261110093002|CR|UKDC|BP|ACME|7||",
        "VRH|BP000000000017|K0151001|17|20261110093001|" + "ab" * 32 + "|01JC0000000000000000000017|1|PARTIAL"
        "|3|2|1|0|2|2|18|",
        "VRU|A 1|W|3|",
        "VRU|B 1|R|4|",
        "VRU|C 1|A|5|",
        "VRB|3|GCV|Generation Capacity|GCD-07|W|49.5|Generation Capacity 49.5 MW is half of 99 MW|",
        "VRB|4|GCV|Demand Capacity|GCD-01|E|5|Demand Capacity 5 MW is above 0; -5 MW may be meant|",
    ]
    assert lines[-1].startswith("ZZZ|8|")


def test_a_clean_csv_submission_has_no_numbers_and_no_breaches() -> None:
    verdict = replace(VERDICT, sequence_number=None, next_sequence_number=None, outcome="ACCEPTED", breaches=0)
    lines = shown(verdict, units(("A 1", "A", 2)), breaches([]))
    assert lines[1].startswith("VRH|BP000000000017|K0151001||20261110093001|")
    assert lines[1].endswith("|ACCEPTED|3|2|1|0|0|0||")
    assert lines[2] == "VRU|A 1|A|2|"
    assert lines[3].startswith("ZZZ|4|")


@pytest.mark.parametrize(("units_in", "listed"), [(4, ["A", "W", "R", "N", "H"]), (5, ["W", "R", "N", "H"])])
def test_accepted_units_are_listed_only_below_the_limit(units_in: int, listed: list[str]) -> None:
    every = units(*((f"U{line}", outcome, line) for line, outcome in enumerate("AWRNH", 3)))
    assert listed_units(every, units_in, 5)["outcome"].to_list() == listed


def test_breaches_are_cut_by_rule_and_the_cut_is_told() -> None:
    many = breaches(
        [(line, "GCV", None, 0, rule, "W", 0, None, "m") for rule in ("X-02", "X-01") for line in (5, 4, 3)]
    )
    lines = shown(replace(VERDICT, breaches=6), units(), many, limit=2)
    assert [line for line in lines if line.startswith("VRB")] == [
        "VRB|3|GCV||X-01|W||m|",
        "VRB|3|GCV||X-02|W||m|",
        "VRB|4|GCV||X-01|W||m|",
        "VRB|4|GCV||X-02|W||m|",
    ]
    assert lines[1].endswith("|6|4|18|")


ROW = st.tuples(
    st.none() | st.integers(1, 9),
    st.just("GCV"),
    st.none(),
    st.integers(0, 6),
    st.sampled_from(["X-01", "X-02", "X-03"]),
    st.sampled_from("EWI"),
    st.none(),
    st.none() | st.text(max_size=100),
    st.text(min_size=1, max_size=300),
)


@settings(deadline=None)
@given(st.lists(ROW, max_size=30), st.integers(1, 5))
def test_listed_breaches_are_ordered_and_as_many_as_told(rows: list[tuple[object, ...]], limit: int) -> None:
    listed = listed_breaches(breaches(rows), limit)
    counts = {rule: sum(row[4] == rule for row in rows) for rule in ("X-01", "X-02", "X-03")}
    assert dict(listed["rule"].value_counts().rows()) == {r: min(limit, n) for r, n in counts.items() if n}
    order = [(line or 0, position, rule) for line, position, rule in listed.select("line", "position", "rule").rows()]
    assert order == sorted(order)
    lines = shown(replace(VERDICT, breaches=len(rows)), units(), breaches(rows), limit)
    assert lines[1].split("|")[13:15] == [str(len(rows)), str(listed.height)]
    assert sum(line.startswith("VRB|") for line in lines) == listed.height
    assert all(line.count("|") == 8 for line in lines if line.startswith("VRB|"))
    assert len(lines) == 3 + listed.height


def test_texts_are_made_safe_and_cut_to_their_items() -> None:
    row = (3, "GCV", "BM Unit Id", 1, "FLD-06", "E", None, "é|" * 90, "x" * 300)
    verdict = replace(VERDICT, file_name="n~" * 200)
    lines = shown(verdict, units(("k" * 81, "R", 3)), breaches([row]))
    assert lines[1].split("|")[1] == "n?" * 127 + "n"
    assert lines[2] == "VRU|" + "k" * 80 + "|R|3|"
    assert lines[3] == "VRB|3|GCV|BM Unit Id|FLD-06|E|" + "?" * 80 + "|" + "x" * 255 + "|"


def test_an_outcome_that_no_report_knows_is_a_fault() -> None:
    with pytest.raises(Fault, match="K9001001 VRH: a value of Outcome"):
        shown(replace(VERDICT, outcome="DONE"), units(), breaches([]))
