"""The structure pass against a slow reference that walks the layout record by record."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import lines as lines_module
from ingest import structure as module
from ingest.lines import index_lines
from ingest.structure import Structure, structure_of
from market.layout import Layout, Record, layout
from tests.ingest.made_files import Node, counts_of, least, made, plain_row

FLOWS = [
    layout(file_type)
    for file_type in (
        "P0328001", "K4191001", "P0282002", "K0011001", "K4192001", "R0051002", "P0300001", "P0298001", "P0284001",
        "P0342001", "C0421002", "K9001001",
    )
]  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A record as its type and how many items it has; `closed` tells whether the closing separator is there."""

    type: str
    items: int
    closed: bool = True

    @property
    def line(self) -> bytes:
        return f"{self.type}|{'|'.join('x' * self.items)}{'|' if self.closed and self.items else ''}\n".encode()


def rows_of(nodes: list[Node]) -> list[Row]:
    return [Row(node.record.type, len(node.record.items)) for node in nodes]


def structure(flow: Layout, rows: list[Row], limit: int = 1000) -> Structure:
    return structure_of(index_lines(b"AAA|\n" + b"".join(row.line for row in rows) + b"ZZZ|\n"), flow, limit)


@dataclass
class Reference:
    """Walks the rows by recursive descent, one at a time."""

    flow: Layout
    rows: list[Row]
    at: int = 0
    counted: list[int] = field(default_factory=list)

    def walk(self, records: tuple[Record, ...], above: int) -> None:
        for record in records:
            mine = []
            while self.at < len(self.rows) and self.rows[self.at].type == record.type:
                mine.append(self.at + 2)
                self.at += 1
                self.walk(self.flow.children(record.type), mine[-1])
            low, high = record.occurs_range
            fits = len(mine) >= low and (high is None or len(mine) <= high)
            if record.occurs == "46-50":
                fits = len(mine) in (46, 48, 50)
            if not fits:
                self.counted.append(mine[high] if high is not None and len(mine) > high > 0 else above)

    def broken(self) -> list[int]:
        """The first line out of order, or else every line where a count does not fit; and every line of wrong items."""
        self.walk(self.flow.roots, 1)
        order = [self.at + 2] if self.at < len(self.rows) else self.counted
        due = {record.type: len(record.items) for record in self.flow.records}
        items = [
            at
            for at, row in enumerate(self.rows, 2)
            if row.type in due and (row.items != due[row.type] or not row.closed)
        ]
        return sorted({*order, *items})


def agree(flow: Layout, rows: list[Row]) -> None:
    found = [place.line for place in structure(flow, rows).places]
    due = Reference(flow, rows).broken()
    assert found[:1] == due[:1]
    if not any(place.rule == "STR-01" for place in structure(flow, rows).places):
        assert sorted(set(found)) == due


def rows_any(flow: Layout) -> st.SearchStrategy[Row]:
    types = st.sampled_from([*(record.type for record in flow.records), "ZZZ", "AAA", "B", ""])
    return st.builds(Row, types, st.integers(1, 3), st.booleans())


@st.composite
def rows_right(draw: st.DrawFn, flow: Layout) -> list[Row]:
    return rows_of(made(flow, lambda record: draw(counts_of(record)), plain_row))


@st.composite
def rows_changed(draw: st.DrawFn, flow: Layout) -> list[Row]:
    """A right file with a few records taken out, put in, doubled, exchanged or changed."""
    rows = draw(rows_right(flow))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(rows)))
        row = rows[min(at, len(rows) - 1)] if rows else draw(rows_any(flow))
        match draw(st.sampled_from(["out", "in", "double", "exchange", "items", "open"])):
            case "out":
                del rows[at : at + 1]
            case "in":
                rows.insert(at, draw(rows_any(flow)))
            case "double":
                rows.insert(at, row)
            case "exchange":
                rows[at : at + 2] = rows[at : at + 2][::-1]
            case "items":
                rows[at : at + 1] = [Row(row.type, row.items + 1)]
            case _:
                rows[at : at + 1] = [Row(row.type, row.items, closed=False)]
    return rows


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.file_type)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_pass_finds_what_the_reference_finds(flow: Layout, data: st.DataObject) -> None:
    agree(flow, data.draw(rows_changed(flow)))
    agree(flow, data.draw(st.lists(rows_any(flow), max_size=8)))


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.file_type)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_right_files_are_right_and_pieces_make_no_difference(flow: Layout, data: st.DataObject) -> None:
    rows = data.draw(rows_right(flow))
    assert structure(flow, rows).places == ()
    changed = data.draw(rows_changed(flow))
    whole = structure(flow, changed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines_module, "PIECE", 17)
        patch.setattr(module, "PIECE", 17)
        cut = structure(flow, changed)
    assert cut.places == whole.places
    assert cut.codes.tolist() == whole.codes.tolist()


