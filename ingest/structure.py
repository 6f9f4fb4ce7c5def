"""Structure of a body against its layout: record types, items, nesting, order and cardinality (rules STR).

Body row i is line i + 2: the header is line 1. All passes are over arrays of codes and offsets; Python sees
no record but the first few that break a rule.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from ingest.lines import PIECE, Lines, pieces
from market.layout import Layout, Record

UNKNOWN = 255
"""The code of a line whose record type the flow does not have."""

Codes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Place:
    """One line where the body breaks a structure rule."""

    line: int
    rule: str
    message: str

    @property
    def data(self) -> str:
        """What the receipt says of it."""
        return f"line {self.line}: {self.rule} {self.message}"


@dataclass(frozen=True)
class Structure:
    """The record type of every body row, as places in `layout.records`, and where the structure is broken."""

    layout: Layout
    codes: Codes
    places: tuple[Place, ...]

    @cached_property
    def rows(self) -> "RowsByType":
        """Per record type the body rows on which it stands, in file order."""
        return RowsByType(self.layout, self.codes)


class RowsByType(dict[str, Rows]):
    """The body rows of each record type, found when they are first asked for."""

    def __init__(self, layout: Layout, codes: Codes) -> None:
        super().__init__()
        self._codes = codes
        self._code_of = {record.type: code for code, record in enumerate(layout.records)}

    def __missing__(self, record_type: str) -> Rows:
        self[record_type] = np.flatnonzero(self._codes == self._code_of[record_type]).astype(np.uint32)
        return self[record_type]


def structure_of(lines: Lines, layout: Layout, limit: int) -> Structure:
    """The structure of the body between the first and the last line; at most `limit` places, by line."""
    body = [_piece(lines, layout, first, last) for first, last in pieces(lines, 1, lines.count - 1)]
    codes = np.concatenate([piece.codes for piece in body]) if body else np.empty(0, np.uint8)
    structure = Structure(layout, codes, ())
    places = _order_places(lines, layout, codes, limit)
    if not places:
        places = _count_places(structure, limit)
    wrong = np.concatenate([piece.wrong for piece in body])[:limit] if body else ()
    places += [_item_place(lines, layout, codes, int(row)) for row in wrong]
    return Structure(layout, codes, tuple(sorted(places, key=lambda place: (place.line, place.rule))[:limit]))


@dataclass(frozen=True)
class _Piece:
    """The codes of some lines, and the body rows among them whose items are not those of their record."""

    codes: Codes
    wrong: npt.NDArray[np.int64]


def _piece(lines: Lines, layout: Layout, first: int, last: int) -> _Piece:
    offset = lines.start(first)
    # the footer's bytes are in reach of a last record shorter than a type and its separator
    buffer = np.frombuffer(lines.data, np.uint8, offset=offset)[: int(lines.ends[last - 1]) - offset + 4]
    starts = lines.starts(first, last).astype(np.int64) - offset
    ends = lines.ends[first:last].astype(np.int64) - offset
    codes = _record_codes(buffer, starts, layout)
    wrong = _wrong_items(buffer[: ends[-1]], starts, ends, _separators(layout)[codes])
    return _Piece(codes, wrong[codes[wrong] != UNKNOWN] + first - 1)


def _record_codes(buffer: Codes, starts: npt.NDArray[np.int64], layout: Layout) -> Codes:
    """The code of each line, by its first four bytes: a line shorter than that has a line end among them."""
    lead = np.zeros(len(starts), np.uint32)
    for offset in range(4):
        lead = (lead << np.uint32(8)) | buffer.take(starts + offset, mode="clip")
    codes = np.full(len(starts), UNKNOWN, np.uint8)
    for code, record in enumerate(layout.records):
        codes[lead == int.from_bytes(record.type.encode() + b"|", "big")] = code
    return codes


@lru_cache
def _separators(layout: Layout) -> npt.NDArray[np.int64]:
    """By code, how many separators a record has: one behind its type and each of its items."""
    due = np.zeros(UNKNOWN + 1, np.int64)
    due[: len(layout.records)] = [len(record.items) + 1 for record in layout.records]
    return due


def _wrong_items(
    buffer: Codes, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64], due: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The lines whose separators are not as many as due, or whose last character is none."""
    if len(starts) == 1:
        # one line may be as long as the file: its separators are counted, not listed
        line = buffer.tobytes()
        return np.flatnonzero([line.count(b"|") != due[0] or not line.endswith(b"|")])
    separators = np.flatnonzero(buffer == ord("|"))
    closing = np.cumsum(due)
    if due.all() and closing[-1] == len(separators) and np.array_equal(separators[closing - 1], ends - 1):
        return np.empty(0, np.int64)
    found = np.diff(np.searchsorted(separators, ends), prepend=0)
    return np.flatnonzero((found != due) | (buffer[ends - 1] != ord("|")))


