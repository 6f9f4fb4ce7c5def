"""CSV answers: what a spreadsheet program reads, and that it computes nothing."""

import csv
import io
from datetime import UTC, date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.frames import BREACHES, UNITS
from market.header import CsvHeader
from market.layout import layout
from outbound.csv_receipt import csv_receipt
from outbound.csv_writer import csv_file, neutral
from outbound.report import report
from tests.outbound.test_report import ROWS, VERDICT

HEADER = CsvHeader("K9001001", "D", datetime(2026, 11, 10, tzinfo=UTC), "CR", "UKDC", "BP", "ACME", 0)


def rows(content: bytes, separator: str = ",") -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    text = content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@pytest.mark.parametrize(
    "text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "-", "=", "\uff1d1", "+44 1"]
)
def test_what_a_spreadsheet_would_compute_gets_an_apostrophe(text: str) -> None:
    assert pl.select(neutral(pl.lit(text))).item() == f"'{text}"


@pytest.mark.parametrize("text", ["-2", "-0.5", "12", "T_DINO-1", "a=b", "A-1", "é", "'=1", "2__CACME000"])
def test_numbers_and_plain_texts_stay(text: str) -> None:
    assert pl.select(neutral(pl.lit(text))).item() == text


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1), st.sampled_from(",;"))
def test_pythons_reader_gets_every_text_back_and_none_begins_a_formula(texts: list[str], separator: str) -> None:
    entries = [(4, text) for text in texts]
    at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    header, *found = rows(csv_receipt("gcdc_é.csv", at, at, entries, separator), separator)
    assert header == ["received_time", "response_time", "file_name", "response_code", "response_data"]
    assert [row[:4] for row in found] == [["2026-10-25T00:30:00Z", "2026-10-25T00:30:00Z", "gcdc_é.csv", "4"]] * len(
        texts
    )
    for text, row in zip(texts, found, strict=True):
        assert row[4].removeprefix("'") == text.removeprefix("'")
        assert row[4][:1] not in {*"=+@\t\r"}


def test_a_report_names_the_kind_of_each_line() -> None:
    units = pl.DataFrame([("A 1", "W", 3), ("B 1", "R", 4)], UNITS, orient="row")
    breaches = pl.DataFrame(ROWS, BREACHES, orient="row")
    found = rows(report(HEADER, VERDICT, units, breaches, unit_limit=9, report_limit=9))
    assert [row[0] for row in found] == ["record", "VRH", "VRU", "VRU", "VRB", "VRB"]
    lines = [dict(zip(found[0], row, strict=True)) for row in found[1:]]
    assert (lines[0]["submission_outcome"], lines[1]["acceptance_unit_outcome"]) == ("PARTIAL", "W")
    assert [line["rule_id"] for line in lines] == ["", "", "", "GCD-07", "GCD-01"]
    assert lines[4]["message"] == "Demand Capacity 5 MW is above 0; -5 MW may be meant"


def test_items_of_records_above_are_repeated_on_each_line() -> None:
    days = pl.DataFrame(
        {"line": [2, 5], "bm_unit_id": ["A", "B"], "settlement_date": [date(2026, 10, 25), date(2026, 3, 29)]},
        {"line": pl.UInt32, "bm_unit_id": pl.String, "settlement_date": pl.Date},
    )
    volume, reason = "submitted_expected_volume", "submitted_expected_volume_warning_reason"
    periods = pl.DataFrame(
        {"line": [3, 4, 6], "settlement_period_id": [1, 50, 46], volume: [10_000, -5_000, 1], reason: ["a", "=b", ""]},
        {"line": pl.UInt32, "settlement_period_id": pl.Int64, volume: pl.Int64, reason: pl.String},
    )
    header, *found = rows(csv_file(layout("P0331001"), {"BSX": days, "BSW": periods}, ";"), ";")
    assert header == ["bm_unit_id", "settlement_date", "settlement_period_id", volume, reason]
    assert found == [
        ["A", "2026-10-25", "1", "1", "a"],
        ["A", "2026-10-25", "50", "-0.5", "'=b"],
        ["B", "2026-03-29", "46", "0.0001", ""],
    ]
