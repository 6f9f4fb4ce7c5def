from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.character_set import ALLOWED
from market.checksum import checksum
from market.fault import Fault
from market.frames import typed_schema
from market.header import Header
from market.item_type import ItemType, Kind
from market.layout import Item, Layout, Record, file_types, layout
from outbound.writer import body, file, record_line, sealed

HEADER = Header(
    "K0151001", "D", datetime(2026, 11, 10, 9, 30, tzinfo=UTC), "BP", "ACME", "CR", "UKDC", 18, "TR01"
)  # fmt: skip
DECLARATION = layout("K0151001")


def typed(flow: Layout, record_type: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = pl.Schema({"line": pl.UInt32(), **typed_schema(flow.record(record_type))})
    return pl.DataFrame([{column: row.get(column) for column in schema} for row in rows], schema)


def declaration(**value: Any) -> dict[str, pl.DataFrame]:
    head = {
        "line": 2, "declaration_type": "S", "bsc_season": "WIN", "season_start_year": 2026,
        "authorised_signatory_name": "A N Other",
    }  # fmt: skip
    row = {"line": 3, "bm_unit_id": "T_ACME-1", "effective_from_date": date(2026, 12, 1), **value}
    return {"GCH": typed(DECLARATION, "GCH", [head]), "GCV": typed(DECLARATION, "GCV", [row])}


def test_a_file_is_header_body_and_footer() -> None:
    frames = declaration(generation_capacity=99_500, demand_capacity=-2_000)
    assert file(HEADER, DECLARATION, frames) == (
        b"AAA|K0151001|D|20261110093000|BP|ACME|CR|UKDC|18|TR01|\n"
        b"GCH|S|WIN|2026|A N Other|\n"
        b"GCV|T_ACME-1|20261201|99.5|-2|||\n"
        b"ZZZ|4|2101966181|\n"
    )


def test_records_stand_in_order_of_line_whatever_their_type() -> None:
    heads = [
        {"line": line, "declaration_type": "M", "bsc_season": "SPR", "season_start_year": 2027,
         "authorised_signatory_name": "N"} for line in (5, 2)
    ]  # fmt: skip
    values = [
        {"line": line, "bm_unit_id": f"T_{line}", "effective_from_date": date(2027, 3, 1)} for line in (6, 3, 4)
    ]  # fmt: skip
    text = body(DECLARATION, {"GCV": typed(DECLARATION, "GCV", values), "GCH": typed(DECLARATION, "GCH", heads)})
    assert [line[:8] for line in text.splitlines()] == [b"GCH|M|SP", b"GCV|T_3|", b"GCV|T_4|", b"GCH|M|SP", b"GCV|T_6|"]


def test_records_made_in_pieces_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    heads = [{"line": line, "declaration_type": "M", "bsc_season": "SPR", "season_start_year": 2027,
              "authorised_signatory_name": "N"} for line in (2, 9)]  # fmt: skip
    values = [{"line": n, "bm_unit_id": f"T_{n}", "effective_from_date": date(2027, 3, 1)} for n in (3, 12, 5, 4, 10)]
    frames = {"GCH": typed(DECLARATION, "GCH", heads), "GCV": typed(DECLARATION, "GCV", values)}
    whole = body(DECLARATION, frames)
    monkeypatch.setattr("outbound.writer.PIECE", 2)
    assert body(DECLARATION, frames) == whole
    assert whole.count(b"\n") == 7


def test_an_echo_may_lack_what_is_mandatory_and_nothing_else() -> None:
    frames = declaration(bm_unit_id=None)
    assert b"GCV||20261201|||||\n" in body(DECLARATION, frames, echoes=("GCV",))
    with pytest.raises(Fault, match="BM Unit Id"):
        body(DECLARATION, frames, echoes=("GCH",))
    with pytest.raises(Fault, match="Generation Capacity"):
        body(DECLARATION, declaration(bm_unit_id=None, generation_capacity=10**13), echoes=("GCV",))


def test_no_frames_make_no_records() -> None:
    assert body(DECLARATION, {}) == b""
    assert body(DECLARATION, {"GCH": typed(DECLARATION, "GCH", [])}) == b""


def test_characters_outside_the_set_become_question_marks() -> None:
    frames = declaration(bm_unit_id="a|b\né$<\x00x")
    assert b"GCV|a?b?????x|2026" in body(DECLARATION, frames)
    assert record_line("ADT", "a|b\nc`~>") == b"ADT|a?b?c???|\n"


def test_every_character_of_the_set_is_kept() -> None:
    flow = layout("K9001001")
    units = typed(
        flow, "VRU", [{"line": 2, "unit_key": f"x{chr(c)}x", "outcome": "A", "first_line": 3} for c in ALLOWED]
    )
    assert body(flow, {"VRU": units}) == b"".join(b"VRU|x%cx|A|3|\n" % c for c in ALLOWED)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"bm_unit_id": None}, r"K0151001 GCV: a value of BM Unit Id is not text\(11\), or it is missing"),
        ({"bm_unit_id": ""}, "BM Unit Id"),
        ({"bm_unit_id": "T_ACME-12345"}, "BM Unit Id"),
        ({"generation_capacity": 10**13}, "Generation Capacity"),
        ({"demand_capacity": -(10**13)}, "Demand Capacity"),
    ],
)
def test_a_value_that_its_item_cannot_hold_is_a_fault(value: dict[str, Any], message: str) -> None:
    with pytest.raises(Fault, match=message):
        body(DECLARATION, declaration(**value))


