"""Baselining details (P0326001) and statuses (P0335001)."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, judged, lines_broken

UNIT = "V__CEXMP001"


def detail(*rows: str, sender: str = "VOLT", received_at: datetime = RECEIVED_AT) -> Judgement:
    return judged("\n".join(f"PT1|{row}|" for row in rows), flow="P0326001", sender=sender, received_at=received_at)


def status(*rows: str, sender: str = "VOLT") -> Judgement:
    return judged("\n".join(f"PQ1|{row}|" for row in rows), flow="P0335001", sender=sender)


def rules_of(judgement: Judgement) -> dict[str, int]:
    return dict(judgement.counts)


def messages(judgement: Judgement) -> list[str]:
    return judgement.breaches["message"].to_list()


def test_a_detail_is_accepted_with_all_its_items() -> None:
    judgement = detail(f"VOLT|{UNIT}|T||1200012345679|20261103|B|BL01", f"VOLT|{UNIT}|A|9000000000011||20261103|S|")
    assert judgement.outcome == "ACCEPTED", messages(judgement)
    assert judgement.units["key"].to_list() == [f"{UNIT} 1200012345679 20261103", f"{UNIT} 9000000000011 20261103"]
    day = date(2026, 11, 3)
    assert judgement.effect.drop("key").rows() == [
        (2, "VOLT", UNIT, "T", None, 1200012345679, day, "B", "BL01", "A"),
        (3, "VOLT", UNIT, "A", 9000000000011, None, day, "S", None, "A"),
    ]


def test_participant_id_is_the_sender_letter_by_letter() -> None:
    told = detail(f"volt|{UNIT}|T||1200012345679|20261103|B|BL01")
    assert messages(told) == ["Participant Id is volt, the sender is VOLT"]
    assert rules_of(status(f"ACME|{UNIT}|20261103|T")) == {"BLD-01": 1}
    assert rules_of(status(f"VOLT|{UNIT}|20261103|T")) == {}


@pytest.mark.parametrize(
    ("pair", "broken"),
    [
        ("T||1200012345679", False),
        ("A|9000000000011|", False),
        ("T|9000000000011|", True),
        ("T|9000000000011|1200012345679", True),
        ("T||", True),
        ("A||1200000000100", True),
        ("D||1200000000100", True),
        ("A|9000000000011|1200000000100", True),
        ("A||", True),
    ],
)
def test_the_indicator_comes_with_the_id_of_its_kind_alone(pair: str, broken: bool) -> None:
    judgement = detail(f"VOLT|{UNIT}|{pair}|20261103|S|")
    assert rules_of(judgement) == ({"BLD-02": 1} if broken else {})


def test_a_differencing_pair_is_named_by_its_amsid() -> None:
    assert rules_of(detail(f"VOLT|{UNIT}|D|9000000000031||20261103|S|")) == {}
    judgement = detail(f"VOLT|{UNIT}|D|9000000000039||20261103|S|")
    assert messages(judgement) == [f"AMSID Pair 9000000000039 (D) is not allocated to {UNIT} on 20261103"]
    assert judgement.breaches["item"].to_list() == ["Import AMSID"]


@pytest.mark.parametrize("pair", ["D|9000000000011|", "A|9000000000031|"])
def test_a_pair_is_allocated_with_its_indicator(pair: str) -> None:
    assert rules_of(detail(f"VOLT|{UNIT}|{pair}|20261103|S|")) == {"BLD-05": 1}


def test_a_message_tells_both_ids() -> None:
    assert messages(detail(f"VOLT|{UNIT}|A||1200000000100|20261103|S|")) == [
        "Pair Indicator A takes an AMSID alone: Import MSID 1200000000100, Import AMSID empty"
    ]


def test_an_id_that_cannot_be_read_is_left_to_its_field() -> None:
    judgement = detail(f"VOLT|{UNIT}|T||12000x|20261103|S|", f"VOLT|{UNIT}|T|9x|1200012345679|20261103|S|")
    assert rules_of(judgement) == {"FLD-03": 2}
    assert judgement.units["key"].to_list() == ["line 2", f"{UNIT} 1200012345679 20261103"]
    assert rules_of(detail(f"VOLT|{UNIT}|X||1200012345679|20261103|S|")) == {"FLD-08": 1}


def test_an_additional_bm_unit_has_t() -> None:
    assert rules_of(detail("ACME|2__CACME001|T||1200000000207|20261103|S|", sender="ACME")) == {}
    judgement = detail("ACME|2__CACME001|A|9000000000011||20261103|S|", sender="ACME")
    assert rules_of(judgement) == {"BLD-02": 1, "BLD-05": 1}
    assert messages(judgement)[0] == "2__CACME001 is an Additional BM Unit, whose MSID Pair Indicator is T, not A"


@pytest.mark.parametrize(
    ("received_at", "day", "broken"),
    [
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), "20261024", True),
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), "20261025", False),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), "20261025", True),
        (datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), "20261025", True),
        (datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), "20261026", False),
        (datetime(2027, 3, 28, 22, 59, 59, tzinfo=UTC), "20270329", False),
        (datetime(2027, 3, 28, 23, 0, tzinfo=UTC), "20270329", True),
    ],
)
def test_a_detail_holds_from_a_london_day_after_receipt(received_at: datetime, day: str, broken: bool) -> None:
    judgement = detail(f"VOLT|{UNIT}|T||1200012345679|{day}|B|BL01", received_at=received_at)
    assert rules_of(judgement) == ({"BLD-03": 1} if broken else {})


@pytest.mark.parametrize(
    ("indicator", "methodology", "rules"),
    [
        ("B", "BL01", {}),
        ("I", "BL01", {}),
        ("S", "", {}),
        ("B", "", {"BLD-04": 1}),
        ("I", "", {"BLD-04": 1}),
        ("S", "BL01", {"BLD-04": 1}),
        ("B", "BL02", {"FLD-08": 1}),
    ],
)
def test_what_is_calculated_has_a_methodology(indicator: str, methodology: str, rules: dict[str, int]) -> None:
    assert rules_of(detail(f"VOLT|{UNIT}|T||1200012345679|20261103|{indicator}|{methodology}")) == rules


@pytest.mark.parametrize(
    ("unit", "pair", "broken"),
    [
        (UNIT, "T||1200012345679", False),
        (UNIT, "A|9000000000021|", False),
        ("V__FEXMP001", "T||1500000000103", False),
        ("V__FEXMP001", "T||1200012345679", True),
        (UNIT, "T||1200000000100", True),
        (UNIT, "T||1200000000207", True),
        (UNIT, "A|9000000000012|", True),
    ],
)
def test_a_pair_is_allocated_by_its_import_id_to_the_bm_unit(unit: str, pair: str, broken: bool) -> None:
    assert rules_of(detail(f"VOLT|{unit}|{pair}|20261103|S|")) == ({"BLD-05": 1} if broken else {})


def test_an_allocation_holds_from_its_first_day() -> None:
    assert rules_of(detail(f"VOLT|{UNIT}|T||1200000000401|20261116|S|")) == {}
    assert messages(detail(f"VOLT|{UNIT}|T||1200000000401|20261115|S|")) == [
        f"MSID Pair 1200000000401 (T) is not allocated to {UNIT} on 20261115"
    ]


def test_of_a_mistyped_msid_nothing_else_is_said() -> None:
    assert rules_of(detail(f"VOLT|{UNIT}|T||1200012345678|20261103|S|")) == {"IDN-05": 1}


def test_an_answer_does_not_say_what_the_units_of_others_have_in_them() -> None:
    for msid in ("1200012345679", "1200000000401"):
        told = detail(f"OTHR|{UNIT}|T||{msid}|20261103|S|", sender="OTHR")
        assert rules_of(told) == {"IDN-02": 1}


def test_units_are_refused_one_by_one() -> None:
    judgement = detail(f"VOLT|{UNIT}|T||1200012345679|20261102|B|BL01", f"VOLT|{UNIT}|T||1200000000030|20261103|S|")
    assert judgement.outcome == "PARTIAL"
    assert lines_broken(judgement, "BLD-03") == [2]
    assert judgement.effect["line"].to_list() == [3]
    assert judgement.refused["reason"].to_list() == [
        "BLD-03 BM Unit Baselining EFD is 20261102, not after the day of receipt, 20261102"
    ]


def test_a_status_is_accepted_with_all_its_items() -> None:
    judgement = status(f"VOLT|{UNIT}|20261025|T", "VOLT|V__FEXMP001|20270328|F")
    assert judgement.outcome == "ACCEPTED", messages(judgement)
    assert judgement.units["key"].to_list() == [f"{UNIT} 20261025", "V__FEXMP001 20270328"]
    assert judgement.effect.drop("key").rows() == [
        (2, "VOLT", UNIT, date(2026, 10, 25), "T", "A"),
        (3, "VOLT", "V__FEXMP001", date(2027, 3, 28), "F", "A"),
    ]


def test_a_status_does_not_hold_before_the_bm_unit() -> None:
    assert rules_of(status(f"VOLT|{UNIT}|20260901|T")) == {}
    assert rules_of(status(f"VOLT|{UNIT}|20260831|T")) == {"BLD-06": 1, "IDN-01": 1}
    assert "the status holds from 20260831, V__CEXMP001 is registered from 20260901" in messages(
        status(f"VOLT|{UNIT}|20260831|T")
    )


def test_a_status_may_hold_from_the_first_of_two_registrations_on() -> None:
    assert rules_of(status("ACME|T_MOVE-1|20261130|T", sender="ACME")) == {}
    assert rules_of(status("OTHR|T_MOVE-1|20261130|T", sender="OTHR")) == {"IDN-02": 1}


def test_of_a_unit_that_is_not_registered_its_registration_alone_is_missed() -> None:
    assert rules_of(status("VOLT|V__NOSUCH01|20261103|T")) == {"IDN-01": 1}
    assert rules_of(detail("VOLT|V__NOSUCH01|T||1200012345679|20261103|S|")) == {"IDN-01": 1}


def test_many_details_are_judged_at_once() -> None:
    rows = [f"VOLT|{UNIT}|T||1200012345679|202611{day:02}|S|" for day in range(3, 31)] * 40
    judgement = detail(*rows)
    assert judgement.outcome == "ACCEPTED"
    assert judgement.effect.select(pl.col("bm_unit_baselining_efd").n_unique()).item() == 28
