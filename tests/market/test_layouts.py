import pytest

from market.item_type import Kind, item_type
from market.layout import ENVELOPE, SUPERSEDED, TEST_FLAGS, Layout, file_types, layout

EVERY = [*file_types(), "ENVELOPE"]
CARDINALITIES = {"1", "2", "0-1", "0-50", "0-*", "1-*", "1-14", "1-50", "46-50"}


def loaded() -> list[Layout]:
    return [layout(file_type) for file_type in EVERY]


def test_all_flows_are_there() -> None:
    assert len(file_types()) == 65
    assert sum(len(record.items) for each in loaded() for record in each.records) == 836


@pytest.mark.parametrize("file_type", EVERY)
def test_parents_stand_before_their_children(file_type: str) -> None:
    flow = layout(file_type)
    seen: dict[str, int] = {}
    for record in flow.records:
        assert record.type not in seen
        assert record.depth == (0 if record.parent is None else seen[record.parent] + 1)
        assert len(flow.ancestors(record.type)) == record.depth
        seen[record.type] = record.depth
    assert flow.file_type == file_type
    assert flow.roots


@pytest.mark.parametrize("file_type", EVERY)
def test_records_can_be_read(file_type: str) -> None:
    for record in layout(file_type).records:
        assert len(record.type) == 3
        assert record.items
        least, most = record.occurs_range
        assert most is None or 0 <= least <= most
        columns = [item.column for item in record.items]
        assert len(set(columns)) == len(columns)
        assert [record.position(column) for column in columns] == list(range(1, len(columns) + 1))
        for item in record.items:
            assert item.presence in ("M", "O", "N")
            assert item_type(str(item.type)) == item.type
            assert item.type.digits or item.type.kind in (Kind.DATE, Kind.DATETIME, Kind.TIME, Kind.BOOLEAN)
            assert item.type.decimals <= item.type.digits <= (255 if item.type.kind is Kind.TEXT else 18)
            assert len(set(item.valid)) == len(item.valid)


def test_cardinalities_are_the_known_ones() -> None:
    found = {record.occurs for each in loaded() for record in each.records}
    assert found == CARDINALITIES


@pytest.mark.parametrize("file_type", file_types())
def test_only_inbound_flows_have_senders_and_a_role_that_receives(file_type: str) -> None:
    flow = layout(file_type)
    assert flow.direction in ("in", "feed", "out")
    assert flow.inbound == (flow.direction != "out")
    assert flow.from_roles
    assert bool(flow.to_role) or not flow.inbound


def test_what_is_not_there_is_a_key_error() -> None:
    for name in ("P0328009", "../pyproject", "", "p0328001"):
        with pytest.raises(KeyError):
            layout(name)
    with pytest.raises(KeyError, match="P0328001 has no record XXX"):
        layout("P0328001").record("XXX")
    with pytest.raises(KeyError, match="AAA has no item x"):
        ENVELOPE.record("AAA").item("x")


def test_the_envelope_and_superseded_versions_are_known() -> None:
    assert [record.type for record in ENVELOPE.records] == ["AAA", "ADT", "ZZZ"]
    assert len(TEST_FLAGS) == 10
    assert set(SUPERSEDED) <= set(file_types())