def test_a_value_at_the_edge_of_its_item_is_written() -> None:
    text = body(DECLARATION, declaration(bm_unit_id="T_ACME-1234", generation_capacity=10**13 - 1))
    assert b"GCV|T_ACME-1234|20261201|9999999999.999||||\n" in text


def test_a_value_outside_its_set_and_one_in_an_unused_item_are_faults() -> None:
    frames = declaration()
    with pytest.raises(Fault, match=r"a value of Declaration Type is not text\(1\) of S, M"):
        body(DECLARATION, {"GCH": frames["GCH"].with_columns(declaration_type=pl.lit("X"))})
    unused = [(f, r, i) for f in map(layout, file_types()) for r in f.records for i in r.items if i.presence == "N"]
    flow, record, item = unused[0]
    row = {"line": 2, **{each.column: sample(each) for each in record.items if each.presence == "M"}}
    assert body(flow, {record.type: typed(flow, record.type, [row])})
    with pytest.raises(Fault, match="the item is unused"):
        body(flow, {record.type: typed(flow, record.type, [{**row, item.column: sample(item)}])})


def test_sealed_counts_the_footer_too() -> None:
    assert sealed(b"AAA|x|\n") == b"ZZZ|2|%d|\n".join([b"AAA|x|\n", b""]) % checksum(b"AAA|x|\n")


def sample(item: Item) -> Any:
    """Some value that an item holds."""
    match item.type.kind:
        case Kind.DATE:
            return date(2026, 10, 25)
        case Kind.DATETIME:
            return datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)
        case Kind.BOOLEAN:
            return "T"
        case Kind.TEXT:
            return item.valid[0] if item.valid else "x"
        case Kind.INTEGER | Kind.DECIMAL | Kind.TIME:
            return int(item.valid[0]) if item.valid else 1


def values(item: Item) -> st.SearchStrategy[Any]:
    """Any value that an item holds, null too where it is optional."""
    if item.presence == "N":
        return st.none()
    held = _typed_values(item.type, item.valid)
    return held if item.presence == "M" else st.none() | held


def _typed_values(type_: ItemType, valid: tuple[str, ...]) -> st.SearchStrategy[Any]:
    if valid:
        return st.sampled_from([int(v) if type_.kind is Kind.INTEGER else v for v in valid])
    match type_.kind:
        case Kind.DATE:
            return st.dates()
        case Kind.DATETIME:
            return st.datetimes().map(lambda t: t.replace(microsecond=0, tzinfo=UTC))
        case Kind.TIME:
            return st.integers(0, 1439)
        case Kind.BOOLEAN:
            return st.sampled_from("TF")
        case Kind.TEXT:
            return st.text(st.sampled_from(ALLOWED.decode()), min_size=1, max_size=type_.digits)
        case Kind.INTEGER | Kind.DECIMAL:
            most = 10**type_.digits - 1
            return st.integers(-most, most)


def as_text(value: Any, type_: ItemType) -> str:
    """How the market writes a value, said once more and plainly."""
    if value is None:
        return ""
    match type_.kind:
        case Kind.DATE:
            return f"{value.year:04}{value.month:02}{value.day:02}"
        case Kind.DATETIME:
            return f"{value.year:04}{value:%m%d%H%M%S}"
        case Kind.TIME:
            return f"{value // 60:02}{value % 60:02}"
        case Kind.DECIMAL:
            size = f"{abs(value):0{type_.decimals + 1}}"
            whole, part = size[: len(size) - type_.decimals], size[len(size) - type_.decimals :].rstrip("0")
            return f"{'-' if value < 0 else ''}{whole}{'.' if part else ''}{part}"
        case Kind.INTEGER | Kind.TEXT | Kind.BOOLEAN:
            return str(value)


RECORDS = [(flow, record) for flow in map(layout, [*file_types(), "ENVELOPE"]) for record in flow.records]


@pytest.mark.parametrize(("flow", "record"), RECORDS, ids=lambda each: getattr(each, "file_type", None) or each.type)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_every_record_of_every_layout_is_written_item_by_item(
    flow: Layout, record: Record, data: st.DataObject
) -> None:
    one = st.fixed_dictionaries({item.column: values(item) for item in record.items})
    rows = data.draw(st.lists(one, min_size=1, max_size=3))
    frame = typed(flow, record.type, [{"line": n, **row} for n, row in enumerate(rows, 2)])
    expected = "".join(
        "|".join([record.type, *(as_text(row[item.column], item.type) for item in record.items), "\n"]) for row in rows
    )
    assert body(flow, {record.type: frame}).decode() == expected
