"""Declaration sets: held until complete, alike, decided once; changes and ends of declarations."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.declarations import last_days
from market.frames import OPEN_END
from market.msid import check_digit
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS
from rules.declaration.example import DIRECTOR, EXPORT, FACILITY, IMPORT, OPERATOR, declaration
from rules.declaration.refusal import refused
from tests.rules.declared import declared_metering_systems
from tests.rules.declaring import DOCK, ONE, OWN, found, known_with, message, outcomes, part_of_othr, rules_of
from tests.rules.world import judged, lines_broken


def test_an_incomplete_set_is_held() -> None:
    judgement = found(declaration(msi=(IMPORT,)))
    assert judgement.outcome == "HELD"
    assert outcomes(judgement) == {"SC123456 STORE-9 SET-9": "H"}
    assert message(judgement, "DEC-06") == ["1 of 2 metering systems of the set SET-9 are declared"]
    assert judgement.effect.is_empty()
    assert judgement.held["declarations"].list.len().to_list() == [1]


def test_more_metering_systems_than_declared_are_no_complete_set() -> None:
    judgement = found(declaration(fac=ONE))
    assert message(judgement, "DEC-06") == ["2 of 1 metering systems of the set SET-9 are declared"]


def test_two_parts_in_one_file_make_one_set() -> None:
    judgement = found(declaration(msi=(IMPORT,)) + "\n" + declaration(msi=(EXPORT,)))
    assert outcomes(judgement) == {"SC123456 STORE-9 SET-9": "A"}


def test_sets_of_other_facilities_or_operators_may_have_the_same_id() -> None:
    other = declaration(fac=ONE.replace("STORE-9", "STORE-8"), msi=(IMPORT.replace("0606", "0800"),))
    third = declaration(opr=OPERATOR.replace("SC123456", "01234567"), fac=ONE, msi=(IMPORT.replace("0606", "0908"),))
    judgement = found("\n".join([declaration(), other, third]))
    assert outcomes(judgement) == {
        "SC123456 STORE-9 SET-9": "A",
        "SC123456 STORE-8 SET-9": "A",
        "01234567 STORE-9 SET-9": "A",
    }


def test_a_breach_in_one_set_does_not_refuse_the_others() -> None:
    wrong = declaration(
        fac=ONE.replace("STORE-9", "STORE-8"), msi=(IMPORT.replace("0606", "0800").replace("|C|", "|A|"),)
    )
    judgement = found(f"{declaration()}\n{wrong}")
    assert list(outcomes(judgement).values()) == ["A", "R"]


def test_a_part_that_others_hold_completes_a_set() -> None:
    judgement = found(declaration(msi=(IMPORT,)), known=part_of_othr())
    assert judgement.counts == {}
    assert judgement.effect["others"].to_list() == [["OTHERS"]]


def test_an_import_may_come_from_the_other_supplier() -> None:
    alone = declaration(fac=ONE, msi=(EXPORT,))
    assert rules_of(alone) == ["DEC-12"]
    assert rules_of(declaration(msi=(EXPORT,)), known=part_of_othr()) == []
    assert rules_of(declaration(msi=(EXPORT,)), known=part_of_othr(imports=0)) == ["DEC-12"]
    assert rules_of(declaration(msi=(EXPORT,))) == ["DEC-06"]


def test_an_msid_stands_once_in_a_set() -> None:
    assert lines_broken(found(declaration(msi=(IMPORT, IMPORT))), "DEC-12") == [7, 8]
    taken = found(declaration(msi=(IMPORT,)), known=part_of_othr(msids="1200000000606"))
    assert message(taken, "DEC-12") == ["MSID 1200000000606 stands 2 times in the set"]


@pytest.mark.parametrize(
    ("other", "items"),
    [
        ({"fac": FACILITY.replace("Dock Battery", "Dock")}, "Facility Name"),
        ({"fac": FACILITY.replace("49.9|49.9", "49.9|50").replace("EH1", "EH2")}, "Maximum Export Capacity, Postcode"),
        ({"opr": OPERATOR.replace("Dock Storage Ltd", "Dock Ltd")}, "Company Name"),
        ({"director": DIRECTOR.replace("Dean", "Deed")}, "Director Name"),
        ({"dec": "New||SET-9|20261202||Ann Archer"}, "Effective From Date"),
    ],
)
def test_declarations_of_a_set_are_alike(other: dict[str, str], items: str) -> None:
    second = declaration(msi=(EXPORT,), **{"dec": "New||SET-9|20261201||Ann Archer", **other})  # type: ignore[arg-type]
    judgement = found(f"{declaration(msi=(IMPORT,))}\n{second}")
    assert lines_broken(judgement, "DEC-05") == [2, 8]
    assert message(judgement, "DEC-05") == [f"another declaration of the set SET-9 differs in {items}"] * 2


def test_the_same_capacity_may_be_written_otherwise() -> None:
    second = declaration(msi=(EXPORT,), fac=FACILITY.replace("49.9|49.9", "49.900|49.90"))
    assert "DEC-05" not in found(f"{declaration(msi=(IMPORT,))}\n{second}").counts


def test_a_set_is_decided_once() -> None:
    assert rules_of(declaration("New||SET-1|20261201||Ann Archer", fac=FACILITY.replace("STORE-9", "STORE-1"))) == [
        "DEC-02"
    ]
    assert rules_of(declaration("New||SET-1|20261201||Ann Archer")) == []


@pytest.mark.parametrize(
    ("dec", "msi", "broken"),
    [
        ("CoM|2|SET-9|20261201||Ann Archer", OWN, ["DEC-15"]),
        ("CoM|2|SET-9|20261201||Ann Archer", OWN.replace("|C|HHD", "|E|HHD"), []),
        ("CoM|2|SET-9|20261201||Ann Archer", OWN.replace("0901", "0804"), []),
        ("CoA|2|SET-9|20261201||Ann Archer", OWN, ["DEC-15"]),
        ("CoA|2|SET-9|20261201||Ann Archer", OWN.replace("HHD1", "HHD2"), []),
        ("CoS|2|SET-9|20261201||Ann Archer", OWN, ["DEC-15"]),
        ("New||SET-9|20261201||Ann Archer", OWN, ["DEC-14"]),
    ],
)
def test_a_change_changes_what_it_says(dec: str, msi: str, broken: list[str]) -> None:
    assert rules_of(declaration(dec, fac=DOCK, msi=(msi,))) == broken


def test_a_supplier_takes_over_the_declaration_of_another() -> None:
    theirs = {"supplier_id": "OTHR", "declaration_id": 5, "facility_id": "STORE-5", "declaration_set_id": "S5"}
    held = theirs | {"msids": "1500000000804", "submission_ref": "D5"}
    known = known_with(held=[held], systems=[theirs | {"msid": "1500000000804", "submission_ref": "D5"}])
    fac, msi = ONE.replace("STORE-9", "STORE-5"), (OWN.replace("0901", "0804"),)
    assert rules_of(declaration("CoS|5|SET-9|20261201||Ann Archer", fac=fac, msi=msi), known=known) == []
    assert "DEC-01" in rules_of(declaration("CoM|5|SET-9|20261201||Ann Archer", fac=fac, msi=msi), known=known)


def test_what_has_ended_cannot_be_changed() -> None:
    end = {"declaration_type": "Withdraw", "declaration_id": None, "named_declaration_id": 2, "declaration_set_id": "W"}
    known = known_with(held=[end | {"effective_to": date(2026, 11, 30), "submission_ref": "W"}])
    other = OWN.replace("0901", "0804")
    late = found(declaration("CoM|2|SET-9|20261201||Ann Archer", fac=DOCK, msi=(other,)), known=known)
    assert message(late, "DEC-15") == ["declaration 2 is not in force on Effective From Date 20261201"]
    assert rules_of(declaration("CoM|2|SET-9|20261130||Ann Archer", fac=DOCK, msi=(other,)), known=known) == []


@pytest.mark.parametrize(("last", "broken"), [("20261130", False), ("20261201", True)])
def test_dates_that_do_not_meet_are_no_overlap(last: str, broken: bool) -> None:
    until = date(int(last[:4]), int(last[4:6]), int(last[6:]))
    known = known_with(systems=[{"msid": "1200000000606", "declaration_id": 8, "effective_to": until}])
    judgement = found(declaration(), known=known)
    assert message(judgement, "DEC-14") == (
        ["MSID 1200000000606 is in another declaration on 20261201"] if broken else []
    )


def test_an_msid_in_two_sets_of_a_file_refuses_both() -> None:
    other = declaration("New||SET-8|20261201||Ann Archer", fac=ONE.replace("STORE-9", "STORE-8"), msi=(IMPORT,))
    judgement = found(f"{declaration()}\n{other}")
    assert lines_broken(judgement, "DEC-14") == [7, 14]
    later = other.replace("20261201|", "20280101|")
    first = declaration("New||SET-9|20261201|20271231|Ann Archer")
    assert "DEC-14" not in found(f"{first}\n{later}").counts


def test_what_another_part_declares_elsewhere_by_now_refuses_the_set() -> None:
    known = part_of_othr()
    taken = {"msid": "1200000000800", "declaration_id": 8, "effective_from": date(2027, 1, 1), "submission_ref": "D8"}
    systems = pl.DataFrame([declared_metering_systems().row(0, named=True) | taken], DECLARED_METERING_SYSTEMS)
    known = {**known, "declared_metering_systems": pl.concat([known["declared_metering_systems"], systems])}
    judgement = found(declaration(msi=(IMPORT,)), known=known)
    assert message(judgement, "DEC-14") == [
        "another Supplier's metering system of the set SET-9 is in another declaration on 20270101"
    ]


def test_a_declaration_whose_set_cannot_be_read_is_a_unit_of_its_own() -> None:
    nameless = declaration("New||" + "S" * 81 + "|20261201||Ann Archer")
    assert outcomes(found(f"{nameless}\n{declaration(msi=())}")) == {"line 2": "R", "SC123456 STORE-9 SET-9": "H"}


def test_sets_are_judged_alike_in_slices_of_any_size() -> None:
    body = "\n".join([declaration(msi=(IMPORT,)), declaration(msi=(EXPORT,))])
    assert judged(body, flow="K4191001", slice_records=1_000).units.equals(judged(body, flow="K4191001").units)


def test_a_unit_is_refused_afterwards() -> None:
    judgement = found(declaration(msi=(IMPORT,)))
    (key,) = outcomes(judgement)
    turned = refused(judgement, [key], "the set is not complete")
    assert (turned.outcome, outcomes(turned)) == ("REJECTED", {key: "R"})
    assert turned.counts == {"DEC-06": 1}
    assert turned.breaches.select("rule", "severity", "line", "message").rows() == [
        ("DEC-06", "E", 2, "the set is not complete")
    ]
    assert turned.held.is_empty()
    assert turned.refused["reason"].to_list() == ["DEC-06 the set is not complete"]
    assert refused(judgement, ["another"], "the set is not complete") is judgement


@given(st.lists(st.integers(0, 20), min_size=1, max_size=8))
def test_the_first_end_counts(days: list[int]) -> None:
    rows = [
        {
            "declaration_type": "CoM",
            "named_declaration_id": 2,
            "effective_from": date(2026, 12, 1 + day),
            "effective_to": OPEN_END,
        }
        for day in days
    ]
    frame = pl.DataFrame(rows, {name: DECLARATIONS[name] for name in rows[0]})
    (last,) = last_days(frame)["last_day"]
    assert last == date(2026, 11, 30) if min(days) == 0 else last == date(2026, 12, min(days))


@given(st.integers(0, 999_999_999), st.integers(1, 3))
def test_a_set_is_complete_exactly_when_all_are_there(seed: int, declared: int) -> None:
    numbers = [12 * 10**10 + 10**9 + (seed + 7 * place) % 10**10 for place in range(2)]
    msids = [f"{number}{check_digit(number * 10)}" for number in numbers]
    rows = tuple(IMPORT.replace("1200000000606", msid) for msid in msids)
    judgement = found(declaration(fac=FACILITY.replace("20260401|2", f"20260401|{declared}"), msi=rows))
    assert (judgement.outcome == "HELD") == (declared != 2)
