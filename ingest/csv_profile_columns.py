"""The names of the CSV profile: which flow a file's name stands for, and which items its lines hold."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from ingest.lines import BYTE_ORDER_MARK
from market.layout import Item, Layout, Record, file_types, layout

TEST_FLAG = "test_flag"
"""The optional column that makes a file test traffic."""

_NAME = re.compile(r"([a-z0-9]+)_.*\.csv", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class CsvFlow:
    """What one prefix stands for: a flow, and the record type of which each data line is one."""

    prefix: str
    flow: Layout
    record: Record

    @cached_property
    def chain(self) -> tuple[Record, ...]:
        """The records whose items stand on each line, the root first, the line's own last."""
        return (*reversed(self.flow.ancestors(self.record.type)), self.record)

    @cached_property
    def items(self) -> Mapping[str, Item]:
        """The items of a line by their columns, in the flow's order."""
        return {item.column: item for record in self.chain for item in record.items}

    @cached_property
    def totals(self) -> tuple[Record, ...]:
        """The records beside the lines that are computed: they stand once and hold sums of the lines' own items."""
        own = {item.column for item in self.record.items}
        beside = self.flow.children(self.record.parent) if self.record.parent else ()
        return tuple(one for one in beside if one.occurs == "1" and own.issuperset(item.column for item in one.items))


@lru_cache
def csv_flows() -> Mapping[str, CsvFlow]:
    """Every prefix with what it stands for."""
    flows = map(layout, file_types())
    return {prefix: CsvFlow(prefix, flow, flow.record(line)) for flow in flows for prefix, line in flow.csv}


def csv_flow(file_name: str) -> CsvFlow | None:
    """What a name of the form `<prefix>_<anything>.csv` stands for, in any case of letters; None for other names."""
    match = _NAME.fullmatch(file_name)
    return csv_flows().get(match[1].lower()) if match else None


def csv_flow_of(file_name: str, first: bytes) -> CsvFlow | None:
    """What a file of that name that begins with those bytes stands for in the CSV profile; None where it is IDD."""
    return None if first.removeprefix(BYTE_ORDER_MARK).startswith(b"AAA|") else csv_flow(file_name)
