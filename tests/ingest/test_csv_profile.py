"""CSV files give the frames of the IDD files that say the same, and clear places where they cannot be read."""

import csv
import io
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.csv_profile import CsvTable, read_table
from ingest.csv_profile_columns import CsvFlow, csv_flow, csv_flow_of, csv_flows
from ingest.csv_profile_frames import CsvFrames
from ingest.envelope import Refusal
from ingest.lines import index_lines
from ingest.records import Slice, slices
from ingest.structure import structure_of
from market.field import valid_set
from market.item_type import Kind
from market.layout import Item
from tests.ingest.csv_files import Row, idd_body, written

GCDC = csv_flows()["gcdc"]
COLUMNS = [*GCDC.items]
GOOD: Row = {
    "declaration_type": "S",
    "bsc_season": "WIN",
    "season_start_year": "2026",
    "authorised_signatory_name": "Ann Archer",
    "bm_unit_id": "T_DINO-1",
    "effective_from_date": "20261201",
    "generation_capacity": "100",
    "demand_capacity": "-2",
}
WRITTEN = written(COLUMNS, [GOOD, {**GOOD, "bm_unit_id": "T_ZERO-1"}])


def table_of(received: bytes, flow: CsvFlow = GCDC) -> CsvTable:
    found = read_table(received, flow, 100)
    assert isinstance(found, CsvTable), found
    return found


def refused(received: bytes, flow: CsvFlow = GCDC, limit: int = 100) -> list[tuple[int, str]]:
    found = read_table(received, flow, limit)
    assert isinstance(found, Refusal), received
    return list(found.entries)


def text_for(item: Item) -> st.SearchStrategy[str]:
    """Texts that an item may hold, and some that it may not; no separator of either profile."""
    match item.type.kind:
        case Kind.DATE:
            good = st.sampled_from(["20260329", "20261025", "20261201", "20260231"])
        case Kind.DATETIME:
            good = st.sampled_from(["20260329003000", "20261025010000", "20261025013000"])
        case Kind.INTEGER | Kind.DECIMAL:
            good = st.sampled_from(["1", "2", "-3", "0", "1.5", "-0.0001", "1,5", "x"])
        case _:
            good = st.sampled_from(valid_set(item) or ("A", "B", "C c"))
    return good | st.just("") if item.presence == "O" else good | st.sampled_from(["?", ""])


@st.composite
def tables(draw: Callable[..., object]) -> tuple[CsvFlow, list[Row]]:
    """A flow and rows of it: what stands once is the same on all, parents come back in any order."""
    flow = draw(st.sampled_from([*csv_flows().values()]))
    assert isinstance(flow, CsvFlow)
    once = {item.column: draw(text_for(item)) for record in flow.chain if record.occurs == "1" for item in record.items}
    row = st.fixed_dictionaries({name: text_for(item) for name, item in flow.items.items()})
    rows = draw(st.lists(row, min_size=1, max_size=12))
    assert isinstance(rows, list)
    # a line of which no cell is filled in is no row
    return flow, [found for found in ({**row, **once} for row in rows) if any(found.values())]


def assert_same(ours: list[Slice], theirs: list[Slice]) -> None:
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.new_upper == other.new_upper
        for found, expected in ((mine.frames, other.frames), (mine.upper, other.upper)):
            assert [*found] == [*expected]
            for name, frame in expected.items():
                assert found[name].equals(frame), (name, found[name], frame)
                assert found[name].schema == frame.schema


@given(tables(), st.sampled_from([",", ";"]), st.booleans(), st.booleans())
def test_frames_are_those_of_the_idd_file_that_says_the_same(
    made: tuple[CsvFlow, list[Row]], separator: str, quote_all: bool, crlf: bool
) -> None:
    flow, rows = made
    if not rows:
        return
    line_end = "\r\n" if crlf else "\n"
    received = written([*flow.items], rows, separator=separator, quote_all=quote_all, line_end=line_end, mark=crlf)
    frames = CsvFrames(table_of(received, flow))
    body, source = idd_body(flow, rows)
    lines = index_lines(f"AAA|\n{body}\nZZZ|\n".encode())
    structure = structure_of(lines, flow.flow, 10)
    assert not structure.places, structure.places
    assert_same(list(frames.slices()), list(slices(lines, structure)))
    assert frames.records == lines.count
    assert frames.file_lines().tolist()[2:] == [number + 2 for number in source]


