"""The records of declarations: each rule beside a neighbour that breaks nothing."""

from datetime import UTC, datetime

import pytest

from rules.declaration.example import DIRECTOR, EXPORT, FACILITY, IMPORT, OPERATOR, declaration
from tests.rules.declaring import DOCK, OWN, found, message, outcomes, rules_of
from tests.rules.world import lines_broken


def test_a_declaration_that_breaks_nothing_is_one_accepted_unit() -> None:
    judgement = found(declaration())
    assert judgement.counts == {}
    assert outcomes(judgement) == {"SC123456 STORE-9 SET-9": "A"}


@pytest.mark.parametrize(
    ("dec", "broken"),
    [
        ("New||SET-9|20261201||Ann Archer", []),
        ("New|5|SET-9|20261201||Ann Archer", ["DEC-01"]),
        ("CoM||SET-9|20261201||Ann Archer", ["DEC-01"]),
        ("CoM|2|SET-9|20261201||Ann Archer", ["DEC-01"]),
        ("CoM|99|SET-9|20261201||Ann Archer", ["DEC-01"]),
        ("New||SET-9|20261101||Ann Archer", ["DEC-03"]),
        ("New||SET-9|20261102||Ann Archer", []),
        ("New||SET-9|20261201|20261201|Ann Archer", []),
        ("New||SET-9|20261201|20261130|Ann Archer", ["DEC-04"]),
    ],
)
def test_ids_and_dates_of_a_declaration(dec: str, broken: list[str]) -> None:
    assert rules_of(declaration(dec)) == broken


@pytest.mark.parametrize(("first", "broken"), [("20261201", []), ("20261202", ["DEC-03"])])
def test_a_declaration_is_not_earlier_than_its_facility(first: str, broken: list[str]) -> None:
    assert rules_of(declaration(fac=FACILITY.replace("20260401", first))) == broken


@pytest.mark.parametrize(
    ("at", "day", "broken"),
    [
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), "20261024", False),
        (datetime(2026, 10, 24, 23, 0, 0, tzinfo=UTC), "20261024", True),
        (datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), "20261025", False),
        (datetime(2026, 3, 29, 22, 59, 59, tzinfo=UTC), "20260329", False),
        (datetime(2026, 3, 29, 23, 0, 0, tzinfo=UTC), "20260329", True),
    ],
)
def test_the_day_of_receipt_is_londons(at: datetime, day: str, broken: bool) -> None:
    body = declaration(f"New||SET-9|{day}||Ann Archer", fac=FACILITY.replace("20260401", "20200101"))
    assert (lines_broken(found(body, received_at=at), "DEC-03") == [2]) == broken


def test_a_withdrawal_has_its_last_day_and_no_metering_system() -> None:
    own = {"fac": DOCK}
    assert rules_of(declaration("Withdraw|2|SET-9|20261201|20261231|Ann Archer", msi=(), **own)) == []
    assert rules_of(declaration("Withdraw|2|SET-9|20261201||Ann Archer", msi=(), **own)) == ["DEC-04"]
    carried = found(declaration("Withdraw|2|SET-9|20261201|20261231|Ann Archer", msi=(OWN,), **own))
    assert lines_broken(carried, "DEC-04") == [7]
    assert message(carried, "DEC-04") == ["a metering system stands in a Withdraw, which carries none"]


def test_the_days_of_a_metering_system_are_in_order() -> None:
    assert rules_of(declaration(msi=(IMPORT + "20261201", EXPORT))) == []
    assert lines_broken(found(declaration(msi=(IMPORT + "20261130", EXPORT))), "DEC-04") == [7]


@pytest.mark.parametrize(
    ("capacities", "type_", "broken"),
    [
        ("49.9|49.9", "S", []),
        ("-1|49.9", "S", ["DEC-07"]),
        ("49.9|-0.001", "S", ["DEC-07"]),
        ("0|50", "S", ["DEC-09"]),
        ("50|0", "S", ["DEC-09"]),
        ("0|50", "G", []),
        ("40|0", "E", []),
        ("40|0.001", "E", ["DEC-08"]),
        ("2000|2000", "S", []),
        ("2000.001|49.9", "S", ["DEC-18"]),
        ("49.9|49900", "S", ["DEC-18"]),
    ],
)
def test_capacities(capacities: str, type_: str, broken: list[str]) -> None:
    fac = FACILITY.replace("|S|", f"|{type_}|").replace("49.9|49.9", capacities)
    assert rules_of(declaration(fac=fac)) == broken


@pytest.mark.parametrize(
    ("postcode", "good"),
    [
        *((one, True) for one in ("EH1 1AA", "SW1A 2AA", "M1 1AE", "DN55 1PT", "EH11AA", "eh1 1aa", "W1A 0AX")),
        *((one, False) for one in ("BT1 1AA", "JE2 3AB", "GY1 1AA", "IM1 1AA", "ZZ1 1AA", "EH1", "1AA EH1", "EH1 1CA")),
    ],
)
def test_postcodes(postcode: str, good: bool) -> None:
    assert (rules_of(declaration(fac=FACILITY.replace("EH1 1AA", postcode))) == []) == good


@pytest.mark.parametrize(
    ("director", "broken"),
    [
        (DIRECTOR, []),
        ("Dora Dean|F|20261101", ["DEC-11"]),
        ("Dora Dean|T|20261102", []),
        ("Dora Dean|T|20261103", ["DEC-11"]),
    ],
)
def test_the_director_approved_by_the_day_of_receipt(director: str, broken: list[str]) -> None:
    assert rules_of(declaration(director=director)) == broken


@pytest.mark.parametrize("class_", "CDEFG")
def test_half_hourly_classes(class_: str) -> None:
    assert rules_of(declaration(msi=(IMPORT.replace("|C|", f"|{class_}|"), EXPORT))) == []


@pytest.mark.parametrize("class_", "ABHc")
def test_other_classes(class_: str) -> None:
    judgement = found(declaration(msi=(IMPORT, EXPORT.replace("|E|HHD", f"|{class_}|HHD"))))
    assert lines_broken(judgement, "DEC-13") == [8]


@pytest.mark.parametrize(
    ("opr", "warned"),
    [
        *((OPERATOR.replace("SC123456", one), False) for one in ("01234567", "OC301234", "NI000001", "R0000123")),
        *((OPERATOR.replace("SC123456", one), True) for one in ("12345", "SC12345", "sc123456", "1234567A")),
        *((OPERATOR.replace("ops@dock.example", one), False) for one in ("a.b+c@d-e.example.org",)),
        *(
            (OPERATOR.replace("ops@dock.example", one), True)
            for one in ("ops", "ops@dock", "@dock.example", "a b@c.de")
        ),
    ],
)
def test_how_the_operator_is_found(opr: str, warned: bool) -> None:
    judgement = found(declaration(opr=opr))
    assert list(outcomes(judgement).values()) == ["W" if warned else "A"]
    assert lines_broken(judgement, "DEC-16") == ([4] if warned else [])


def test_a_licence_or_an_exemption_is_given() -> None:
    bare = found(declaration(lic=()))
    assert message(bare, "DEC-16") == ["neither a licence nor an exemption is given"]
    assert rules_of(declaration(lic=("G|L-1", "X|EX-2"))) == []


def test_a_supplier_speaks_for_its_own_metering_systems() -> None:
    judgement = found(declaration(msi=(IMPORT, EXPORT.replace("|ACME|", "|OTHR|"))))
    assert message(judgement, "DEC-17") == ["Supplier Id is OTHR, the sender is ACME"]
    assert "DEC-17" not in found(declaration()).counts
