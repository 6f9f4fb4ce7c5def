"""Declared values beside others of the same file and of files before."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from market.reference import CAPACITY_VALUES
from rules.judge import Judgement
from tests.rules.world import in_force_after, judged, lines_broken, references

FIRST = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
SEASONAL, MID = "GCH|S|WIN|2026|Ann Archer|", "GCH|M|AUT|2026|Ann Archer|"


def seasonal(*rows: str) -> Judgement:
    return judged("\n".join([SEASONAL, *(f"GCV|{row}||" for row in rows)]))


class Months:
    """Files of ACME received one after the other, an hour apart, each judged with what those before put in force."""

    def __init__(self) -> None:
        self.known = references()
        self.count = 0

    def receive(self, head: str, *rows: str) -> Judgement:
        received_at = FIRST + timedelta(hours=self.count)
        body = "\n".join([head, *(f"GCV|{row}||" for row in rows)])
        judgement = judged(body, received_at=received_at, known=self.known)
        self.known = in_force_after(self.known, judgement, received_at, f"S{self.count}")
        self.count += 1
        return judgement


def test_different_values_of_one_day_refuse_each_other_and_equal_ones_do_not() -> None:
    judgement = seasonal("T_DINO-1|20261201|100|-2|", "T_ZERO-1|20261201|1|0|", "T_DINO-1|20261201|112|-2|")
    assert (lines_broken(judgement, "GCD-06"), lines_broken(judgement, "GCD-12")) == ([3, 5], [])
    assert judgement.units["outcome"].to_list() == ["R", "A", "R"]
    judgement = seasonal("T_DINO-1|20261201|100|-2|", "T_DINO-1|20261201|100|-2|")
    assert (lines_broken(judgement, "GCD-06"), lines_broken(judgement, "GCD-12")) == ([], [3, 4])
    assert judgement.units["outcome"].to_list() == ["W", "W"]


def test_the_two_rules_tell_rows_apart_among_three() -> None:
    judgement = seasonal(*(f"T_DINO-1|20261201|{gc}|-2|" for gc in ("100", "112", "100")))
    assert (lines_broken(judgement, "GCD-06"), lines_broken(judgement, "GCD-12")) == ([3, 4, 5], [3, 5])
    message = judgement.breaches.filter(rule="GCD-06")["message"][0]
    assert message == "T_DINO-1 stands on 3 lines for 20261201, from 100 MW / -2 MW to 112 MW / -2 MW"


def test_rows_differ_also_by_demand_alone_and_by_unit_of_measure_not() -> None:
    assert lines_broken(seasonal("T_DINO-1|20261201|100|-2|", "T_DINO-1|20261201|100|-3|"), "GCD-06") == [3, 4]
    same = judged(f"{SEASONAL}\nGCV|T_DINO-1|20261201|100|-2|||\nGCV|T_DINO-1|20261201|||50|-1|")
    assert (lines_broken(same, "GCD-06"), lines_broken(same, "GCD-12")) == ([], [3, 4])


def test_other_days_and_other_units_are_no_repetition() -> None:
    body = f"{MID}\nGCV|T_DINO-1|20261110|100|-2|||\nGCV|T_DINO-1|20261111|101|-2|||\nGCV|T_ZERO-1|20261110|1|0|||"
    assert not {"GCD-06", "GCD-12"} & judged(body).counts.keys()


def test_a_row_whose_value_cannot_be_read_is_not_compared() -> None:
    judgement = seasonal("T_DINO-1|20261201|100|-2|", "T_DINO-1|20261201|1E2|-2|")
    assert judgement.units["outcome"].to_list() == ["A", "R"]
    assert judgement.counts == {"FLD-04": 1}


def test_a_later_seasonal_declaration_replaces_the_one_accepted_before() -> None:
    files = Months()
    assert "GCS-04" not in files.receive(SEASONAL, "T_DINO-1|20261201|100|-2|").counts
    again = files.receive(SEASONAL, "T_DINO-1|20261201|104|-2|", "T_ZERO-1|20261201|1|0|")
    assert lines_broken(again, "GCS-04") == [3]
    assert again.outcome == "ACCEPTED"
    assert again.breaches.filter(rule="GCS-04")["message"][0] == (
        "100 MW / -2 MW for 20261201 were declared and accepted, received 2026-11-02 09:30:00 GMT; this declaration "
        "replaces them where it is accepted"
    )
    assert files.receive(SEASONAL, "T_DINO-1|20261201|104|-2|").units["outcome"].to_list() == ["N"]
    third = files.receive(SEASONAL, "T_DINO-1|20261201|105|-2|")
    assert "104 MW / -2 MW" in third.breaches.filter(rule="GCS-04")["message"][0]


def test_a_refused_declaration_is_not_replaced() -> None:
    files = Months()
    files.receive(SEASONAL, "T_DINO-1|20261201|100|2|")
    assert "GCS-04" not in files.receive(SEASONAL, "T_DINO-1|20261201|104|-2|").counts


def test_what_was_accepted_is_the_value_in_force_from_its_day() -> None:
    files = Months()
    files.receive(MID, "T_DINO-1|20261110|120|-2|")
    assert files.receive(MID, "T_DINO-1|20261109|119|-2|").outcome == "ACCEPTED"
    assert files.receive(MID, "T_DINO-1|20261110|119|-2|").counts["GCM-03"] == 1
    assert files.receive(MID, "T_DINO-1|20261111|119|-2|").counts["GCM-03"] == 1
    assert files.receive(MID, "T_DINO-1|20261109|119|-2|").units["outcome"].to_list() == ["N"]


def test_a_supplier_unit_lowers_its_demand_twice_in_a_season() -> None:
    files = Months()
    assert files.receive(MID, "2__CACME000|20261110|40|-74|").outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261111|40|-75|").outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261112|40|-72|").outcome == "ACCEPTED"
    third = files.receive(MID, "2__CACME000|20261113|40|-71|")
    assert lines_broken(third, "GCM-05") == [3]
    assert third.breaches["message"].to_list() == [
        "Demand Capacity falls from -72 MW to -71 MW after 2 decreases of 2__CACME000 in AUT 2026, at most 2 are taken"
    ]
    assert files.receive(MID, "2__CACME000|20261113|40|-80|").outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261114|40|-79|").counts["GCM-05"] == 1
    assert files.receive(MID, "2__CACME001|20261114|5|-0.3|").outcome == "ACCEPTED"


def test_decreases_are_counted_along_the_lines_of_a_file() -> None:
    rows = [
        f"2__CACME000|202611{day}|40|-{value}|" for day, value in ((10, 74), (11, 73), (12, 72), (13, 77), (14, 71))
    ]
    judgement = Months().receive(MID, *rows)
    assert lines_broken(judgement, "GCM-05") == [5, 7]
    assert judgement.units["outcome"].to_list() == ["A", "A", "R", "A", "R"]


def test_decreases_of_files_before_and_of_lines_before_add_up() -> None:
    files = Months()
    files.receive(MID, "2__CACME000|20261110|40|-74|")
    judgement = files.receive(MID, "2__CACME000|20261111|40|-73|", "2__CACME000|20261112|40|-72|")
    assert lines_broken(judgement, "GCM-05") == [4]


def test_refused_decreases_do_not_count() -> None:
    refused = "2__CACME000|20261110|-40|-74|"
    judgement = Months().receive(MID, refused, *(f"2__CACME000|202611{day}|40|-73|" for day in (11, 12, 13)))
    assert lines_broken(judgement, "GCM-05") == [6]
    contradicting = ("2__CACME000|20261110|40|-74|", "2__CACME000|20261110|40|-73|")
    judgement = Months().receive(MID, *contradicting, *(f"2__CACME000|202611{day}|40|-73|" for day in (11, 12)))
    assert (lines_broken(judgement, "GCD-06"), lines_broken(judgement, "GCM-05")) == ([3, 4], [])


def test_a_decrease_that_stands_twice_is_one() -> None:
    twice = ("2__CACME000|20261110|40|-74|", "2__CACME000|20261110|40|-74|")
    files = Months()
    judgement = files.receive(MID, *twice, "2__CACME000|20261111|40|-73|", "2__CACME000|20261111|40|-73|")
    assert "GCM-05" not in judgement.counts
    assert judgement.outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261112|40|-72|").counts["GCM-05"] == 1


def test_increases_and_seasonal_declarations_are_no_decreases() -> None:
    files = Months()
    files.receive(SEASONAL, "2__CACME000|20261201|40|-50|")
    files.receive(MID, "2__CACME000|20261110|40|-77|")
    files.receive(MID, "2__CACME000|20261111|40|-76|")
    assert files.receive(MID, "2__CACME000|20261112|40|-75|").outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261113|40|-74|").counts["GCM-05"] == 1


def test_decreases_of_another_season_do_not_count() -> None:
    known = references()
    made = [
        ("2__CACME000", f"2026-07-{day}", 40_000, -dc, "DECLARATION", "M", "SUM", 2026, f"S{day}")
        for day, dc in ((10, 74_000), (11, 73_000))
    ]
    columns = [name for name in CAPACITY_VALUES.names() if name not in ("received_at", "line")]
    before = pl.DataFrame(made, columns, orient="row").with_columns(
        pl.col("effective_from").str.to_date(),
        pl.lit(datetime(2026, 7, 1, tzinfo=UTC)).cast(CAPACITY_VALUES["received_at"]).alias("received_at"),
        line=pl.lit(3),
    )
    known["capacity_values"] = before.select(pl.col(name).cast(dtype) for name, dtype in CAPACITY_VALUES.items())
    for day, broken in (("20261110", False), ("20261111", False)):
        judgement = judged(f"{MID}\nGCV|2__CACME000|{day}|40|-72|||", known=known)
        assert ("GCM-05" in judgement.counts) == broken
    summer = datetime(2026, 7, 20, 9, 30, tzinfo=UTC)
    body = "GCH|M|SUM|2026|Ann Archer|\nGCV|2__CACME000|20260801|40|-72|||"
    assert lines_broken(judged(body, known=known, received_at=summer), "GCM-05") == [3]


@pytest.mark.parametrize("source", ["ESTIMATE", "DECISION"])
def test_estimates_and_decisions_change_the_value_in_force_and_are_no_declarations(source: str) -> None:
    files = Months()
    files.receive(MID, "2__CACME000|20261110|40|-80|")
    files.known["capacity_values"] = files.known["capacity_values"].with_columns(
        source=pl.lit(source), declaration_type=pl.lit(None, pl.String)
    )
    judgement = files.receive(MID, "2__CACME000|20261111|40|-79|")
    assert judgement.outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261112|40|-78|").outcome == "ACCEPTED"
    assert files.receive(MID, "2__CACME000|20261113|40|-77|").counts["GCM-05"] == 1