@lru_cache
def _may_follow(layout: Layout) -> npt.NDArray[np.bool_]:
    """Whether a record may stand directly behind another; the last row is for the header.

    Every record type has one path, so the record before tells which parents are open: a record may follow as
    a child of the one before, or beside it or one of its ancestors, not before that one in the flow's order.
    """
    order = {record.type: place for place, record in enumerate(layout.records)}
    allowed = np.zeros((len(order) + 1, len(order)), np.bool_)
    for after in layout.records:
        if after.parent is None:
            allowed[len(order), order[after.type]] = True
        for before in layout.records:
            open_records = (before, *layout.ancestors(before.type))
            allowed[order[before.type], order[after.type]] = after.parent == before.type or any(
                record.parent == after.parent and order[record.type] <= order[after.type] for record in open_records
            )
    return allowed


def _order_places(lines: Lines, layout: Layout, codes: Codes, limit: int) -> list[Place]:
    unknown = np.flatnonzero(codes == UNKNOWN)[:limit]
    known = np.flatnonzero(codes != UNKNOWN) if len(unknown) else None
    followed = codes if known is None else codes[known]
    before = np.concatenate([[np.uint8(len(layout.records))], followed[:-1]])[: len(followed)]
    stray = _stray(layout, before, followed)[:limit]
    places = []
    for row in unknown.tolist():
        found = lines.line(row + 2)[:12].split(b"|")[0].decode("ascii", "replace")
        places.append(Place(row + 2, "STR-01", f"{found or 'an empty type'} is no record of {layout.file_type}"))
    for at in stray.tolist():
        row = at if known is None else int(known[at])
        places.append(Place(row + 2, "STR-01", _stray_message(layout, int(before[at]), int(followed[at]))))
    return places


def _stray(layout: Layout, before: Codes, followed: Codes) -> npt.NDArray[np.int64]:
    """Where a record stands behind one that it may not follow."""
    types = len(layout.records)
    stray_pairs = ~_may_follow(layout).ravel()
    stray = [
        np.flatnonzero(stray_pairs[before[at : at + PIECE].astype(np.uint16) * types + followed[at : at + PIECE]]) + at
        for at in range(0, len(followed), PIECE)
    ]
    return np.concatenate(stray) if stray else np.empty(0, np.int64)


def _stray_message(layout: Layout, before: int, found: int) -> str:
    record, order = layout.records[found], [each.type for each in layout.records]
    if before == len(order):
        return f"{record.type} stands behind AAA, {layout.file_type} has it under {record.parent}"
    behind = layout.records[before]
    beside = [each for each in (behind, *layout.ancestors(behind.type)) if each.parent == record.parent]
    place = f"in front of {beside[0].type}" if beside else f"under {record.parent}"
    return f"{record.type} stands behind {behind.type}, {layout.file_type} has it {place}"


def _count_places(structure: Structure, limit: int) -> list[Place]:
    places: list[Place] = []
    for record in structure.layout.records:
        rows = structure.rows[record.type]
        parents = structure.rows[record.parent] if record.parent else np.zeros(1, np.uint32)
        first = np.searchsorted(rows, parents)
        counts = np.diff(first, append=len(rows))
        for at in np.flatnonzero(~_count_fits(record, counts))[:limit].tolist():
            found, (least, most) = int(counts[at]), record.occurs_range
            line = int(parents[at]) + 2 if record.parent else 1
            if found and most is not None and found > most:
                line = int(rows[first[at] + most]) + 2
            above = record.parent or "the header"
            due = "46, 48 or 50" if record.occurs == "46-50" else _due(least, most)
            places.append(Place(line, "STR-03", f"{found} {record.type} under {above}, {due} due"))
    return places


def _due(least: int, most: int | None) -> str:
    if most is None:
        return f"at least {least}"
    return str(least) if least == most else f"{least} to {most}"


def _count_fits(record: Record, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    if record.occurs == "46-50":
        return np.isin(counts, (46, 48, 50))
    least, most = record.occurs_range
    fits: npt.NDArray[np.bool_] = counts >= least
    return fits if most is None else fits & (counts <= most)


def _item_place(lines: Lines, layout: Layout, codes: Codes, row: int) -> Place:
    record = layout.records[codes[row]]
    text = lines.line(row + 2)
    if not text.endswith(b"|"):
        return Place(row + 2, "STR-02", f"{record.type} ends without its closing separator")
    found = text.count(b"|") - 1
    return Place(row + 2, "STR-02", f"{record.type} has {found} items, {layout.file_type} gives it {len(record.items)}")
