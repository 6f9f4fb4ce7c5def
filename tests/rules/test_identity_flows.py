"""Who may speak in the flows besides GC/DC declarations: BM Units, signatories, GSP Groups and MSIDs that they name."""

from datetime import UTC, datetime

import pytest

from market.reference import DISTRIBUTORS
from rules.identity.bm_unit import IDN_01, IDN_02
from rules.judge import Judgement
from rules.rule import Rule
from tests.rules.world import References, judged, lines_broken, references

BODIES = {
    "K0152001": "GCC|B1|{unit}|GC|100|Checked|Ann Archer|",
    "K4192001": "NFH|{day}|II|1|\nNFU|{unit}|_C|C|\nNFP|1|1||1|\nNFT|1||1|",
    "P0326001": "PT1|{sender}|{unit}|T||1200012345679|{day}|S||",
    "P0323001": "PW1|{sender}|{unit}|T||1200012345679|{day}|B|",
    "P0335001": "PQ1|{sender}|{unit}|{day}|T|",
    "P0282002": "MSA|{day}|\nMSB|_C|\nMSC|{unit}|\nMSJ|1200012345679||\nMSP|1|1|",
    "K4191001": (
        "DEC|New||S1|20261103||Ann Archer|\nFAC|F1|Farm|S|Battery|1|1|20261103|1|Road 1|||EH1 1AA|\n"
        "OPR|Op|SC123456|Con|1|a@b.uk|\nDIR|Dir|T|20261101|\n"
        "MSI|1200012345679|I|{sender}|{unit}|_C|C|HHDA|{day}||"
    ),
}
"""A file of each flow that names a BM Unit; K0152001 names no day: the day of receipt counts."""

LINES = {"K4192001": 3, "P0282002": 4, "K4191001": 6}

each_flow = pytest.mark.parametrize("flow", BODIES)


def told(flow: str, unit: str, sender: str, day: str = "20261101", known: References | None = None) -> Judgement:
    return judged(BODIES[flow].format(unit=unit, sender=sender, day=day), flow=flow, sender=sender, known=known)


@each_flow
def test_a_bm_unit_is_registered(flow: str) -> None:
    line = LINES.get(flow, 2)
    missing = told(flow, "T_NOSUCH-1", "ACME")
    assert lines_broken(missing, "IDN-01") == [line]
    assert "IDN-02" not in missing.counts
    assert not {"IDN-01", "IDN-02"} & {*told(flow, "T_DINO-1", "ACME").counts}


@each_flow
def test_the_sender_is_the_lead_party(flow: str) -> None:
    other = told(flow, "T_OTTR-1", "ACME")
    assert lines_broken(other, "IDN-02") == [LINES.get(flow, 2)]
    assert "IDN-01" not in other.counts
    assert "IDN-02" not in told(flow, "T_OTTR-1", "OTHR").counts


@pytest.mark.parametrize("flow", sorted({*BODIES} - {"K0152001"}))
@pytest.mark.parametrize(("day", "led"), [("20261130", "ACME"), ("20261201", "OTHR")])
def test_the_day_that_counts_is_the_one_that_the_record_names(flow: str, day: str, led: str) -> None:
    for sender in ("ACME", "OTHR"):
        judgement = told(flow, "T_MOVE-1", sender, day)
        assert ("IDN-02" in judgement.counts) == (sender != led)
    gone = told(flow, "T_OLDE-1", "ACME", day)
    assert ("IDN-01" in gone.counts) == (day == "20261201")


