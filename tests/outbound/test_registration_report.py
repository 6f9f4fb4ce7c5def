from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from market.fault import Fault
from market.frames import OPEN_END
from market.header import Header
from market.reference import BM_UNITS
from outbound.registration_report import registration_report

HEADER = Header("R0145005", "D", datetime(2026, 11, 10, 9, 30, 2, tzinfo=UTC), "CR", "UKDC", "BP", "ACME", 8)
UNIT = {
    "bm_unit_id": "T_ACME-1",
    "netso_name": "ACME-1",
    "bm_unit_name": "Acme Power Station",
    "lead_party_id": "ACME",
    "bm_unit_type": "T",
    "gsp_group_id": "_K",
    "generation_capacity": 99_500,
    "demand_capacity": -2_000,
    "production_consumption_flag": "P",
    "fpn_flag": "T",
    "baselined": "F",
    "interconnector_id": None,
    "effective_from": date(2026, 12, 1),
    "effective_to": OPEN_END,
}


def details(*changes: dict[str, Any]) -> list[str]:
    frame = pl.DataFrame([{**UNIT, **change} for change in changes], BM_UNITS)
    return registration_report(HEADER, "ACME", frame).decode().splitlines()


def test_one_header_and_one_record_for_each_changed_value() -> None:
    lines = details({}, {"bm_unit_id": "T_ACME-2", "netso_name": "ACME-2", "generation_capacity": 0})
    assert lines[:-1] == [
        "AAA|R0145005|D|20261110093002|CR|UKDC|BP|ACME|8||",
        "RRH|ACME|BM|",
        "BU3|Change|S|Acme Power Station|T_ACME-1|T|ACME-1|||_K|99.5|-2|||||||||P||||||T||20261201||",
        "BU3|Change|S|Acme Power Station|T_ACME-2|T|ACME-2|||_K|0|-2|||||||||P||||||T||20261201||",
    ]
    assert lines[-1].startswith("ZZZ|5|")
    assert {line.count("|") for line in lines if line.startswith("BU3")} == {30}


def test_an_end_of_the_registration_is_told() -> None:
    assert details({"effective_to": date(2027, 2, 28)})[2].endswith("|20261201|20270228|")


def test_long_names_are_cut_and_missing_ones_are_the_id() -> None:
    long, spaced, missing = details(
        {"bm_unit_name": "A" * 31}, {"bm_unit_name": "A" * 29 + " B"}, {"bm_unit_name": None}
    )[2:5]
    assert spaced.split("|")[3] == "A" * 29
    assert long.split("|")[3] == "A" * 30
    assert missing.split("|")[3] == "T_ACME-1"


def test_values_that_no_item_holds_are_left_out() -> None:
    line = details({"bm_unit_type": "X", "netso_name": "ACME-POWER", "interconnector_id": "I" * 11, "fpn_flag": None})[
        2
    ]
    assert line == "BU3|Change|S|Acme Power Station|T_ACME-1|||||_K|99.5|-2|||||||||P||||||||20261201||"


def test_an_unknown_capacity_stays_empty() -> None:
    assert "|_K||-2|" in details({"generation_capacity": None})[2]


def test_an_id_that_its_item_cannot_hold_is_a_fault() -> None:
    with pytest.raises(Fault, match="BM Unit Id"):
        details({"bm_unit_id": "T_ACME-12345"})
