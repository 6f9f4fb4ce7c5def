from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lines import index_lines
from ingest.records import slices
from ingest.structure import structure_of
from market.character_set import ALLOWED
from market.fault import Fault
from market.frames import typed_schema
from market.header import Header
from market.layout import file_types, layout
from outbound.answered import Answered
from outbound.flow_answers import ANSWERS, FlowAnswer
from validators.fields import field_checks

Row = dict[str, Any]

AT = datetime(2026, 9, 14, 9, 30, tzinfo=UTC)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
NOTICES = ("K4192001",)
"""The flows whose answers repeat no refused record: tests/outbound/test_metering_system_notices.py."""
MORE: dict[str, dict[str, pl.DataType]] = {
    "P0328001": {"settlement_date": pl.Date()},
    "P0282002": {"msid_pair_indicator": pl.String()},
    "K4192001": {
        "declared.found": pl.Boolean(),
        "declared.msids": pl.List(pl.String()),
        "given.non_final": pl.Int64(),
        "given.without": pl.Int64(),
        "NFH.settlement_date": pl.Date(),
        "NFH.settlement_run_type": pl.String(),
        "NFH.run_number": pl.Int64(),
    },
}


def units(flow: str, rows: Sequence[Row]) -> pl.DataFrame:
    """The frame of a flow's units: every item of its records, and what its acceptance adds."""
    items = {column: dtype for record in layout(flow).records for column, dtype in typed_schema(record).items()}
    columns = {**items, **MORE.get(flow, {}), "reason": pl.String(), "rule": pl.String(), "line": pl.UInt32()}
    return pl.DataFrame([{column: row.get(column) for column in columns} for row in rows], columns)


def answers(
    flow: str, accepted: Sequence[Row] = (), refused: Sequence[Row] = (), warned: Sequence[Row] = ()
) -> dict[str, bytes]:
    """The files that leave, by type, in their order."""
    answered = Answered(units(flow, accepted), units(flow, refused), units(flow, warned))
    told = [(answer, answer.records(answered)) for answer in ANSWERS[flow]]
    return {answer.file_type: answer.write(header(answer), records) for answer, records in told if records}


def header(answer: FlowAnswer) -> Header:
    return Header(answer.file_type, "D", AT, "G", "UKDC", "VP", "FLEX", 7)


def body(file: bytes) -> list[str]:
    """The lines of a file between AAA and ZZZ, which its structure must fit."""
    lines = index_lines(file)
    text = file.decode().splitlines()
    assert structure_of(lines, layout(text[0].split("|")[1]), 10).places == ()
    return text[1:-1]


def sev(line: int, day: date | None, period: int | None, volume: int | None, **more: Any) -> Row:
    row = {
        "line": line, "bm_unit_id": "V__FFLEX001", "sev_effective_from_date": day, "sev_effective_to_date": day,
        "settlement_date": day, "settlement_period_id": period, "submitted_expected_volume": volume,
    }  # fmt: skip
    return {**row, **more}


def test_every_answer_is_an_outgoing_flow_to_an_incoming_one() -> None:
    assert all(layout(flow).direction == "in" for flow in ANSWERS)
    assert all(layout(answer.file_type).direction == "out" for flow in ANSWERS.values() for answer in flow)
    assert set(ANSWERS) < set(file_types())


@pytest.mark.parametrize("flow", ANSWERS)
def test_nothing_to_say_is_no_answer(flow: str) -> None:
    assert answers(flow) == {}


def test_a_whole_answer_has_header_and_footer() -> None:
    file = answers("P0328001", accepted=[sev(4, AUTUMN, 50, 5_000)])["P0330001"]
    assert file == b"AAA|P0330001|D|20260914093000|G|UKDC|VP|FLEX|7||\nBSA|V__FFLEX001|\nZZZ|3|744426501|\n"


def test_accepted_units_stand_once_in_the_order_of_the_file() -> None:
    rows = [
        sev(5, AUTUMN, 1, 0), sev(9, AUTUMN, 1, 0, bm_unit_id="C__AFLEX001"), sev(4, AUTUMN, 2, 0),
        sev(3, AUTUMN, 50, 0, bm_unit_id="V__FFLEX002", outcome="N"),
    ]  # fmt: skip
    file = answers("P0328001", accepted=rows)["P0330001"]
    assert body(file) == ["BSA|V__FFLEX002|", "BSA|V__FFLEX001|", "BSA|C__AFLEX001|"]


