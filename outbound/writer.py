"""Writes the IDD file of any layout from typed frames: AAA, the body records, ZZZ with count and checksum.

A frame holds the typed columns of one record type (market.frames.typed_schema) and `line` (UInt32), which orders
the records of all types among each other: a child's line is behind its parent's and before the next parent's.
"""

from collections.abc import Collection, Mapping
from functools import cache

import polars as pl

from market.character_set import made_safe
from market.checksum import checksum
from market.clock import idd_time
from market.fault import Fault
from market.header import CsvHeader, Header
from market.item_type import Kind
from market.layout import Item, Layout, Record
from outbound.csv_writer import csv_file
from outbound.item_text import item_text

PIECE = 100_000
"""How many records are made at once: the texts of all items together take many times what a file takes."""


def body(layout: Layout, frames: Mapping[str, pl.DataFrame], echoes: Collection[str] = ()) -> bytes:
    """The body records in order of `line`, each ended by LF.

    `echoes` are the record types that repeat a refused record: there a mandatory item may be empty, for the party may
    have left it out, or its value may be none, and that can be why the record is refused. Raises Fault where a value
    does not keep what the layout says of its item otherwise, since only we can have put it there.
    """
    filled = {type_: frame for type_, frame in frames.items() if not frame.is_empty()}
    texts = [_records(layout, layout.record(type_), frame, type_ in echoes) for type_, frame in filled.items()]
    if not texts:
        return b""
    records = pl.concat(texts).sort("line", maintain_order=True)["text"]
    return b"".join(records.slice(at, PIECE).str.join("").item().encode() for at in range(0, records.len(), PIECE))


def file(header: Header, layout: Layout, frames: Mapping[str, pl.DataFrame], echoes: Collection[str] = ()) -> bytes:
    """A whole file: the header's AAA record, the body (`echoes` as there), and the footer.

    Under a CsvHeader it is the CSV file that says the same.
    """
    if isinstance(header, CsvHeader):
        for type_, frame in frames.items():
            _guard(layout, layout.record(type_), frame, type_ in echoes)
        return csv_file(layout, frames, header.separator)
    return sealed(header_record(header) + body(layout, frames, echoes))


def header_record(header: Header) -> bytes:
    """The AAA record, ended by LF."""
    return record_line(
        "AAA",
        header.file_type,
        header.message_role,
        idd_time(header.creation_time),
        header.from_role,
        header.from_id,
        header.to_role,
        header.to_id,
        str(header.sequence),
        header.test_flag,
    )


def record_line(*items: str) -> bytes:
    """One record of the given items, its type first, each made safe, with the closing separator and LF."""
    return "".join(f"{made_safe(item)}|" for item in items).encode() + b"\n"


def sealed(records: bytes) -> bytes:
    """Records that each end in LF, AAA first, followed by the footer that counts and sums them."""
    return records + record_line("ZZZ", str(records.count(b"\n") + 1), str(checksum(records)))


def _records(layout: Layout, record: Record, frame: pl.DataFrame, echo: bool) -> pl.DataFrame:
    _guard(layout, record, frame, echo)
    filled = _filled(record, frame)
    items = [_text(item) if item in filled else pl.lit("") for item in record.items]
    text = pl.concat_str(pl.lit(record.type), *items, pl.lit("\n"), separator="|").alias("text")
    return pl.concat(piece.select("line", text) for piece in frame.iter_slices(PIECE))


def _filled(record: Record, frame: pl.DataFrame) -> frozenset[Item]:
    """The items of which some row has a value: of a wide record most are empty throughout, and cost nothing then."""
    nulls = frame.null_count().row(0, named=True)
    return frozenset(item for item in record.items if nulls[item.column] < frame.height)


def _guard(layout: Layout, record: Record, frame: pl.DataFrame, echo: bool) -> None:
    if frame.is_empty():
        return
    filled = _filled(record, frame)
    found = frame.select(_broken(item, echo) for item in record.items if item in filled)
    for item in record.items:
        wrong = found[item.column].item() if item in filled else item.presence == "M" and not echo
        if wrong:
            raise Fault(f"{layout.file_type} {record.type}: a value of {item.name} is not {_wanted(item)}")


@cache
def _text(item: Item) -> pl.Expr:
    return item_text(pl.col(item.column), item.type)


@cache
def _broken(item: Item, may_lack: bool) -> pl.Expr:
    """Whether a value is not what the layout says; with `may_lack` a mandatory one may be missing."""
    value = pl.col(item.column)
    is_text = item.type.kind in (Kind.TEXT, Kind.BOOLEAN)
    if item.presence == "N":
        return ((value != "") if is_text else value.is_not_null()).any().alias(item.column)
    # what is missing is null below, which `any` leaves out, or an empty text
    match item.type.kind:
        case Kind.INTEGER | Kind.DECIMAL:
            wrong = value.abs() >= 10**item.type.digits
        case Kind.TEXT:
            wrong = value.str.len_chars() > item.type.digits
        case Kind.BOOLEAN:
            wrong = ~value.is_in(["T", "F", ""])
        case Kind.TIME:
            wrong = ~value.is_between(0, 24 * 60 - 1)
        case Kind.DATE | Kind.DATETIME:
            wrong = ~value.dt.year().is_between(0, 9999)
    if item.valid:
        wrong |= ~item_text(value, item.type).is_in([*item.valid, ""])
    if item.presence == "M" and not may_lack:
        wrong |= (value.fill_null("") == "") if is_text else value.is_null()
    broken: pl.Expr = wrong.any().alias(item.column)
    return broken


def _wanted(item: Item) -> str:
    if item.presence == "N":
        return "empty, and the item is unused"
    valid = f" of {', '.join(item.valid)}" if item.valid else ""
    return f"{item.type}{valid}" + (", or it is missing" if item.presence == "M" else "")
