from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.demand.examples import (
    DECLARED,
    OF_DECLARED,
    OF_UNDECLARED,
    UNDECLARED,
    declared,
    run_of,
    undeclared,
    unit_of,
)
from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, References, in_force_after, judged, lines_broken, references

FLOW = "K4192001"
LONG_DAY, SHORT_DAY = "20261025", "20260329"


def judge(body: str, **more: object) -> Judgement:
    return judged(body, flow=FLOW, **more)  # type: ignore[arg-type]


def broken(body: str, rule: str, **more: object) -> list[int]:
    return lines_broken(judge(body, **more), rule)


def on_record(*bodies: str) -> dict[str, pl.DataFrame]:
    """What is known after files, received an hour before and a second after each other."""
    known: dict[str, pl.DataFrame] = references()
    for number, body in enumerate(bodies):
        at = RECEIVED_AT - timedelta(hours=1) + timedelta(seconds=number)
        known = in_force_after(known, judge(body, known=known, received_at=at), at, f"S{number}", flow=FLOW, body=body)
    return known


def plain(value: Decimal) -> str:
    return "0" if value == 0 else f"{value.normalize():f}"


amounts = st.integers(-30_000, 300_000).map(lambda scaled: Decimal(scaled).scaleb(-4))


@settings(max_examples=60)
@given(gross=amounts, non_final=st.none() | amounts, off=st.sampled_from(["0", "0.0001", "-0.0001", "1"]))
def test_corrected_is_exactly_gross_less_non_final(gross: Decimal, non_final: Decimal | None, off: str) -> None:
    corrected = gross - (non_final or 0) + Decimal(off)
    row = (plain(gross), "" if non_final is None else plain(non_final), plain(corrected))
    assert broken(declared(other={7: row}), "NFD-01") == ([] if off == "0" else [10])


def test_an_unreadable_non_final_leaves_the_arithmetic_alone() -> None:
    body = declared(other={1: ("12.5", "2.2x", "99")}, total=("600", "108", "492"))
    assert broken(body, "FLD-04") == [4]
    assert broken(body, "NFD-01") == []


@settings(max_examples=60)
@given(gross=amounts, non_final=amounts)
def test_non_final_is_a_part_of_the_gross(gross: Decimal, non_final: Decimal) -> None:
    row = (plain(gross), plain(non_final), plain(gross - non_final))
    fits = 0 <= non_final <= gross or non_final == 0
    assert broken(declared(other={1: row}), "NFD-02") == ([] if fits else [4])


@pytest.mark.parametrize(("gross", "lines"), [("0", []), ("-0.0001", [4])])
def test_negative_gross_demand_is_told(gross: str, lines: list[int]) -> None:
    judgement = judge(undeclared(other={1: (gross, "", gross)}))
    assert lines_broken(judgement, "NFD-03") == lines
    assert judgement.outcome == "ACCEPTED"


@pytest.mark.parametrize(("day", "due"), [(SHORT_DAY, 46), ("20261030", 48), (LONG_DAY, 50)])
@pytest.mark.parametrize("periods", [1, 45, 46, 47, 48, 49, 50])
def test_a_day_has_as_many_periods_as_half_hours(day: str, due: int, periods: int) -> None:
    judgement = judge(undeclared(day=day, periods=periods))
    assert lines_broken(judgement, "NFD-04") == ([] if periods == due else [3])
    if periods != due:
        (message,) = judgement.breaches["message"]
        assert message == f"{periods} periods stand below, {day} has {due}"


def swapped(body: str, period: int, stray: int) -> str:
    return body.replace(f"NFP|{period}|", f"NFP|{stray}|")


