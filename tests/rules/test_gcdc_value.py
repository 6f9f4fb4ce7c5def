"""Rules of declared values at their boundaries, each with the neighbour that passes."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.judge import Judgement
from tests.rules.world import judged, lines_broken

HEAD = "GCH|S|WIN|2026|Ann Archer|"


def declared(*rows: str, head: str = HEAD, sender: str = "ACME") -> Judgement:
    """The judgement on declared values, the first on line 3; each row is what stands behind GCV."""
    return judged("\n".join([head, *(f"GCV|{row}|" for row in rows)]), sender=sender)


def rules_of(row: str, **facts: str) -> dict[str, int]:
    """How often each rule is broken by one declared value of WIN 2026."""
    unit, values = row.split("|", 1)
    return dict(declared(f"{unit}|20261201|{values}", **facts).counts)


def test_each_side_may_be_0_and_has_its_sign() -> None:
    assert "GCD-01" not in rules_of("T_DINO-1|0|0|0|0")
    assert rules_of("T_DINO-1|-0.001|-2||")["GCD-01"] == 1
    assert rules_of("T_DINO-1|100|0.001||")["GCD-01"] == 1
    assert rules_of("T_DINO-1|||-0.0005|-1")["GCD-01"] == 1
    assert rules_of("T_DINO-1|||50|0.0005")["GCD-01"] == 1
    assert rules_of("T_DINO-1|-1|1|-0.5|0.5")["GCD-01"] == 4


def test_the_message_of_a_slipped_sign_names_the_item_and_the_value() -> None:
    breach = declared("T_DINO-1|20261201|100|5||").breaches.row(0, named=True)
    assert breach["message"] == "Demand Capacity 5 MW is above 0, a slipped sign is likely"
    assert (breach["line"], breach["item"], breach["position"], breach["value"]) == (3, "Demand Capacity", 4, "5")


@pytest.mark.parametrize(("row", "missing"), [("|||", 2), ("100|||", 1), ("|-2||", 1), ("||50|", 1), ("|-2|50|", 0)])
def test_each_side_is_given_in_one_way_or_both(row: str, missing: int) -> None:
    assert rules_of(f"T_DINO-1|{row}").get("GCD-02", 0) == missing


def test_a_malformed_value_is_not_a_missing_one() -> None:
    found = rules_of("T_DINO-1|1E2|-2||")
    assert found == {"FLD-04": 1}
    assert rules_of("T_DINO-1|100|-2|x|") == {"FLD-04": 1}


def test_power_is_twice_the_energy_of_half_an_hour() -> None:
    assert "GCD-03" not in rules_of("T_DINO-1|100|-2|50|-1")
    assert rules_of("T_DINO-1|100|-2|100|-2")["GCD-03"] == 2
    assert rules_of("T_DINO-1|100|-2|50.0001|-1")["GCD-03"] == 1
    assert rules_of("T_DINO-1|100|-2|49.9999|-1")["GCD-03"] == 1
    breach = declared("T_DINO-1|20261201|25|-2|25|").breaches.filter(rule="GCD-03").row(0, named=True)
    assert breach["message"] == "Maximum Export QM 25 MWh in half an hour is 50 MW, Generation Capacity states 25 MW"


@pytest.mark.parametrize(("digit", "broken"), [(d, d not in (0, 5)) for d in range(10)])
def test_energy_alone_gives_power_with_three_decimals(digit: int, broken: bool) -> None:
    energy = f"7.700{digit}".rstrip("0").rstrip(".")
    assert ("GCD-03" in rules_of(f"E_ABRTW-9|||{energy}|-2.5")) == broken
    assert ("GCD-03" in rules_of(f"E_ABRTW-9|15.4|-5||-2.500{digit}".rstrip("0"))) == (digit != 0)


@settings(max_examples=30)
@given(st.integers(0, 10**13 - 1), st.integers(0, 10**13 - 1))
def test_no_thousandth_is_lost_between_energy_and_power(generation: int, demand: int) -> None:
    def text(thousandths: int, halved: bool) -> str:
        value = Decimal(thousandths) / (2000 if halved else 1000)
        return f"{value.normalize():f}"

    def signed(value: str) -> str:
        return value if value == "0" else f"-{value}"

    # at most ten digits stand before the point of either
    power = declared(f"T_DINO-1|20261201|{text(generation, False)}|{signed(text(demand, False))}||").effect
    energy = declared(f"T_DINO-1|20261201|||{text(generation, True)}|{signed(text(demand, True))}").effect
    both = declared(
        f"T_DINO-1|20261201|{text(generation, False)}|{signed(text(demand, False))}"
        f"|{text(generation, True)}|{signed(text(demand, True))}"
    )
    expected = [(generation, -demand)]
    for effect in (power, energy, both.effect):
        assert effect.select("declared.generation_capacity", "declared.demand_capacity").rows() == expected
    assert "GCD-03" not in both.counts


def test_an_interconnector_unit_flows_one_way() -> None:
    assert "GCD-04" not in rules_of("I_EAG-ACME1|620|0||")
    assert rules_of("I_EAG-ACME1|620|-0.001||")["GCD-04"] == 1
    assert rules_of("I_EAG-ACME1|620|||-0.0005")["GCD-04"] == 1
    assert "GCD-04" not in rules_of("I_EAD-ACME1|0|-620||")
    assert rules_of("I_EAD-ACME1|0.001|-620||")["GCD-04"] == 1
    assert "GCD-04" not in rules_of("T_DINO-1|100|-3||")


def test_a_secondary_unit_normally_has_no_capacity() -> None:
    volt = {"head": "GCH|S|WIN|2026|Vera Volt|", "sender": "VOLT"}
    assert "GCD-05" not in rules_of("V__FEXMP001|0|0||", **volt)
    assert rules_of("V__FEXMP001|0.001|-0.001||", **volt)["GCD-05"] == 2
    assert declared("V__FEXMP001|20261201|5|0||", **volt).outcome == "ACCEPTED"
    assert "GCD-05" not in rules_of("T_DINO-1|5|0||")


@pytest.mark.parametrize(
    ("value", "broken"),
    [
        *(("196.019", False), ("196.02", True), ("198", True), ("199.98", True), ("199.981", False)),
        *(("49.004", False), ("49.005", True), ("49.5", True), ("49.995", True), ("49.996", False)),
        *(("99", False), ("100", False), ("396", False)),
    ],
)
def test_twice_and_half_the_99_in_force_are_suspect_within_1_percent(value: str, broken: bool) -> None:
    assert (rules_of(f"T_DINO-1|{value}|-2||").get("GCD-07") == 1) == broken


def test_twice_and_half_are_told_with_both_numbers() -> None:
    found = declared("T_DINO-1|20261201|198|-1||").breaches.filter(rule="GCD-07")["message"].to_list()
    assert found == [
        "Generation Capacity 198 MW is about twice the 99 MW in force, a MW/MWh mix-up is likely",
        "Demand Capacity -1 MW is about half the -2 MW in force, a MW/MWh mix-up is likely",
    ]
    assert "GCD-07" not in rules_of("T_ZERO-1|0|0||")


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ("T_DINO-1|990|-20||", 0),
        ("T_DINO-1|990.001|-20||", 1),
        ("T_DINO-1|990|-20.001||", 1),
        ("T_DINO-1|100000|-20||", 1),
        ("T_ZERO-1|1500|-1500||", 0),
        ("T_ZERO-1|1500.001|-1500||", 1),
        ("T_NEWU-1|1500|-1500.001||", 1),
        ("I_EAG-ACME1|4000|0||", 0),
        ("I_EAG-ACME1|4000.001|0||", 1),
    ],
)
def test_a_value_grows_at_most_tenfold_and_to_what_is_usual(row: str, broken: int) -> None:
    assert rules_of(row).get("GCD-08", 0) == broken


def test_growth_and_size_are_told_with_both_numbers() -> None:
    rows = ("T_DINO-1|20261201|100000|-2||", "T_ZERO-1|20261201|1600|0||", "I_EAG-ACME1|20261201|5000|0||")
    assert declared(*rows).breaches.filter(rule="GCD-08")["message"].to_list() == [
        "Generation Capacity 100000 MW is more than ten times the 99 MW in force",
        "Generation Capacity 1600 MW is beyond 1500 MW, the most that is usual for type T",
        "Generation Capacity 5000 MW is beyond 4000 MW, the most that is usual for type I",
    ]


def test_two_zeros_are_suspect_where_something_is_in_force() -> None:
    assert rules_of("T_DINO-1|0|0||")["GCD-09"] == 1
    for row in ("T_DINO-1|0|-2||", "T_DINO-1|99|0||", "T_ZERO-1|0|0||", "T_NEWU-1|0|0||"):
        assert "GCD-09" not in rules_of(row)
    breach = declared("T_DINO-1|20261201|0|0||").breaches.filter(rule="GCD-09").row(0, named=True)
    assert (breach["item"], breach["position"], breach["value"]) == (None, 0, None)
    assert breach["message"] == "GC and DC are both 0 MW, 99 MW / -2 MW are in force"


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        ("2__CACME001|5|0||", True),
        ("2__CACME001|5|-0.001||", False),
        ("2__CACME001|0|0||", False),
        ("2__CACME000|40|0||", True),
        ("C__FACME001|3|0||", True),
        ("T_DINO-1|99|0||", False),
        ("T_ZERO-1|5|-1||", False),
    ],
)
def test_a_supplier_unit_that_exports_changes_its_credit_treatment_at_dc_0(row: str, broken: bool) -> None:
    assert (rules_of(row).get("GCD-10") == 1) == broken


def test_unchanged_values_are_no_change_and_no_refusal() -> None:
    judgement = declared("T_DINO-1|20261201|99|-2||", "T_ZERO-1|20261201|0|0||", "E_ABRTW-9|20261201|15.4|-5.1||")
    assert lines_broken(judgement, "GCD-11") == [3, 4]
    assert judgement.units["outcome"].to_list() == ["N", "N", "A"]
    assert (judgement.outcome, judgement.effect["outcome"].to_list()) == ("ACCEPTED", ["N", "N", "A"])


def test_a_refused_unit_is_refused_though_its_values_are_unchanged() -> None:
    judgement = declared("T_DINO-1|20261202|99|-2||")
    assert judgement.units["outcome"].to_list() == ["R"]
    assert judgement.effect.is_empty()


def test_rules_of_the_value_in_force_leave_alone_what_is_unknown() -> None:
    judgement = declared("T_NEWU-1|20261201|5|-1||")
    assert judgement.counts == {}
    assert judgement.units["outcome"].to_list() == ["A"]


def test_the_units_are_named_by_their_key_items_or_their_line() -> None:
    judgement = declared("T_DINO-1|20261201|100|-2||", "T_ZERO-1|2026121|1|0||", "|20261201|1|0||")
    assert judgement.units["key"].to_list() == ["T_DINO-1 20261201", "line 4", "line 5"]
    assert judgement.units["outcome"].to_list() == ["A", "R", "R"]
    assert judgement.breaches.select("rule", "unit").rows() == [("FLD-07", 1), ("FLD-01", 2)]


def test_the_effect_is_in_kilowatts_with_what_the_header_says() -> None:
    assert declared("E_ABRTW-9|20261201|||7.7005|-2.5").effect.drop("effective_from_date").row(0, named=True) == {
        "line": 3,
        "key": "E_ABRTW-9 20261201",
        "outcome": "A",
        "bm_unit_id": "E_ABRTW-9",
        "declared.generation_capacity": 15_401,
        "declared.demand_capacity": -5_000,
        "GCH.declaration_type": "S",
        "GCH.bsc_season": "WIN",
        "GCH.season_start_year": 2026,
    }