@pytest.mark.parametrize("minute", [0, 59])
def test_a_challenge_counts_on_the_london_day_of_receipt(minute: int) -> None:
    received_at = datetime(2026, 11, 30 if minute else 1, 23 if minute else 0, minute, tzinfo=UTC)
    body = BODIES["K0152001"].format(unit="T_MOVE-1")
    assert "IDN-02" not in judged(body, flow="K0152001", received_at=received_at).counts
    later = judged(body, flow="K0152001", received_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert lines_broken(later, "IDN-02") == [2]


BU1 = "BR2|New unit|Name|secret|\nBU1|Name|{}|T|||||||||||{}||"
JBB = "BR2|Joint|Name|secret|\nJB1|J1|{}||\nJBB|{}|"


def registered(body: str, sender: str = "ACME") -> Judgement:
    return judged(body, flow="R0051002", sender=sender)


def test_a_registration_may_name_a_new_bm_unit() -> None:
    assert registered(BU1.format("T_BRAND-1", "20261201")).counts == {}
    assert registered(BU1.format("", "20261201")).counts == {}
    assert registered(JBB.format("20261201", "T_BRAND-1")).counts == {}


def test_a_registration_names_a_known_bm_unit_on_its_days_and_by_its_lead_party() -> None:
    for body, line in ((BU1.format("T_OLDE-1", "{}"), 3), (JBB.format("{}", "T_OLDE-1"), 4)):
        assert registered(body.format("20261130")).counts == {}
        assert lines_broken(registered(body.format("20261201")), "IDN-01") == [line]
        assert lines_broken(registered(body.format("20261130"), "OTHR"), "IDN-02") == [line]


@pytest.mark.parametrize("flow", ["K0152001", "K4191001"])
@pytest.mark.parametrize(
    ("name", "broken"), [("Ann Archer", False), ("Fay Fisher", False), ("Kim Kent", True), ("Eve Ended", True)]
)
def test_a_signatory_is_the_senders_with_a_category_that_may_sign(flow: str, name: str, broken: bool) -> None:
    body = BODIES[flow].format(unit="T_DINO-1", sender="ACME", day="20261103").replace("Ann Archer", name)
    judgement = judged(body, flow=flow)
    assert lines_broken(judgement, "IDN-03") == ([2] if broken else [])


@pytest.mark.parametrize("flow", ["K4191001", "K4192001"])
@pytest.mark.parametrize(
    ("group", "message"),
    [
        ("_C", None),
        ("_D", "GSP Group Id is _D, 2__CACME000 is registered in _C"),
        ("_I", "_I is none of the fourteen GSP Groups"),
        ("_c", "_c is none of the fourteen GSP Groups"),
    ],
)
def test_a_gsp_group_is_the_bm_units(flow: str, group: str, message: str | None) -> None:
    body = BODIES[flow].format(unit="2__CACME000", sender="ACME", day="20261103").replace("|_C|", f"|{group}|")
    judgement = judged(body, flow=flow)
    found = judgement.breaches.filter(rule="IDN-04")
    assert found["message"].to_list() == ([] if message is None else [message])
    assert found["line"].to_list() == ([] if message is None else [LINES[flow]])


def test_a_bm_unit_without_a_gsp_group_is_in_none() -> None:
    messages = told("K4192001", "T_DINO-1", "ACME").breaches.filter(rule="IDN-04")["message"]
    assert messages.to_list() == ["GSP Group Id is _C, T_DINO-1 is registered in no GSP Group"]
    assert "IDN-04" not in told("K4192001", "T_NOSUCH-1", "ACME").counts


def test_the_gsp_group_of_delivered_volumes_is_that_of_each_bm_unit_below_it() -> None:
    pair = "MSJ|1200012345679||\nMSP|1|1|\n"
    body = f"MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\n{pair}MSC|V__FEXMP001|\n{pair}MSB|_I|\nMSC|V__CEXMP001|\n{pair}"
    judgement = judged(body.rstrip(), flow="P0282002", sender="VOLT")
    assert lines_broken(judgement, "IDN-04") == [7, 10]


@pytest.mark.parametrize(
    ("msid", "message"),
    [
        ("1200012345679", None),
        ("1200000000030", None),
        ("1200012345678", "the check digit of 1200012345678 is 8, its first twelve digits make 9"),
        ("120001234567", "120001234567 is no number of 13 digits"),
    ],
)
def test_an_msid_is_well_made(msid: str, message: str | None) -> None:
    for flow in ("P0326001", "P0323001", "P0282002", "K4191001"):
        body = BODIES[flow].format(unit="2__CACME000", sender="ACME", day="20261101").replace("1200012345679", msid)
        found = judged(body, flow=flow).breaches.filter(rule="IDN-05")
        assert found["message"].to_list() == ([] if message is None else [message])


def test_a_number_below_zero_is_no_msid() -> None:
    judgement = told("P0326001", "T_DINO-1", "ACME")
    assert "IDN-05" not in judgement.counts
    body = BODIES["P0326001"].format(unit="T_DINO-1", sender="ACME", day="20261103").replace("|1200", "|-1200")
    assert lines_broken(judged(body, flow="P0326001"), "IDN-05") == [2]


def test_both_msids_of_a_pair_are_well_made() -> None:
    body = "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679|1200023305968|\nMSP|1|1|"
    found = judged(body, flow="P0282002", sender="VOLT").breaches.filter(rule="IDN-05")
    assert found["item"].to_list() == ["Export MSID"]


def test_an_amsid_has_no_check_digit() -> None:
    body = "PT1|VOLT|V__CEXMP001|A|9000000000011||20261103|S||"
    assert judged(body, flow="P0326001", sender="VOLT").counts == {}


def of_distributor(msid: str, group: str, day: str = "20261030", known: References | None = None) -> bool:
    """Whether the MSID is told to be of no distributor that serves the group."""
    body = f"MSA|{day}|\nMSB|{group}|\nMSC|V__CEXMP001|\nMSJ|{msid}||\nMSP|1|1|"
    judgement = judged(body, flow="P0282002", sender="VOLT", known=known)
    assert set(judgement.breaches.filter(rule="IDN-06")["severity"]) <= {"W"}
    return "IDN-06" in judgement.counts


def test_a_distributor_serves_the_gsp_group() -> None:
    assert not of_distributor("2000000000103", "_A")
    assert not of_distributor("2000000000103", "_H")
    assert not of_distributor("1000000000100", "_A")
    assert of_distributor("1200012345679", "_D")
    assert of_distributor("1200012345679", "_A")


def test_a_distributor_is_in_force_on_the_date() -> None:
    msid = "1700000000102"
    assert not of_distributor(msid, "_C", "20261031")
    assert of_distributor(msid, "_C", "20261101")


def test_without_any_distributor_no_msid_is_told() -> None:
    known = {**references(), "distributors": DISTRIBUTORS.to_frame()}
    assert not of_distributor("1200012345679", "_D", known=known)
    assert of_distributor("1200012345679", "_D")


def test_of_a_mistyped_msid_or_gsp_group_no_distributor_is_missed() -> None:
    assert not of_distributor("1200012345678", "_D")
    assert not of_distributor("1200012345679", "_I")


def test_a_distributor_of_a_declared_metering_system_is_looked_at_on_its_own_day() -> None:
    body = BODIES["K4191001"].replace("1200012345679", "1700000000102")
    for day, told_of in (("20261031", False), ("20261101", True)):
        judgement = judged(body.format(unit="2__CACME000", sender="ACME", day=day), flow="K4191001")
        assert ("IDN-06" in judgement.counts) == told_of


@pytest.mark.parametrize("rule", [IDN_01, IDN_02])
def test_every_flow_of_a_rule_is_looked_at(rule: Rule) -> None:
    assert {*BODIES, "K0151001", "R0051002"} <= {*rule.flows}