@pytest.mark.parametrize(("period", "stray"), [(1, 2), (48, 47), (20, 21), (1, 0), (48, 49)])
def test_periods_stand_once_and_in_order(period: int, stray: int) -> None:
    other = unit_of(UNDECLARED, OF_UNDECLARED, measurement_class="E")
    wrong = swapped(unit_of(UNDECLARED, OF_UNDECLARED), period, stray)
    judgement = judge(run_of(other, wrong))
    assert lines_broken(judgement, "NFD-04") == [53]
    assert judgement.breaches["message"].to_list() == [f"period {stray} stands in place {period} of 48"]
    assert judgement.units["outcome"].to_list() == ["A", "R"]


def test_an_unreadable_period_leaves_the_order_alone() -> None:
    body = swapped(undeclared(), 3, 3).replace("NFP|3|", "NFP|x|").replace("NFP|9|", "NFP|8|")
    assert broken(body, "FLD-03") == [6]
    assert broken(body, "NFD-04") == []


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(amounts, amounts), min_size=46, max_size=46),
    off=st.tuples(*[st.sampled_from([Decimal(0), Decimal("0.0001")])] * 3),
)
def test_totals_are_the_exact_sums(rows: list[tuple[Decimal, Decimal]], off: tuple[Decimal, ...]) -> None:
    other = {period: (plain(gross), plain(part), plain(gross - part)) for period, (gross, part) in enumerate(rows, 1)}
    gross, part = (sum(column, Decimal()) for column in zip(*rows, strict=True))
    total = tuple(plain(value + more) for value, more in zip((gross, part, gross - part), off, strict=True))
    body = declared(other=other, total=(total[0], total[1], total[2]), day=SHORT_DAY, periods=46)
    found = judge(body).breaches.filter(rule="NFD-05")
    items = ["Gross Demand", "Non-Final Demand", "Corrected Demand"]
    assert found["item"].to_list() == [item for item, more in zip(items, off, strict=True) if more]
    assert set(found["line"]) <= {50}


def test_a_sum_over_a_malformed_value_is_not_told() -> None:
    body = undeclared(other={1: ("12.5", "", "12.5")}).replace("NFP|1|12.5||12.5|", "NFP|1|12,5||12.5|")
    found = judge(body.replace("NFT|600||600|", "NFT|1||1|")).breaches
    assert found.filter(rule="NFD-05")["item"].to_list() == ["Corrected Demand"]


@pytest.mark.parametrize(("total", "lines"), [("", [52]), ("0", [52]), ("108", [])])
def test_an_empty_total_counts_as_0(total: str, lines: list[int]) -> None:
    assert broken(declared(total=("600", total, "492")), "NFD-05") == lines
    assert broken(undeclared().replace("NFT|600||", "NFT|600|0|"), "NFD-05") == []


def test_declared_demand_is_there_in_every_period_and_undeclared_in_none() -> None:
    assert broken(declared(other={5: ("12.5", "", "12.5")}), "NFD-06") == [8]
    assert broken(declared(other={5: ("12.5", "0", "12.5")}), "NFD-06") == []
    assert broken(undeclared(other={5: ("12.5", "0", "12.5")}), "NFD-06") == [8]
    assert broken(declared(other={5: ("12.5", "2.2x", "12.5")}, total=("600", "108", "492")), "NFD-06") == []


def test_a_declaration_counts_on_its_days_alone() -> None:
    known = references()
    ended = known["declared_metering_systems"].with_columns(effective_to=pl.lit(date(2026, 10, 29)))
    known["declared_metering_systems"] = ended
    assert len(broken(declared(), "NFD-06", known=known)) == 48
    assert broken(declared(day="20261029"), "NFD-06", known=known) == []


def test_nothing_is_told_of_declarations_on_the_units_of_others() -> None:
    judgement = judge(declared(), sender="OTHR")
    assert judgement.breaches["rule"].unique().to_list() == ["IDN-02"]


@pytest.mark.parametrize(("value", "lines"), [("25", []), ("25.0001", [4])])
def test_the_declared_maximum_bounds_half_an_hour_of_import(value: str, lines: list[int]) -> None:
    row = ("100", value, plain(100 - Decimal(value)))
    assert broken(declared(other={1: row}), "NFD-07") == lines


