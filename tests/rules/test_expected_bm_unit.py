"""The BM Unit of expected volumes: registered, led and baselined on every day, with a pair that uses them."""

from datetime import date

import polars as pl
import pytest

from tests.rules.expected import UNIT, at, groups, outcomes, sev, with_details, with_statuses
from tests.rules.world import References, judged, lines_broken, references

BEFORE = at("2026-11-02T09:30:00Z")
CHANGE = date(2026, 10, 25)


def renamed(old: str, new: str) -> References:
    """The made-up market in which a BM Unit has another one's place."""
    known = references()
    units = known["bm_units"].filter(pl.col("bm_unit_id") != new)
    placed = units.with_columns(pl.col("bm_unit_id").replace({old: new}), pl.lit("T").alias("baselined"))
    return {**known, "bm_units": placed.with_columns(pl.lit("V").alias("bm_unit_type"))}


@pytest.mark.parametrize(
    ("days", "told"),
    [
        ("20261129|20261130", None),
        ("20261130|20261201", "BM Unit {} is not registered on 20261201"),
        ("20261201|20261205", "BM Unit {} is not registered on 20261201"),
        ("20261130|", None),
        ("20261201|", "BM Unit {} is not registered on 20261201"),
    ],
)
def test_a_bm_unit_is_registered_on_every_day_of_the_range(days: str, told: str | None) -> None:
    judgement = sev(days, ["1|0.5"], BEFORE, sender="ACME", known=renamed("T_OLDE-1", UNIT))
    found = judgement.breaches.filter(rule="IDN-01")
    assert found["message"].to_list() == ([told.format(UNIT)] if told else [])
    assert ("R" in outcomes(judgement).values()) == (told is not None)


@pytest.mark.parametrize(
    ("days", "sender", "told"),
    [
        ("20261130|20261130", "ACME", None),
        ("20261130|20261201", "ACME", "the sender ACME is not the Lead Party of {} on 20261201"),
        ("20261201|20261201", "OTHR", None),
        ("20261130|20261201", "OTHR", "the sender OTHR is not the Lead Party of {} on 20261130"),
        ("20261130|", "ACME", None),
    ],
)
def test_the_sender_leads_the_bm_unit_on_every_day_of_the_range(days: str, sender: str, told: str | None) -> None:
    judgement = sev(days, ["1|0.5", "2|0.5"], BEFORE, sender=sender, known=renamed("T_MOVE-1", UNIT))
    found = judgement.breaches.filter(rule="IDN-02")
    assert found["message"].to_list() == ([told.format(UNIT)] if told else [])
    assert set(outcomes(judgement).values()) <= ({"R"} if told else {"A", "W"})
    if told:
        assert set(judgement.counts) == {"IDN-02"}


def test_two_registrations_that_follow_each_other_are_one() -> None:
    known = renamed("T_MOVE-1", UNIT)
    units = known["bm_units"].with_columns(pl.col("lead_party_id").replace({"OTHR": "ACME"}))
    judgement = sev("20261129|20261203", ["1|0.5"], BEFORE, sender="ACME", known={**known, "bm_units": units})
    assert groups(judgement) == [("A", 5)]


@pytest.mark.parametrize(("unit", "sender"), [("V__FEXMP001", "VOLT"), ("2__CACME001", "ACME")])
def test_secondary_and_additional_bm_units_have_expected_volumes(unit: str, sender: str) -> None:
    assert sev("20261103|20261103", ["1|0"], BEFORE, unit=unit, sender=sender).counts == {}


@pytest.mark.parametrize("unit", ["2__CACME000", "E_ABRTW-9", "I_EAG-ACME1"])
def test_other_bm_units_have_none(unit: str) -> None:
    judgement = sev("20261103|20261103", ["1|0"], BEFORE, unit=unit, sender="ACME")
    assert (judgement.outcome, judgement.counts) == ("REJECTED", {"SEV-06": 1})


@pytest.mark.parametrize(
    ("changes", "days", "told"),
    [
        ([(UNIT, CHANGE, "F")], "20261023|20261024", None),
        ([(UNIT, CHANGE, "F")], "20261023|20261026", "the baselining status of V__FEXMP001 is F on 20261025"),
        ([(UNIT, CHANGE, "F")], "20261025|", "the baselining status of V__FEXMP001 is F on 20261025"),
        ([(UNIT, CHANGE, "F"), (UNIT, CHANGE, "T")], "20261023|20261026", None),
        ([(UNIT, CHANGE, "T"), (UNIT, CHANGE, "F")], "20261023|20261026", "is F on 20261025"),
        ([(UNIT, CHANGE, "F"), (UNIT, date(2026, 10, 27), "T")], "20261027|20261028", None),
        ([(UNIT, CHANGE, "F"), (UNIT, date(2026, 10, 27), "T")], "20261026|20261028", "is F on 20261026"),
    ],
)
def test_a_bm_unit_is_baselined_on_every_day_of_the_range(
    changes: list[tuple[str, date, str]], days: str, told: str | None
) -> None:
    judgement = sev(days, ["1|0.5"], at("2026-10-20T12:00:00Z"), known=with_statuses(*changes))
    found = judgement.breaches.filter(rule="SEV-07")["message"].to_list()
    assert len(found) == (told is not None)
    assert told is None or found[0].endswith(told)


def test_an_accepted_status_makes_a_bm_unit_baselined() -> None:
    days = "20261103|20261105"
    unit, known = "C__FACME001", with_statuses(("C__FACME001", date(2026, 11, 3), "T"))
    assert "SEV-07" in sev(days, ["1|0"], BEFORE, unit=unit, sender="ACME").counts
    assert "SEV-07" not in sev(days, ["1|0"], BEFORE, unit=unit, sender="ACME", known=known).counts


