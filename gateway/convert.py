"""`gridpost convert`: a CSV file as the IDD file that says the same, and back."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from gateway.bodies import Body, CsvBody, IddBody
from gateway.pipeline import read_through
from ingest.csv_profile_columns import TEST_FLAG, CsvFlow, csv_flows
from ingest.csv_profile_header import CsvForm
from ingest.csv_profile_totals import totals_of
from ingest.envelope import Refusal
from ingest.records import SLICE_RECORDS, Slice
from market.frames import text_column
from market.header import Header
from market.layout import Layout, Record, layout
from market.policy import Policy
from outbound.csv_writer import csv_lines, neutral
from outbound.item_text import made_safe_expr
from outbound.names import outgoing_name
from outbound.writer import header_record, sealed
from store.refused import RefusedError


@dataclass(frozen=True)
class Converted:
    """The files that say what another one says, by name, and what they do not say in the same way."""

    files: dict[str, bytes]
    differences: tuple[str, ...]


def convert(path: Path, policy: Policy, header: Header) -> Converted:
    """Converts a file of either profile.

    `header` is the one of an IDD file made from CSV; its file type, roles and test flag come from the CSV file where
    they are empty. Raises RefusedError where the file cannot be read, or the CSV profile has no lines for a record.
    """
    reading, body = read_through(path.read_bytes(), path.name, policy)
    refused = reading.header if isinstance(reading.header, Refusal) else reading.body
    if body is None or isinstance(reading.header, Refusal):
        told = "\n".join(data for _, data in refused.entries) if refused else "it is too large for its flow"
        raise RefusedError(f"{path.name} cannot be read:\n{told}")
    if isinstance(body, IddBody):
        assert isinstance(reading.header, Header)
        return _to_csv(path.name, body, reading.header)
    assert isinstance(reading.header, CsvForm)
    flow = layout(reading.header.file_type)
    return _to_idd(
        body,
        replace(
            header,
            file_type=flow.file_type,
            from_role=header.from_role or flow.from_roles[0],
            to_role=flow.to_role,
            test_flag=reading.header.test_flag,
        ),
    )


def _to_idd(body: CsvBody, header: Header) -> Converted:
    if not header.from_id:
        raise RefusedError("a CSV file names no sender; --party does")
    if header.from_role not in body.layout.from_roles:
        roles = " ".join(body.layout.from_roles)
        raise RefusedError(f"role {header.from_role} sends no {header.file_type}, {roles} do")
    records, changed = [header_record(header)], 0
    for piece in body.slices(SLICE_RECORDS):
        made = [_records(record, frame) for record, frame in _new(body.layout, piece)]
        lines = pl.concat(made).sort("line", maintain_order=True)
        changed += int(lines["changed"].sum())
        records.append(str(lines["text"].str.join("").item()).encode())
    told = [f"{changed} records hold characters outside the IDD set, written as ?"] if changed else []
    return Converted({outgoing_name(header.from_role, header.sequence): sealed(b"".join(records))}, tuple(told))


def _new(flow: Layout, piece: Slice) -> Iterator[tuple[Record, pl.DataFrame]]:
    """The frames of a slice, of records above the groups those that came with it."""
    new = {name: piece.upper[name].tail(count) for name, count in piece.new_upper.items()}
    yield from ((flow.record(name), frame) for name, frame in {**new, **piece.frames}.items())


def _records(record: Record, frame: pl.DataFrame) -> pl.DataFrame:
    texts = [pl.col(text_column(item.column)).fill_null("") for item in record.items]
    changed = pl.any_horizontal(made_safe_expr(text) != text for text in texts)
    safe = [made_safe_expr(text) for text in texts]
    line = pl.concat_str(pl.lit(record.type), *safe, pl.lit("\n"), separator="|")
    return frame.select("line", line.alias("text"), changed.alias("changed"))


def _to_csv(name: str, body: Body, header: Header) -> Converted:
    kinds = [csv for csv in csv_flows().values() if csv.flow.file_type == header.file_type]
    if not kinds:
        raise RefusedError(f"{header.file_type} has no CSV files: it comes in IDD only")
    written = {record.type for csv in kinds for record in (*csv.chain, *csv.totals)}
    tables: dict[str, list[pl.DataFrame]] = {csv.prefix: [] for csv in kinds}
    lone = unsummed = 0
    for piece in body.slices(SLICE_RECORDS):
        for record, frame in _new(body.layout, piece):
            if record.type not in written and frame.height:
                raise RefusedError(f"{header.file_type} {record.type} has no lines in the CSV profile")
        for csv in kinds:
            tables[csv.prefix].append(_lines(csv, piece))
            unsummed += _unsummed(csv, piece)
        lone += _without_lines(kinds, piece)
    told = [f"{lone} records have nothing below them and get no line"] if lone else []
    told += [f"{unsummed} totals are not the sums of their lines, which the gateway computes"] if unsummed else []
    files, changed = {}, 0
    for prefix, parts in tables.items():
        cells = pl.concat(parts)
        if cells.is_empty():
            continue
        flagged = cells.with_columns(pl.lit(header.test_flag).alias(TEST_FLAG)) if header.flag != "OPER" else cells
        safe = flagged.select(neutral(pl.col(column)).alias(column) for column in flagged.columns)
        changed += int((~_same(flagged, safe)).sum())
        files[f"{prefix}_{name}.csv"] = csv_lines(safe, ",")
    told += [f"{changed} lines hold what a spreadsheet computes, now behind an apostrophe"] if changed else []
    return Converted(files, tuple(told))


def _lines(csv: CsvFlow, piece: Slice) -> pl.DataFrame:
    """The cells of one kind of line in a slice, under the names of their columns."""
    frame = piece.frames[csv.record.type] if csv.record.type in piece.frames else piece.upper[csv.record.type]
    up, parts = frame["up"], [_texts(csv.record, frame)]
    for record in reversed(csv.chain[:-1]):
        above = piece.upper[record.type] if record.type in piece.upper else piece.frames[record.type]
        above = above[up]
        up = above["up"]
        parts.insert(0, _texts(record, above))
    return pl.concat(parts, how="horizontal")


def _texts(record: Record, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(pl.col(text_column(item.column)).alias(item.column) for item in record.items)


def _unsummed(csv: CsvFlow, piece: Slice) -> int:
    """How many totals of a slice are not the sums of their lines."""
    frame = piece.frames.get(csv.record.type)
    if not csv.totals or frame is None or frame.is_empty():
        return 0
    found = 0
    for total in csv.totals:
        columns = [text_column(item.column) for item in total.items]
        sums = totals_of(total, csv.record, frame, frame["up"].n_unique())
        stated = piece.frames[total.type].select(columns)
        found += int((~_same(stated, sums)).sum())
    return found


def _same(one: pl.DataFrame, other: pl.DataFrame) -> pl.Series:
    """Where the rows of two frames are equal."""
    both = pl.concat([one, other.rename(lambda name: f"other.{name}")], how="horizontal")
    equal = [pl.col(name).eq_missing(pl.col(f"other.{name}")) for name in one.columns]
    return both.select(pl.all_horizontal(equal).alias("same"))["same"]


def _without_lines(kinds: list[CsvFlow], piece: Slice) -> int:
    """How many parents of lines in a slice have none."""
    parent = kinds[0].record.parent
    if parent is None or parent in piece.upper:
        return 0
    used = pl.concat([piece.frames[csv.record.type]["up"] for csv in kinds]).n_unique()
    return piece.frames[parent].height - used