def test_a_facility_counts_once_and_every_facility_counts() -> None:
    known = references()
    systems = known["declared_metering_systems"]
    again = systems.with_columns(facility_id=pl.lit("BATTERY-2"), maximum_import_capacity=pl.lit(10_000, pl.Int64))
    known["declared_metering_systems"] = pl.concat([systems, again])
    assert broken(declared(other={1: ("100", "30", "70")}), "NFD-07", known=known) == []
    assert broken(declared(other={1: ("100", "30.0001", "69.9999")}), "NFD-07", known=known) == [4]


@pytest.mark.parametrize(("gross", "items"), [("1249.9999", []), ("1250", ["Gross Demand"])])
def test_a_hundred_times_the_run_before_suggests_another_unit(gross: str, items: list[str]) -> None:
    row = (gross, "2.25", plain(Decimal(gross) - Decimal("2.25")))
    found = judge(declared(run="R1", other={1: row}), known=on_record(declared())).breaches
    assert found.filter(rule="NFD-08")["item"].to_list() == items


def test_a_hundred_times_the_declared_suggests_another_unit() -> None:
    assert broken(declared(other={1: ("9999", "2500", "7499")}), "NFD-08") == [4]
    assert broken(declared(other={1: ("9999", "2499.9999", "7499.0001")}), "NFD-08") == []


def test_runs_that_are_no_earlier_ones_say_nothing_of_size() -> None:
    known = on_record(declared(run="R1"))
    for run in ("SF", "R1"):
        body = declared(run=run, other={1: ("12500", "22", "12478")})
        assert broken(body, "NFD-08", known=known) == []


def test_the_run_before_is_the_last_of_the_earlier_ones() -> None:
    known = on_record(declared(("0.1", "0.01", "0.09")), declared(run="R1"))
    assert broken(declared(run="RF"), "NFD-08", known=known) == []
    assert len(broken(declared(run="RF"), "NFD-08", known=on_record(declared(("0.1", "0.01", "0.09"))))) == 96


@pytest.mark.parametrize("slice_records", [60, 250_000])
def test_a_unit_and_class_stand_once_in_a_file(slice_records: int) -> None:
    units = [unit_of(UNDECLARED, OF_UNDECLARED, measurement_class=letter) for letter in "CDC"]
    judgement = judge(run_of(*units), slice_records=slice_records)
    assert lines_broken(judgement, "NFD-09") == [3, 103]
    assert judgement.units["outcome"].to_list() == ["R", "A", "R"]
    assert judgement.units["key"].to_list() == [f"{UNDECLARED} {letter}" for letter in "CDC"]


@pytest.mark.parametrize(("unit", "group", "lines"), [(UNDECLARED, "_C", []), ("C__FACME001", "_F", []),
                                                      ("T_DINO-1", "_C", [3]), ("V__CACME001", "_C", [3])])  # fmt: skip
def test_only_supplier_units_have_aggregated_demand(unit: str, group: str, lines: list[int]) -> None:
    assert broken(run_of(unit_of(unit, OF_UNDECLARED, group=group)), "NFD-10") == lines


@pytest.mark.parametrize(("day", "periods", "lines"), [("20261101", 48, []), ("20261102", 48, [2]),
                                                       ("20230223", 48, []), ("20230222", 48, [2])])  # fmt: skip
def test_the_day_is_past_and_of_p419(day: str, periods: int, lines: list[int]) -> None:
    assert broken(undeclared(day=day, periods=periods), "NFD-11") == lines


def test_a_day_is_past_at_london_midnight() -> None:
    body = undeclared(day=LONG_DAY, periods=50)
    before, after = datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)
    assert broken(body, "NFD-11", received_at=before) == [2]
    assert broken(body, "NFD-11", received_at=after) == []


@pytest.mark.parametrize(("run", "lines"), [("II", [2]), ("SF", [2]), ("R1", []), ("RF", []), ("DF", [])])
def test_runs_do_not_go_backwards(run: str, lines: list[int]) -> None:
    known = on_record(declared(run="R1"))
    assert broken(declared(run=run), "NFD-12", known=known) == lines
    assert broken(declared(run=run, day="20261029"), "NFD-12", known=known) == []