def test_answers_leave_as_acceptance_rejection_warning() -> None:
    row = sev(4, AUTUMN, 50, 5_000, reason="SEV-08 no pair has indicator S", rule="SEV-08")
    assert list(answers("P0328001", [row], [row], [row])) == ["P0330001", "P0329001", "P0331001"]


def test_a_rejection_tells_every_item_that_has_a_value() -> None:
    late = "SEV-03 received 09:30:00, Gate Closure 09:30:00"
    rows = [
        sev(6, AUTUMN, 50, -120_001, reason=late),
        sev(4, SPRING, 46, 0, reason=late),
        sev(5, None, None, None, reason="FLD-01 BM Unit Id is missing", bm_unit_id=None),
    ]
    assert body(answers("P0328001", refused=rows)["P0329001"]) == [
        f"BSR|V__FFLEX001|20260329|20260329|46|0|{late}|",
        "BSR||||||FLD-01 BM Unit Id is missing|",
        f"BSR|V__FFLEX001|20261025|20261025|50|-12.0001|{late}|",
    ]


def test_a_refused_unit_of_a_range_is_told_by_its_own_day() -> None:
    days = {"sev_effective_from_date": date(2026, 10, 24), "sev_effective_to_date": date(2026, 10, 26)}
    rows = [
        sev(4, AUTUMN, 50, 10_000, reason="SEV-03 late", **days),
        sev(5, None, 51, 10_000, reason="SEV-04 no day has period 51", **days),
        sev(6, None, 12, 10_000, reason="SEV-02 late", sev_effective_from_date=AUTUMN),
    ]
    assert body(answers("P0328001", refused=rows)["P0329001"]) == [
        "BSR|V__FFLEX001|20261025|20261025|50|1|SEV-03 late|",
        "BSR|V__FFLEX001|20261024|20261026|51|1|SEV-04 no day has period 51|",
        "BSR|V__FFLEX001|20261025||12|1|SEV-02 late|",
    ]


def test_a_reason_is_cut_to_its_item_and_made_safe() -> None:
    long = "SEV-03 " + "x" * 92 + " yz"
    rows = [sev(4, AUTUMN, 1, 0, reason=long), sev(5, AUTUMN, 2, 0, reason="SEV-03 `|` late")]
    cut, safe = body(answers("P0328001", refused=rows)["P0329001"])
    assert cut.split("|")[6] == "SEV-03 " + "x" * 92
    assert safe.split("|")[6] == "SEV-03 ??? late"
    whole = body(answers("P0328001", refused=[sev(4, AUTUMN, 1, 0, reason="SEV-03 " + "x" * 93)])["P0329001"])
    assert whole[0].split("|")[6] == "SEV-03 " + "x" * 93


def test_a_warning_stands_under_each_unit_and_date() -> None:
    why = {"reason": "SEV-08 no pair has indicator S", "rule": "SEV-08"}
    days = {"sev_effective_from_date": date(2026, 10, 24), "sev_effective_to_date": AUTUMN}
    other = {"bm_unit_id": "C__AFLEX001", **why}
    rows = [
        sev(7, AUTUMN, 1, 5_000, **other),
        *(sev(line, day, line, 5_000, **{**days, **why}) for line in (4, 5) for day in (AUTUMN, date(2026, 10, 24))),
    ]
    assert body(answers("P0328001", warned=rows)["P0331001"]) == [
        "BSX|V__FFLEX001|20261024|",
        "BSW|4|0.5|SEV-08 no pair has indicator S|",
        "BSW|5|0.5|SEV-08 no pair has indicator S|",
        "BSX|V__FFLEX001|20261025|",
        "BSW|4|0.5|SEV-08 no pair has indicator S|",
        "BSW|5|0.5|SEV-08 no pair has indicator S|",
        "BSX|C__AFLEX001|20261025|",
        "BSW|1|0.5|SEV-08 no pair has indicator S|",
    ]


