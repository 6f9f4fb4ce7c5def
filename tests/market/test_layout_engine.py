"""What every layout gives to those who build on it."""

import pytest

from market.item_type import ItemType, Kind, item_type
from market.layout import Item, Layout, Record, file_types, layout

LAYOUTS = [layout(file_type) for file_type in [*file_types(), "ENVELOPE"]]
EVERY = pytest.mark.parametrize("flow", LAYOUTS, ids=lambda flow: flow.file_type)


@EVERY
def test_every_record_is_reached_once_from_the_roots(flow: Layout) -> None:
    reached: list[Record] = []

    def descend(records: tuple[Record, ...]) -> None:
        for record in records:
            reached.append(record)
            descend(flow.children(record.type))

    descend(flow.roots)
    assert reached == list(flow.records)


@EVERY
def test_ancestors_lead_to_a_root(flow: Layout) -> None:
    for record in flow.records:
        above = flow.ancestors(record.type)
        assert [each.depth for each in above] == list(range(record.depth - 1, -1, -1))
        assert not above or (above[0].type == record.parent and above[-1] in flow.roots)
        assert all(record in flow.children(each.type) for each in above[:1])


@EVERY
def test_items_are_found_by_name_and_by_column(flow: Layout) -> None:
    for record in flow.records:
        assert flow.record(record.type) is record
        for place, item in enumerate(record.items, 1):
            assert record.item(item.name) is item
            assert record.item(item.column) is item
            assert record.position(item.column) == place


@pytest.mark.parametrize(
    ("occurs", "bounds"),
    [("1", (1, 1)), ("2", (2, 2)), ("0-1", (0, 1)), ("0-*", (0, None)), ("1-*", (1, None)), ("46-50", (46, 50))],
)
def test_cardinalities(occurs: str, bounds: tuple[int, int | None]) -> None:
    assert Record("XXX", "Made", None, occurs, (), 0).occurs_range == bounds


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("BM Unit Id", "bm_unit_id"),
        ("Import/Export Indicator", "import_export_indicator"),
        ("P/C Flag (now)", "p_c_flag_now"),
    ],
)
def test_columns_are_names_in_lower_case(name: str, column: str) -> None:
    assert Item(name, item_type("char"), "M").column == column


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("integer(9)", ItemType(Kind.INTEGER, 9)),
        ("decimal(13,3)", ItemType(Kind.DECIMAL, 13, 3)),
        ("text(11)", ItemType(Kind.TEXT, 11)),
        ("date", ItemType(Kind.DATE)),
        ("boolean", ItemType(Kind.BOOLEAN)),
    ],
)
def test_item_types_are_read_and_written(text: str, type_: ItemType) -> None:
    assert item_type(text) == type_
    assert str(type_) == text


def test_a_char_is_a_text_of_one() -> None:
    assert item_type("char") == item_type("text(1)")


@pytest.mark.parametrize("text", ["", "float", "decimal(13,3", "text(x)", "integer(9) ", "Date"])
def test_what_is_no_type_is_told(text: str) -> None:
    with pytest.raises(ValueError):
        item_type(text)