def test_a_later_file_replaces_the_demand_of_the_same_run_alone() -> None:
    known = on_record(declared(), declared())
    judgement = judge(declared(), known=known)
    assert lines_broken(judgement, "NFD-13") == [3]
    assert judgement.outcome == "ACCEPTED"
    assert judgement.breaches["message"].to_list() == [
        f"the demand of {DECLARED} on 20261030 in this run replaces that received 2026-11-02 08:30:01 GMT"
    ]
    assert broken(declared(run="R1"), "NFD-13", known=known) == []
    assert broken(undeclared(), "NFD-13", known=known) == []


@pytest.mark.parametrize(
    ("value", "lines"), [("3.6", []), ("3.6001", [52]), ("0.9", []), ("0.8999", [52]), ("2.25", [])]
)
def test_the_days_non_final_demand_changes_by_60_percent_at_most(value: str, lines: list[int]) -> None:
    row = ("12.5", value, plain(Decimal("12.5") - Decimal(value)))
    assert broken(declared(row, run="R1"), "NFD-14", known=on_record(declared())) == lines


def test_a_day_is_compared_with_its_last_replacement() -> None:
    known = on_record(declared(("12.5", "0.5", "12")), declared())
    assert broken(declared(run="R1"), "NFD-14", known=known) == []
    assert broken(declared(run="R1"), "NFD-14", known=on_record(declared(("12.5", "0.5", "12")))) == [52]


@pytest.mark.parametrize(("day", "lines"), [(1, [2]), (2, []), (20, []), (21, [2])])
def test_a_run_takes_demand_between_its_dates(day: int, lines: list[int]) -> None:
    at = datetime(2026, 11, day, 12, tzinfo=UTC)
    assert broken(undeclared(day="20261029"), "NFD-15", received_at=at) == lines


def test_without_a_calendar_any_day_will_do() -> None:
    known: Mapping[str, pl.DataFrame] = {
        **references(),
        "settlement_calendar": references()["settlement_calendar"].clear(),
    }
    assert broken(undeclared(day="20261028"), "NFD-15", known=known) == []


@pytest.mark.parametrize("slice_records", [60, 250_000])
def test_what_is_accepted_is_on_record_period_by_period(slice_records: int) -> None:
    units = [
        unit_of(DECLARED, OF_DECLARED, periods=50),
        unit_of(UNDECLARED, OF_DECLARED, periods=50),
        unit_of(UNDECLARED, OF_UNDECLARED, periods=50, other={50: ("-1", "", "-1")}, measurement_class="G"),
    ]
    body = run_of(*units, day=LONG_DAY)
    judgement = judge(body, slice_records=slice_records)
    assert judgement.units["outcome"].to_list() == ["A", "R", "W"]
    known: References = in_force_after(references(), judgement, RECEIVED_AT, "S", flow=FLOW, body=body)
    found = known["aggregated_demand"]
    assert found.select("bm_unit_id", "measurement_class", "line").rows() == [
        (DECLARED, "C", 3),
        (UNDECLARED, "G", 107),
    ]
    assert found["gross_demand"].to_list() == [[125_000] * 50, [*[125_000] * 49, -10_000]]
    assert found["non_final_demand"].to_list() == [[22_500] * 50, [None] * 50]
    assert found.select("settlement_date", "settlement_run_type", "run_number").unique().rows() == [
        (date(2026, 10, 25), "SF", 1)
    ]


def test_a_unit_that_cannot_be_read_is_named_by_its_line() -> None:
    judgement = judge(run_of(unit_of("", OF_UNDECLARED), unit_of(UNDECLARED, OF_UNDECLARED)))
    assert judgement.units.select("key", "outcome").rows() == [("line 3", "R"), (f"{UNDECLARED} C", "A")]