@given(tables(), st.integers(1, 4))
def test_slices_hold_whole_groups_and_all_rows(made: tuple[CsvFlow, list[Row]], size: int) -> None:
    flow, rows = made
    if not rows:
        return
    frames = CsvFrames(table_of(written([*flow.items], rows), flow))
    (whole,), pieces = frames.slices(), list(frames.slices(size))
    for name, frame in whole.upper.items():
        assert pieces[-1].upper[name].equals(frame)
        assert sum(piece.new_upper[name] for piece in pieces) == frame.height
    for name, frame in whole.frames.items():
        assert pl.concat([piece.frames[name].drop("up") for piece in pieces]).equals(frame.drop("up"))
    groups = [{*pl.concat([frame["group"] for frame in piece.frames.values()])} for piece in pieces]
    assert sum(map(len, groups)) == len(set.union(*groups))
    for piece in pieces:
        for record in flow.chain[1:]:
            child = piece.upper[record.type] if record.type in piece.upper else piece.frames[record.type]
            above = piece.parent_frame(record)["line"].gather(child["up"])
            assert (above < child["line"]).all()


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8), min_size=1, max_size=8))
def test_cells_and_physical_lines_are_those_of_pythons_own_reader(names: list[str]) -> None:
    rows = [{**GOOD, "bm_unit_id": name} for name in names]
    received = written(COLUMNS, rows)
    frames = CsvFrames(table_of(received))
    found = next(frames.slices()).frames["GCV"]
    reader = csv.reader(io.StringIO(received.decode(), newline=""))
    begins = [reader.line_num + 1 for _ in reader][:-1]
    place = COLUMNS.index("bm_unit_id")
    assert [text or "" for text in found["bm_unit_id__text"]] == [
        row[place] for row in csv.reader(io.StringIO(received.decode(), newline=""))
    ][1:]
    assert frames.file_lines()[found["line"].to_numpy()].tolist() == begins


def test_a_column_may_stand_anywhere_and_an_optional_one_be_left_out() -> None:
    columns = [name for name in reversed(COLUMNS) if name != "maximum_export_qm"]
    assert (
        next(CsvFrames(table_of(written(columns, [GOOD]))).slices())
        .frames["GCV"]
        .equals(next(CsvFrames(table_of(written(COLUMNS, [GOOD]))).slices()).frames["GCV"])
    )


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        ("2026-12-01", "20261201"),
        ("20261201", "20261201"),
        ("2026-02-31", "20260231"),
        ("01/12/2026", "01/12/2026"),
        ("2026-12-1", "2026-12-1"),
    ],
)
def test_iso_dates_become_idds_and_others_stay_for_their_field_rule(written_as: str, read_as: str) -> None:
    found = next(CsvFrames(table_of(written(COLUMNS, [{**GOOD, "effective_from_date": written_as}]))).slices())
    assert found.frames["GCV"]["effective_from_date__text"].to_list() == [read_as]
    assert found.frames["GCV"]["effective_from_date"].is_null().any() == (read_as != "20261201")


@pytest.mark.parametrize(
    ("written_as", "read_as"),
    [
        ("2026-10-25T00:30Z", "20261025003000"),
        ("2026-10-25T00:30:00Z", "20261025003000"),
        ("2026-03-29T01:00Z", "20260329010000"),
        ("2026-10-25T00:30", "2026-10-25T00:30"),
        ("2026-10-25 00:30Z", "2026-10-25 00:30Z"),
    ],
)
def test_iso_times_in_gmt_become_idds_and_others_stay(written_as: str, read_as: str) -> None:
    row = {"settlement_date": "20261025", "bm_unit_id": "T_DINO-1", "time_from": written_as}
    row |= {"level_from": "1", "time_to": "20261025010000", "level_to": "1"}
    found = next(CsvFrames(table_of(written([*row], [row]), csv_flows()["pn"])).slices())
    assert found.frames["PNL"]["time_from__text"].to_list() == [read_as]


def test_lines_of_one_parent_belong_together_wherever_they_stand() -> None:
    flow = csv_flows()["sev"]
    rows = [
        {
            "sev_effective_from_date": "2026-10-25" if period % 2 else "20261025",
            "bm_unit_id": unit,
            "settlement_period_id": str(period),
            "submitted_expected_volume": "1",
        }
        for period in range(1, 51)
        for unit in ("2__A", "2__B")
    ]
    frames = CsvFrames(table_of(written([*rows[0]], rows), flow))
    found = next(frames.slices())
    assert found.frames["BSB"]["bm_unit_id"].to_list() == ["2__A", "2__B"]
    assert found.frames["BSP"]["settlement_period_id"].to_list() == [*range(1, 51)] * 2
    assert frames.file_lines()[found.frames["BSP"]["line"].to_numpy()].tolist() == [
        *range(2, 102, 2),
        *range(3, 102, 2),
    ]
    assert frames.file_lines()[found.frames["BSB"]["line"].to_numpy()].tolist() == [2, 3]


