from datetime import UTC, date, datetime

import polars as pl

from market.header import Header
from outbound.answered import Answered
from outbound.flow_answers import ANSWERS

AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
LONG_DAY = date(2026, 10, 25)
MSIDS = ["1200000000207", "1200000000401"]

UNITS = pl.Schema(
    {
        "line": pl.UInt32(),
        "bm_unit_id": pl.String(),
        "gsp_group_id": pl.String(),
        "measurement_class": pl.String(),
        "NFH.settlement_date": pl.Date(),
        "NFH.settlement_run_type": pl.String(),
        "NFH.run_number": pl.Int64(),
        "declared.found": pl.Boolean(),
        "declared.msids": pl.List(pl.String()),
        "given.non_final": pl.Int64(),
        "given.without": pl.Int64(),
        "rule": pl.String(),
        "reason": pl.String(),
    }
)


def unit(line: int, **named: object) -> dict[str, object]:
    """A unit of 50 periods, declared, with the demand of every period."""
    return {
        "line": line,
        "bm_unit_id": "2__CACME001",
        "gsp_group_id": "_C",
        "measurement_class": "C",
        "NFH.settlement_date": LONG_DAY,
        "NFH.settlement_run_type": "SF",
        "NFH.run_number": 3,
        "declared.found": True,
        "declared.msids": MSIDS,
        "given.non_final": 50,
        "given.without": 0,
        **named,
    }


def undeclared(line: int, **named: object) -> dict[str, object]:
    return unit(line, **{"declared.found": False, "declared.msids": None, **named})


def answers(
    accepted: list[dict[str, object]] | None = None,
    refused: list[dict[str, object]] | None = None,
    warned: list[dict[str, object]] | None = None,
) -> dict[str, list[str]]:
    """The body lines of the answers that leave, by type."""
    answered = Answered(*(pl.DataFrame(rows or [], UNITS) for rows in (accepted, refused, warned)))
    found = {}
    for answer in ANSWERS["K4192001"]:
        records = answer.records(answered)
        if records:
            header = Header(answer.file_type, "D", AT, "G", "UKDC", "BP", "ACME", 7)
            found[answer.file_type] = answer.write(header, records).decode().splitlines()[1:-1]
    return found


def test_missing_demand_names_each_import_msid_of_the_declarations() -> None:
    refused = [unit(3, **{"given.non_final": 49, "given.without": 1})]
    assert answers(refused=refused) == {
        "P0310001": [f"MDM|20261025|SF|_C|{msid}||NFD-06 no D0385/D0390 data yet|" for msid in MSIDS]
    }


def test_a_unit_refused_for_something_else_has_no_notice() -> None:
    assert answers(refused=[unit(3)]) == {}
    assert answers(refused=[undeclared(3, **{"given.non_final": 0, "given.without": 50})]) == {}
    assert answers(accepted=[unit(3)]) == {}


def test_of_a_unit_that_the_sender_does_not_lead_nothing_is_told() -> None:
    assert answers(refused=[unit(3, **{"declared.found": None, "declared.msids": None, "given.without": 50})]) == {}


def test_undeclared_demand_is_unexpected_and_names_no_msid() -> None:
    assert answers(refused=[undeclared(3)]) == {
        "P0311001": ["HDI|20261025|SF|3|_C|20261102093000|", "MDI|20261025|SF|_C|||NFD-06 Non-Final Demand unexpected|"]
    }


def test_demand_beyond_the_declared_is_told_once_a_unit_and_msid() -> None:
    beyond = {"rule": "NFD-07", "reason": "NFD-07 Non-Final Demand 60 MWh is above 25 MWh"}
    found = answers(accepted=[unit(3)], warned=[unit(3, **beyond), unit(3, **beyond)])
    assert found == {
        "P0311001": [
            "HDI|20261025|SF|3|_C|20261102093000|",
            *(f"MDI|20261025|SF|_C|{msid}||NFD-07 Non-Final Demand invalid|" for msid in MSIDS),
        ]
    }


def test_what_holds_for_two_measurement_classes_is_told_once() -> None:
    classes = [unit(line, measurement_class=class_) for line, class_ in ((3, "C"), (55, "E"))]
    missing = [{**one, "given.non_final": 49, "given.without": 1} for one in classes]
    found = answers(refused=missing)
    assert found == answers(refused=missing[:1])
    beyond = [{**one, "rule": "NFD-07"} for one in classes]
    assert answers(accepted=classes, warned=beyond) == answers(accepted=classes[:1], warned=beyond[:1])


def test_the_header_has_no_code_for_the_run_ii_and_no_group_where_there_are_several() -> None:
    refused = [
        undeclared(3, **{"NFH.settlement_run_type": "II"}),
        undeclared(55, **{"NFH.settlement_run_type": "II", "gsp_group_id": "_F", "bm_unit_id": "C__FACME001"}),
    ]
    assert answers(refused=refused)["P0311001"] == [
        "HDI|20261025||3||20261102093000|",
        "MDI|20261025|II|_C|||NFD-06 Non-Final Demand unexpected|",
        "MDI|20261025|II|_F|||NFD-06 Non-Final Demand unexpected|",
    ]


def test_the_code_of_a_dispute_run_is_dr() -> None:
    found = answers(refused=[undeclared(3, **{"NFH.settlement_run_type": "D"})])
    assert found["P0311001"][0] == "HDI|20261025|DR|3|_C|20261102093000|"
