"""Who may declare for which BM Unit, and who may sign."""

from datetime import timedelta

import pytest

from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, References, in_force_after, judged, lines_broken, references


def seasonal(row: str, signatory: str = "Ann Archer", sender: str = "ACME") -> Judgement:
    return judged(f"GCH|S|WIN|2026|{signatory}|\nGCV|{row}||", sender=sender)


def mid(row: str) -> Judgement:
    return judged(f"GCH|M|AUT|2026|Ann Archer|\nGCV|{row}||")


def test_a_registration_holds_to_its_last_day() -> None:
    assert "IDN-01" not in mid("T_OLDE-1|20261130|10|-1|").counts
    assert lines_broken(seasonal("T_OLDE-1|20261201|10|-1|"), "IDN-01") == [3]


def test_the_lead_party_is_that_of_the_effective_date() -> None:
    assert "IDN-02" not in mid("T_MOVE-1|20261130|20|-1|").counts
    moved = seasonal("T_MOVE-1|20261201|20|-1|")
    assert moved.breaches["message"].to_list() == [
        "20 MW / -1 MW are in force already: no change",
        "the sender ACME is not the Lead Party of T_MOVE-1 on 20261201",
    ]
    assert "IDN-02" not in seasonal("T_MOVE-1|20261201|20|-1|", "Otto Orme", "OTHR").counts


def test_an_answer_does_not_say_who_leads_the_units_of_others() -> None:
    breach = seasonal("T_OTTR-1|20261201|61|-1|").breaches.filter(rule="IDN-02").row(0, named=True)
    assert "OTHR" not in breach["message"]


def declared_by_acme(body: str, known: References) -> References:
    return in_force_after(known, judged(body, known=known), RECEIVED_AT - timedelta(hours=1), body)


def test_an_answer_does_not_say_what_others_declared() -> None:
    known = declared_by_acme("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|104|-2|||", references())
    body = "GCH|S|WIN|2026|{}|\nGCV|T_DINO-1|20261201|104|-2|||"
    assert judged(body.format("Otto Orme"), sender="OTHR", known=known).counts == {"IDN-02": 1}
    assert set(judged(body.format("Ann Archer"), known=known).counts) == {"GCD-11", "GCS-04"}


def test_an_answer_does_not_say_how_often_others_lowered_their_demand() -> None:
    known = references()
    for day, demand in ((10, -74), (12, -72)):
        known = declared_by_acme(f"GCH|M|AUT|2026|Ann Archer|\nGCV|2__CACME000|202611{day}|40|{demand}|||", known)
    body = "GCH|M|AUT|2026|{}|\nGCV|2__CACME000|20261114|40|-70|||"
    assert judged(body.format("Otto Orme"), sender="OTHR", known=known).counts == {"IDN-02": 1}
    assert judged(body.format("Ann Archer"), known=known).counts == {"GCM-05": 1}


def test_of_a_unit_that_is_not_registered_nothing_else_is_said() -> None:
    assert seasonal("I_NOSUCH-1|20261201|0|0|").counts == {"IDN-01": 1}
    assert seasonal("T_NOSUCH-1|20261201|99999|-99999|").counts == {"IDN-01": 1}
    assert mid("2__CNOSUCH0|20261110|0|0|").counts == {"IDN-01": 1}


def test_ids_are_compared_letter_by_letter() -> None:
    assert seasonal("t_dino-1|20261201|100|-2|").counts == {"IDN-01": 1}


@pytest.mark.parametrize(("name", "broken"), [("Ann Archer", False), ("Fay Fisher", False), ("Kim Kent", True)])
def test_a_signatory_has_category_a_or_f(name: str, broken: bool) -> None:
    assert (lines_broken(seasonal("T_DINO-1|20261201|100|-2|", name), "IDN-03") == [2]) == broken


@pytest.mark.parametrize("name", ["Eve Ended", "Otto Orme", "ann archer", "Nobody"])
def test_a_signatory_is_the_senders_on_the_day_of_receipt(name: str) -> None:
    judgement = seasonal("T_DINO-1|20261201|100|-2|", name)
    assert judgement.outcome == "REJECTED"
    assert judgement.breaches["message"].to_list() == [
        f"{name} is no signatory of ACME with category A or F on 20261102"
    ]