@pytest.mark.parametrize(("day", "last"), [(SPRING, 46), (AUTUMN, 50)])
def test_a_default_is_warned_of_on_its_from_date(day: date, last: int) -> None:
    default = {"settlement_date": None, "sev_effective_to_date": None, "reason": "SEV-08 none", "rule": "SEV-08"}
    rows = [sev(3 + period, day, period, period, **default) for period in range(1, last + 1)]
    head, *periods = body(answers("P0328001", warned=rows)["P0331001"])
    assert head == f"BSX|V__FFLEX001|{day:%Y%m%d}|"
    assert [line.split("|")[1] for line in periods] == [str(period) for period in range(1, last + 1)]


def test_other_warnings_are_the_reports_alone() -> None:
    row = sev(4, AUTUMN, 2, 0, reason="SEV-10 period 2 stands behind 3", rule="SEV-10")
    assert list(answers("P0328001", [row], [], [row])) == ["P0330001"]


PAIR = {
    "line": 6, "settlement_date": AUTUMN, "gsp_group_id": "_K", "bm_unit_id": "V__KFLEX001",
    "msid_pair_indicator": "T", "import_msid": 1_200_012_345_679, "export_msid": 1_200_012_345_688,
    "settlement_period_id": 50, "delivered_volume": -12_345, "reason": "DLV-02 not allocated",
}  # fmt: skip
AMSID = {**PAIR, "line": 7, "msid_pair_indicator": "A", "import_amsid": 8_000_000_000_017, "export_amsid": None}


def test_delivered_volumes_are_confirmed_by_their_date_alone() -> None:
    accepted = [PAIR, {**PAIR, "line": 7, "settlement_period_id": 49}]
    assert list(answers("P0282002", accepted)) == ["P0284001"]
    assert body(answers("P0282002", accepted, [PAIR])["P0284001"]) == ["MSF|20261025|||||||"]


def test_refused_delivered_volumes_tell_pair_period_and_volume() -> None:
    rows = [AMSID, PAIR, {**PAIR, "line": 8, "settlement_period_id": None, "delivered_volume": None}]
    assert body(answers("P0282002", refused=rows)["P0283002"]) == [
        "MSR|20261025|_K|V__KFLEX001|T|1200012345679|1200012345688|||50|-1.2345|DLV-02 not allocated|",
        "MSR|20261025|_K|V__KFLEX001|A|1200012345679|1200012345688|8000000000017||50|-1.2345|DLV-02 not allocated|",
        "MSR|20261025|_K|V__KFLEX001|T|1200012345679|1200012345688|||||DLV-02 not allocated|",
    ]


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        (PAIR, "T|1200012345679"),
        ({**PAIR, "import_msid": None}, "|"),
        (AMSID, "A|1200012345679"),
        ({**AMSID, "import_amsid": None}, "|1200012345679"),
        ({**AMSID, "import_msid": None}, "|"),
    ],
)
def test_the_indicator_stands_only_beside_the_ids_that_it_needs(row: Row, shown: str) -> None:
    (line,) = body(answers("P0282002", refused=[row])["P0283002"])
    assert "|".join(line.split("|")[4:6]) == shown


DETAIL = {
    "line": 2, "participant_id": "FLEX", "bm_unit_id": "V__KFLEX001", "msid_pair_indicator": "T",
    "import_msid": 1_200_012_345_679, "bm_unit_baselining_efd": AUTUMN, "baselining_indicator": "B",
    "baselining_methodology": "BL01", "event_day": SPRING, "event_day_type": "O",
    "bm_unit_baselining_status_effective_from_date": AUTUMN, "bm_unit_baselining_status": "T",
    "reason": "BLD-01 Participant Id FLEX is not ACME",
}  # fmt: skip
DETAIL_2 = {**DETAIL, "line": 3, "msid_pair_indicator": "A", "import_msid": None, "import_amsid": 8_000_000_000_017}
REPEATED = [
    ("P0326001", "P0334001", "P0327001", "PV1 PU1 PU2", "FLEX|V__KFLEX001|T||1200012345679|20261025|B|BL01|"),
    ("P0323001", "P0325001", "P0324001", "PY1 PX1 PX2", "FLEX|V__KFLEX001|T||1200012345679|20260329|O|"),
    ("P0335001", "P0337001", "P0336001", "PS1 PR1 PR2", "FLEX|V__KFLEX001|20261025|T|"),
]