def test_a_status_of_another_party_s_bm_unit_is_not_told() -> None:
    told = sev("20261103|20261103", ["1|0.5"], BEFORE, unit="C__FACME001", sender="OTHR")
    assert told.counts == {"IDN-02": 1}


def test_each_day_of_a_range_without_an_s_pair_is_warned_of() -> None:
    known = with_statuses(("V__CEXMP001", date(2026, 9, 1), "T"))
    late_pair = known["msid_pairs"].filter(effective_from=date(2026, 11, 16))
    judgement = sev(
        "20261114|20261117",
        ["1|0.5", "2|0"],
        BEFORE,
        unit="V__CEXMP001",
        known={**known, "msid_pairs": late_pair},
    )
    assert groups(judgement) == [("W", 2), ("A", 6)]
    assert judgement.breaches.filter(rule="SEV-08")["message"].to_list() == [
        "V__CEXMP001 has no pair with Baselining Indicator S on 20261114, its volume is 0.5",
        "V__CEXMP001 has no pair with Baselining Indicator S on 20261115, its volume is 0.5",
    ]


def test_any_one_pair_with_the_indicator_s_serves() -> None:
    known = with_statuses(("V__CEXMP001", date(2026, 9, 1), "T"))
    assert sev("20261103|20261103", ["1|0.5"], BEFORE, unit="V__CEXMP001", known=known).counts == {}
    amsid = known["msid_pairs"].filter(import_amsid="9000000000011")
    judgement = sev("20261103|20261103", ["1|0.5"], BEFORE, unit="V__CEXMP001", known={**known, "msid_pairs": amsid})
    assert judgement.counts == {}


def test_an_accepted_indicator_counts_from_its_day() -> None:
    known = with_details((UNIT, "1500000000103", CHANGE, "B"))
    judgement = sev("20261024|20261026", ["1|0.5", "50|0.5"], at("2026-10-20T12:00:00Z"), known=known)
    assert outcomes(judgement) == {
        f"{UNIT} 20261024 1": "A",
        f"{UNIT} 20261025 1": "W",
        f"{UNIT} 20261026 1": "W",
        f"{UNIT} 20261025 50": "W",
    }
    assert judgement.counts == {"SEV-08": 3}


def test_pairs_of_another_party_s_bm_unit_are_not_told() -> None:
    assert sev("20261103|20261103", ["1|0.5"], BEFORE, unit="2__CACME001", sender="OTHR").counts == {"IDN-02": 1}
    assert sev("20261103|20261103", ["1|0.5"], BEFORE, unit="2__CACME001", sender="ACME").counts == {"SEV-08": 1}


def test_a_bm_unit_that_stands_twice_is_refused_whole_wherever_it_stands() -> None:
    body = "BSD|20261103|20261103|\n" + "\n".join(
        f"BSB|{unit}|\nBSP|1|0|\nBSP|2|0|" for unit in (UNIT, "V__CEXMP001", UNIT)
    )
    known = with_statuses(("V__CEXMP001", date(2026, 9, 1), "T"))
    for slice_records in (250_000, 3):
        judgement = judged(
            body, flow="P0328001", sender="VOLT", received_at=BEFORE, known=known, slice_records=slice_records
        )
        assert groups(judgement) == [("R", 2), ("A", 2), ("R", 2)]
        assert lines_broken(judgement, "SEV-05") == [3, 9]
        assert judgement.refused["reason"].unique().to_list() == [f"SEV-05 {UNIT} stands on 2 lines"]


@pytest.mark.parametrize(
    ("periods", "twice", "unordered"),
    [
        ([1, 2, 3], [], []),
        ([1, 1], [4, 5], []),
        ([2, 1], [], [5]),
        ([1, 2, 1], [4, 6], [6]),
        ([3, 2, 2, 1], [5, 6], [5, 7]),
        ([1, 3, 48], [], []),
    ],
)
def test_periods_stand_once_and_in_order(periods: list[int], twice: list[int], unordered: list[int]) -> None:
    judgement = sev("20261103|20261103", [f"{period}|0" for period in periods], BEFORE)
    assert lines_broken(judgement, "SEV-05") == twice
    assert lines_broken(judgement, "SEV-10") == unordered
    refused = judgement.units.filter(outcome="R")["line"].to_list()
    assert refused == twice


def test_periods_of_different_bm_units_are_not_compared() -> None:
    body = f"BSD|20261103|20261103|\nBSB|{UNIT}|\nBSP|2|0|\nBSB|V__CEXMP001|\nBSP|1|0|\nBSP|2|0|"
    known = with_statuses(("V__CEXMP001", date(2026, 9, 1), "T"))
    assert judged(body, flow="P0328001", sender="VOLT", received_at=BEFORE, known=known).counts == {}


@pytest.mark.parametrize(
    ("periods", "covered"),
    [(range(1, 49), None), (range(1, 51), None), (range(1, 48), 47), (range(3, 51), 46), ([1, 1, 2], 2)],
)
def test_a_default_covers_the_periods_1_to_48(periods: range | list[int], covered: int | None) -> None:
    default = sev("20261104|", [f"{period}|0" for period in periods], BEFORE)
    told = [f"the Default SEV covers {covered} of the periods 1 to 48"] if covered else []
    assert default.breaches.filter(rule="SEV-09")["message"].to_list() == told
    assert lines_broken(default, "SEV-09") == ([3] if covered else [])
    dated = sev("20261104|20261104", [f"{period}|0" for period in periods if period <= 48], BEFORE)
    assert "SEV-09" not in dated.counts