@settings(deadline=None)
@given(data=st.data())
def test_the_limit_keeps_the_first_places(data: st.DataObject) -> None:
    flow = data.draw(st.sampled_from(FLOWS))
    rows = data.draw(rows_changed(flow))
    every = structure(flow, rows).places
    for limit in (1, 2, 5):
        assert structure(flow, rows, limit).places == every[:limit]


def test_rows_are_told_by_type() -> None:
    flow = layout("P0328001")
    counts = {"BSD": 1, "BSB": 2, "BSP": 2}
    found = structure(flow, rows_of(made(flow, lambda record: counts[record.type], plain_row)))
    assert {name: found.rows[name].tolist() for name in counts} == {
        "BSD": [0], "BSB": [1, 4], "BSP": [2, 3, 5, 6],
    }  # fmt: skip


SEV = [Row("BSD", 2), Row("BSB", 1), Row("BSP", 2), Row("BSP", 2)]
DEC = rows_of(made(layout("K4191001"), least, plain_row))


@pytest.mark.parametrize(
    ("file_type", "rows", "data"),
    [
        ("P0328001", [], "line 1: STR-03 0 BSD under the header, 1 due"),
        ("P0328001", SEV[:1], "line 2: STR-03 0 BSB under BSD, at least 1 due"),
        ("P0328001", SEV[:2], "line 3: STR-03 0 BSP under BSB, 1 to 50 due"),
        ("P0328001", SEV + SEV, "line 6: STR-03 2 BSD under the header, 1 due"),
        ("P0328001", SEV[:3] + [SEV[3]] * 50, "line 54: STR-03 51 BSP under BSB, 1 to 50 due"),
        ("P0328001", SEV[1:], "line 2: STR-01 BSB stands behind AAA, P0328001 has it under BSD"),
        ("P0328001", [SEV[0], SEV[2]], "line 3: STR-01 BSP stands behind BSD, P0328001 has it under BSB"),
        ("P0328001", [*SEV, Row("GCV", 2)], "line 6: STR-01 GCV is no record of P0328001"),
        ("P0328001", [*SEV, Row("", 2)], "line 6: STR-01 an empty type is no record of P0328001"),
        ("P0328001", [*SEV, Row("ZZZ", 2)], "line 6: STR-01 ZZZ is no record of P0328001"),
        ("P0328001", [*SEV, Row("BSPX", 2)], "line 6: STR-01 BSPX is no record of P0328001"),
        ("P0328001", [*SEV, Row("bsp", 2)], "line 6: STR-01 bsp is no record of P0328001"),
        ("P0328001", [*SEV, Row("BSP", 3)], "line 6: STR-02 BSP has 3 items, P0328001 gives it 2"),
        ("P0328001", [*SEV, Row("BSP", 1)], "line 6: STR-02 BSP has 1 items, P0328001 gives it 2"),
        ("P0328001", [*SEV, Row("BSP", 0)], "line 6: STR-02 BSP has 0 items, P0328001 gives it 2"),
        ("P0328001", [*SEV, Row("BSP", 2, closed=False)], "line 6: STR-02 BSP ends without its closing separator"),
        (
            "K4191001",
            [DEC[0], DEC[2], DEC[1], DEC[3]],
            "line 4: STR-01 FAC stands behind OPR, K4191001 has it in front of OPR",
        ),
        ("K4191001", DEC[:3], "line 2: STR-03 0 DIR under DEC, 1 due"),
        ("P0300001", [Row("PD1", 1), *[Row("PD2", 1)] * 2], "line 4: STR-03 2 PD2 under the header, 0 to 1 due"),
    ],
)
def test_places_name_line_rule_and_numbers(file_type: str, rows: list[Row], data: str) -> None:
    assert data in [place.data for place in structure(layout(file_type), rows).places]


@pytest.mark.parametrize(("count", "fits"), [(45, 0), (46, 1), (47, 0), (48, 1), (49, 0), (50, 1), (51, 0), (0, 0)])
def test_46_to_50_is_46_48_or_50(count: int, fits: int) -> None:
    flow = layout("C0421002")
    counts = {"ABV": 1, "ABP": count}
    places = structure(flow, rows_of(made(flow, lambda record: counts[record.type], plain_row))).places
    due = () if fits else ((52 + 1 if count == 51 else 2), f"{count} ABP under ABV, 46, 48 or 50 due")
    assert tuple((place.line, place.message) for place in places) == ((due,) if due else ())