def test_more_lines_under_a_parent_than_fit_are_told_at_the_first_of_them() -> None:
    row = {"sev_effective_from_date": "20261025", "bm_unit_id": "2__A", "submitted_expected_volume": "1"}
    rows = [{**row, "settlement_period_id": "1"} for _ in range(51)]
    flow = csv_flows()["sev"]
    assert refused(written([*rows[0]], rows), flow) == [(4, "line 52: STR-03 51 BSP under BSB, 1 to 50 due")]
    table_of(written([*rows[0]], rows[:50]), flow)


def test_day_totals_are_exact_sums_and_empty_where_all_are() -> None:
    flow = csv_flows()["p419"]
    row = dict.fromkeys(flow.items, "1") | {"settlement_date": "20261025", "settlement_run_type": "SF"}
    row |= {"gsp_group_id": "_A", "measurement_class": "C", "gross_demand": "0.1", "corrected_demand": "0.1"}
    rows = [
        {**row, "bm_unit_id": unit, "settlement_period": str(period), "non_final_demand": non_final}
        for unit, non_final in (("2__A", ""), ("2__B", "0.0001"))
        for period in range(1, 51)
    ]
    totals = next(CsvFrames(table_of(written([*flow.items], rows), flow)).slices()).frames["NFT"]
    assert totals["gross_demand__text"].to_list() == ["5", "5"]
    assert totals["non_final_demand__text"].to_list() == [None, "0.005"]


@pytest.mark.parametrize(
    ("received", "entries"),
    [
        (b"", [(1, "ENV-01 the file is empty")]),
        (b"\xef\xbb\xbf", [(1, "ENV-01 the file is empty")]),
        (WRITTEN[:-1], [(5, "ENV-08 the last line has no line end")]),
        (WRITTEN + b"#end,3\n", [(6, "ENV-09 #end counts 3 data lines, the file has 2")]),
        (WRITTEN + b"#end,two\n", [(5, "ENV-08 #end is not followed by the number of data lines")]),
        (WRITTEN + b"\n", [(4, "line 4: ENV-11 blank line")]),
        (WRITTEN + b",,,,,,,,,\n", [(4, "line 4: ENV-11 blank line")]),
        (WRITTEN.replace(b"Ann", b"\xc4nn"), [(4, "line 2: ENV-11 byte 0xC4 is not UTF-8")]),
        (WRITTEN.replace(b"Ann", b"A\0n"), [(4, "line 2: ENV-11 character 0x00 is no text")]),
        ("\ufeffa,b\n".encode("utf-16-le"), [(4, "line 1: ENV-11 the file is UTF-16, UTF-8 due")]),
        (
            WRITTEN.replace(b"T_DINO-1", b'T"DINO-1'),
            [(4, "line 2: STR-02 a quote stands inside a cell that is not quoted")],
        ),
        (WRITTEN.replace(b"T_DINO-1", b'"T_DINO-1'), [(4, "line 2: STR-02 a quote opens a cell and is never closed")]),
        (WRITTEN.replace(b"T_ZERO-1", b'"T_ZERO"-1'), [(4, "line 3: STR-02 text follows the closing quote of a cell")]),
        (WRITTEN.replace(b",100,", b",100,1,", 1), [(4, "line 2: STR-02 11 cells, 10 columns are named")]),
        (WRITTEN.replace(b"WIN", b"SUM", 1), [(4, "line 3: STR-03 bsc_season is WIN, on line 2 SUM: 1 due")]),
        (WRITTEN.splitlines(keepends=True)[0], [(4, "line 1: STR-03 0 GCV under the header, at least 1 due")]),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(received: bytes, entries: list[tuple[int, str]]) -> None:
    assert refused(received) == entries


def test_neighbours_of_what_cannot_be_read_are_read() -> None:
    for received in (
        WRITTEN + b"#end,2\n",
        WRITTEN + b'"#end","2"\n',
        WRITTEN + b"#end,2,,,,,,,,\n",
        WRITTEN.replace(b"Ann", "\u00c4nn".encode()),
        WRITTEN.replace(b"T_DINO-1", b'"T""DINO-1"'),
        WRITTEN.replace(b"T_DINO-1", b'""'),
    ):
        assert table_of(received).cells.height == 2


def test_unknown_twofold_and_missing_columns_are_told() -> None:
    found = refused(written([*COLUMNS[:-1], "colour", "bsc_season"], [GOOD]).replace(b"bm_unit_id", b"bm_unit"))
    assert found == [
        (4, "line 1: STR-02 bm_unit is no column of gcdc"),
        (4, "line 1: STR-02 colour is no column of gcdc"),
        (4, "line 1: STR-02 bsc_season stands 2 times"),
        (4, "line 1: STR-02 bm_unit_id is mandatory and missing"),
    ]
    assert len(refused(b"a,b,c\n", limit=2)) == 2


def test_a_million_columns_and_a_huge_cell_are_told_in_one_line() -> None:
    assert refused(b"a," * 10**6 + b"\n1\n") == [(4, "line 1: STR-02 1000001 columns, at most 11 due")]
    assert refused(WRITTEN + b'"' + b"x\n" * 10**6) == [(4, "line 4: STR-02 a quote opens a cell and is never closed")]


def test_the_test_flag_is_one_for_the_file() -> None:
    def flagged(*flags: str) -> bytes:
        return written([*COLUMNS, "test_flag"], [{**GOOD, "test_flag": flag} for flag in flags])

    assert table_of(WRITTEN).test_flag == ""
    assert table_of(flagged("TR01", "TR01")).test_flag == "TR01"
    assert refused(flagged("TR01", "TR02")) == [(4, "line 3: STR-03 test_flag is TR02, on line 2 TR01: 1 due")]
    assert refused(flagged("TEST")) == [(1, "ENV-02 test_flag TEST is none of OPER, TR01, TR02, ...")]


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("gcdc_winter 2026.csv", "gcdc"),
        ("GCDC_1.CSV", "gcdc"),
        ("p419__.csv", "p419"),
        ("gcdc.csv", None),
        ("gcdc_1.xlsx", None),
        ("other_1.csv", None),
        ("BP000000000001", None),
    ],
)
def test_the_name_tells_the_flow(name: str, prefix: str | None) -> None:
    found = csv_flow(name)
    assert (found and found.prefix) == prefix


