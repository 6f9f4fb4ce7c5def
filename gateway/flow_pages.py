"""What `gridpost flows` tells: the table of all flows, and the page of one with its records and items.

The structures are for JSON, the texts for people; both say the same.
"""

from collections.abc import Sequence
from typing import Any

from market.layout import SUPERSEDED, Item, Layout, Record, file_types, layout

_DIRECTIONS = {
    "in": "parties send it",
    "feed": "central participants send it",
    "out": "the gateway sends it",
}
_PRESENCES = {"M": "mandatory", "O": "optional", "N": "unused"}


def flows_table() -> list[dict[str, Any]]:
    """One entry a flow, in order of file type."""
    return [_summary(layout(file_type)) for file_type in file_types()]


def flows_text() -> str:
    """The table of all flows, a line each."""
    rows = [
        (each["file_type"], each["direction"], " ".join(each["from_roles"]), each["to_role"], _title(each))
        for each in flows_table()
    ]
    return _aligned([("TYPE", "DIRECTION", "FROM", "TO", "NAME"), *rows])


def flow_page(file_type: str) -> dict[str, Any]:
    """One flow with its records in order and their items; raises KeyError for an unknown file type."""
    flow = layout(file_type)
    return {**_summary(flow), "records": [_record(record) for record in flow.records]}


def flow_text(file_type: str) -> str:
    """The page of one flow: children stand indented below their parents. Raises KeyError for an unknown file type."""
    page = flow_page(file_type)
    roles = f"from {' '.join(page['from_roles'])}" + (f" to {page['to_role']}" if page["to_role"] else "")
    parts = [f"{page['file_type']}  {_title(page)}\n{_DIRECTIONS[page['direction']]}, {roles}; {page['origin']}"]
    for record in page["records"]:
        below = f", below {record['parent']}" if record["parent"] else ""
        head = f"{record['type']}  {record['name']}: {record['occurs']}{below}"
        items = [
            (str(i["position"]), i["name"], i["type"], _PRESENCES[i["presence"]], ", ".join(i["valid"]), i["note"])
            for i in record["items"]
        ]
        block = "\n".join([head, *(f"  {line}" for line in _aligned(items).splitlines())])
        parts.append("\n".join("    " * record["depth"] + line for line in block.splitlines()))
    return "\n\n".join(parts) + "\n"


def _summary(flow: Layout) -> dict[str, Any]:
    return {
        "file_type": flow.file_type,
        "name": flow.name,
        "direction": flow.direction,
        "in_use": flow.file_type not in SUPERSEDED,
        "from_roles": list(flow.from_roles),
        "to_role": flow.to_role,
        "origin": flow.origin,
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "type": record.type,
        "name": record.name,
        "parent": record.parent,
        "depth": record.depth,
        "occurs": record.occurs,
        "items": [_item(position, item) for position, item in enumerate(record.items, 1)],
    }


def _item(position: int, item: Item) -> dict[str, Any]:
    return {
        "position": position,
        "name": item.name,
        "column": item.column,
        "type": str(item.type),
        "presence": item.presence,
        "valid": list(item.valid),
        "note": item.note,
    }


def _title(entry: dict[str, Any]) -> str:
    return str(entry["name"]) + ("" if entry["in_use"] else " (superseded, refused)")


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as lines of columns that line up, two spaces between them, nothing behind the last."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)