@pytest.mark.parametrize(("flow", "yes", "no", "types", "items"), REPEATED)
def test_what_was_sent_is_repeated(flow: str, yes: str, no: str, types: str, items: str) -> None:
    confirmed, echo, why = types.split()
    other = items.replace("T||1200012345679", "A|8000000000017|")
    told = answers(flow, [DETAIL_2, DETAIL], [DETAIL_2, DETAIL])
    assert list(told) == [yes, no]
    assert body(told[yes]) == [f"{confirmed}|{items}", f"{confirmed}|{other}"]
    reason = f"{why}|BLD-01 Participant Id FLEX is not ACME|"
    assert body(told[no]) == [f"{echo}|{items}", reason, f"{echo}|{other}", reason]


@pytest.mark.parametrize(("flow", "yes", "no"), [row[:3] for row in REPEATED])
def test_a_rejection_leaves_out_what_the_party_left_out_and_a_confirmation_cannot(flow: str, yes: str, no: str) -> None:
    empty = {"line": 2, "reason": "FLD-01 BM Unit Id is missing"}
    echo, why = body(answers(flow, refused=[empty])[no])
    assert set(echo[3:]) == {"|"}
    assert why[3:] == "|FLD-01 BM Unit Id is missing|"
    with pytest.raises(Fault, match=f"{yes} .*: a value of Participant Id is not text"):
        answers(flow, accepted=[empty])


def test_a_rejection_without_a_reason_is_a_fault() -> None:
    with pytest.raises(Fault, match="Rejection Reason"):
        answers("P0326001", refused=[{**DETAIL, "reason": None}])


def typed_values(flow: str) -> st.SearchStrategy[Row]:
    """A unit of a flow with any values of its items, null too."""
    days = st.dates(date(2001, 3, 27), date(2100, 1, 1)) | st.sampled_from([SPRING, AUTUMN])
    kinds = {"date": days, "boolean": st.sampled_from("TF")}
    found: dict[str, st.SearchStrategy[Any]] = {}
    for record in layout(flow).records:
        for item in record.items:
            most = 10**item.type.digits - 1
            numbers = st.integers(-most, most) if item.type.kind == "decimal" else st.integers(0, most)
            texts = st.sampled_from(item.valid) if item.valid else words(item.type.digits)
            held = texts if item.type.kind == "text" else kinds.get(item.type.kind, numbers)
            found[item.column] = st.none() | held
    return st.fixed_dictionaries({**found, "reason": words(120), "settlement_date": st.none() | days,
                                  "msid_pair_indicator": st.sampled_from("TA")})  # fmt: skip


def words(most: int) -> st.SearchStrategy[str]:
    characters = ALLOWED.decode().replace(" ", "")
    return st.text(st.sampled_from(characters), min_size=1, max_size=most)


@pytest.mark.parametrize("flow", [flow for flow in ANSWERS if flow not in NOTICES])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_refused_can_be_read_back(flow: str, data: st.DataObject) -> None:
    rows = [
        {**row, "line": n} for n, row in enumerate(data.draw(st.lists(typed_values(flow), min_size=1, max_size=4)), 4)
    ]
    answer = ANSWERS[flow][1]
    records = answer.records(Answered(units(flow, []), units(flow, rows), units(flow, [])))
    lines = index_lines(answer.write(header(answer), records))
    flow_out = layout(answer.file_type)
    (piece,) = slices(lines, structure_of(lines, flow_out, 10))
    assert len(records[flow_out.records[0].type]) == len(rows)
    for record in flow_out.records:
        columns = [item.column for item in record.items]
        read = {**piece.upper, **piece.frames}[record.type]
        assert read.select("line", *columns).equals(records[record.type].select("line", *columns))
        for check in field_checks(record):
            may_lack = check.rule == "FLD-01" and record.type in answer.echoes
            assert may_lack or read.filter(check.broken).is_empty(), check.rule