def test_a_file_that_begins_as_idd_is_idd_whatever_its_name() -> None:
    assert csv_flow_of("gcdc_1.csv", b"AAA|K0151001|") is None
    assert csv_flow_of("gcdc_1.csv", b"\xef\xbb\xbfAAA|K0151001|") is None
    assert csv_flow_of("gcdc_1.csv", b"aaa,b") == GCDC


def test_every_prefix_of_the_contract_is_there_and_no_two_items_share_a_column() -> None:
    assert {prefix: flow.flow.file_type for prefix, flow in csv_flows().items()} == {
        **{"gcdc": "K0151001", "challenge": "K0152001", "pn": "K0011001", "mel": "K0011001", "mil": "K0011001"},
        **{"p419": "K4192001", "sev": "P0328001", "baselining": "P0326001", "eventday": "P0323001"},
        **{"baselined": "P0335001", "delivered": "P0282002"},
    }
    for flow in csv_flows().values():
        assert len(flow.items) == sum(len(record.items) for record in flow.chain)
        assert [record.type for record in flow.totals] == (["NFT"] if flow.prefix == "p419" else [])


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_told(received: bytes) -> None:
    found = read_table(received, GCDC, 10)
    assert isinstance(found, Refusal)
    assert all(1 <= code <= 6 and len(data) <= 80 for code, data in found.entries)


@given(st.data())
def test_damaged_files_are_read_or_told(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(WRITTEN)))
    piece = data.draw(st.sampled_from([b'"', b"\n", b"\r", b",", b";", b"\xff", b"\0", b"#end", b"\n#end,2\n", b'""']))
    received = WRITTEN[:at] + piece + WRITTEN[at + data.draw(st.integers(0, 9)) :]
    found = read_table(received, GCDC, 10)
    if isinstance(found, CsvTable):
        frames = CsvFrames(found)
        rows = pl.concat([piece.frames["GCV"] for piece in frames.slices()])
        assert rows.height == found.cells.height
        assert rows["line"].is_sorted()
