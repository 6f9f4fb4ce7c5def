"""Flow layouts: which records a file of a flow has, in which order, under which parents, with which items.

One readable file per flow stands in `market/layouts/`; everything that depends on a flow's shape
(structural check, typed frames, schemas, writers, columns, documentation) is made from these objects.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from market.item_type import ItemType, item_type

LAYOUTS = Path(__file__).parent / "layouts"


@dataclass(frozen=True)
class Item:
    """One item of a record. `presence` is M (mandatory), O (optional) or N (unused, must be empty)."""

    name: str
    type: ItemType
    presence: str
    valid: tuple[str, ...] = ()
    note: str = ""

    @cached_property
    def column(self) -> str:
        """The item's column name in frames and CSV files: its name in lower case with underscores."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")

    @property
    def secret(self) -> bool:
        """Whether the item holds a password: masked everywhere but in the archive."""
        return self.name.endswith("Password")


@dataclass(frozen=True)
class Record:
    """One record type of a flow. `occurs` is its cardinality under its parent: 1, 2, 0-1, 1-*, 46-50, ..."""

    type: str
    name: str
    parent: str | None
    occurs: str
    items: tuple[Item, ...]
    depth: int

    @cached_property
    def occurs_range(self) -> tuple[int, int | None]:
        """Least and greatest count under one parent; None where there is no greatest."""
        least, _, most = self.occurs.partition("-")
        return int(least), None if most == "*" else int(most or least)

    def item(self, name_or_column: str) -> Item:
        """The item of that name or column; raises KeyError."""
        for item in self.items:
            if name_or_column in (item.name, item.column):
                return item
        raise KeyError(f"{self.type} has no item {name_or_column}")

    def position(self, column: str) -> int:
        """The item's position in its record, from 1."""
        return 1 + self.items.index(self.item(column))


@dataclass(frozen=True)
class Layout:
    """One flow. `records` are in the flow's order, parents before their children.

    `direction` is in (parties send it), feed (central participants send it), out, or both (the envelope).
    `csv` are the prefixes of its CSV names, each with the record type that is a line of such a file.
    """

    file_type: str
    name: str
    direction: str
    origin: str
    from_roles: tuple[str, ...]
    to_role: str
    records: tuple[Record, ...]
    csv: tuple[tuple[str, str], ...] = ()

    def record(self, record_type: str) -> Record:
        """The record of that type; raises KeyError."""
        for record in self.records:
            if record.type == record_type:
                return record
        raise KeyError(f"{self.file_type} has no record {record_type}")

    @cached_property
    def roots(self) -> tuple[Record, ...]:
        """The records that stand under no other."""
        return tuple(record for record in self.records if record.parent is None)

    def children(self, record_type: str) -> tuple[Record, ...]:
        """The records directly below one, in the flow's order."""
        return tuple(record for record in self.records if record.parent == record_type)

    def ancestors(self, record_type: str) -> tuple[Record, ...]:
        """The records above one, nearest first."""
        found: list[Record] = []
        parent = self.record(record_type).parent
        while parent is not None:
            found.append(self.record(parent))
            parent = found[-1].parent
        return tuple(found)

    @property
    def inbound(self) -> bool:
        """Whether the gateway takes files of this flow in."""
        return self.direction in ("in", "feed")


def _read(path: Path) -> Layout:
    with path.open("rb") as file:
        table = tomllib.load(file)
    depths: dict[str, int] = {}
    records = []
    for entry in table["record"]:
        parent = entry.get("parent")
        depths[entry["type"]] = 0 if parent is None else depths[parent] + 1
        items = tuple(
            Item(i["name"], item_type(i["type"]), i["presence"], tuple(i.get("valid", ())), i.get("note", ""))
            for i in entry["items"]
        )
        records.append(Record(entry["type"], entry["name"], parent, entry["occurs"], items, depths[entry["type"]]))
    return Layout(
        table["file_type"],
        table["name"],
        table["direction"],
        table["origin"],
        tuple(table["from_roles"]),
        table["to_role"],
        tuple(records),
        tuple(table.get("csv", {}).items()),
    )


@lru_cache
def layout(file_type: str) -> Layout:
    """The layout of a file type such as P0328001; raises KeyError where there is none."""
    path = LAYOUTS / f"{file_type}.toml"
    if not re.fullmatch(r"[A-Z][0-9]{7}|ENVELOPE", file_type) or not path.is_file():
        raise KeyError(file_type)
    return _read(path)


@lru_cache
def file_types() -> tuple[str, ...]:
    """Every file type with a layout, in order; the envelope, which is no flow, is left out."""
    return tuple(sorted(path.stem for path in LAYOUTS.glob("*.toml") if path.stem != "ENVELOPE"))


ENVELOPE = layout("ENVELOPE")
TEST_FLAGS = ENVELOPE.record("AAA").item("Test Data Flag").valid
SUPERSEDED = ("P0282001", "R0051001")
"""Inbound versions that are no longer in use: known, and refused."""
