"""The validation report (K9001001): what became of a submission, its acceptance units and its breaches."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache

import polars as pl

from market.frames import typed_schema
from market.header import Header
from market.item_type import Kind
from market.layout import Record, layout
from market.severity import told_severity
from outbound.item_text import cut_expr
from outbound.writer import file

FILE_TYPE = "K9001001"
_LAYOUT = layout(FILE_TYPE)


@dataclass(frozen=True)
class Verdict:
    """One run's outcome on one submission: the VRH record but the number of listed breaches.

    `received_time` is aware. The counts are exact, whatever the report lists. `sequence_number` and
    `next_sequence_number` are None for a CSV submission; `outcome` is ACCEPTED, PARTIAL, REJECTED or HELD.
    """

    file_name: str
    file_type: str
    sequence_number: int | None
    received_time: datetime
    sha_256: str
    submission_reference: str
    run_number: int
    outcome: str
    units_in: int
    units_accepted: int
    units_rejected: int
    units_held: int
    breaches: int
    next_sequence_number: int | None


def listed_units(units: pl.DataFrame, units_in: int, unit_limit: int) -> pl.DataFrame:
    """The units that a report lists, by first line: all but the accepted where the file has `unit_limit` or more."""
    kept = units if units_in < unit_limit else units.filter(pl.col("outcome") != "A")
    return kept.sort("line", "key", maintain_order=True)


def listed_breaches(breaches: pl.DataFrame, report_limit: int) -> pl.DataFrame:
    """The breaches that a report lists: by line, item position and rule id, the first `report_limit` of each rule."""
    ordered = breaches.sort("line", "position", "rule", maintain_order=True)
    if ordered.height <= report_limit:
        return ordered
    return ordered.filter(pl.int_range(pl.len()).over("rule") < report_limit)


def report(
    header: Header,
    verdict: Verdict,
    units: pl.DataFrame,
    breaches: pl.DataFrame,
    *,
    unit_limit: int,
    report_limit: int,
) -> bytes:
    """The report file. `header` is its own; frames are market.frames.UNITS and BREACHES.

    Texts longer than their items are cut; the VRH record tells how many breaches there are and how many are listed.
    """
    shown_units = listed_units(units, verdict.units_in, unit_limit)
    shown = listed_breaches(breaches, report_limit)
    head = pl.DataFrame([{**asdict(verdict), "breaches_listed": shown.height}], typed_schema(_LAYOUT.record("VRH")))
    frames = {
        "VRH": head,
        "VRU": shown_units.select(unit_key="key", outcome="outcome", first_line="line"),
        "VRB": shown.select(
            line_number="line",
            record_type="record",
            item="item",
            rule_id="rule",
            severity=told_severity(),
            value="value",
            message="message",
        ),
    }
    return file(header, _LAYOUT, _numbered(frames))


def _numbered(frames: dict[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Frames in the order of their records, cut to their items, with the `line` that each record will have."""
    numbered, first = {}, 2
    for record_type, frame in frames.items():
        line = pl.int_range(first, first + frame.height, dtype=pl.UInt32, eager=True).alias("line")
        numbered[record_type] = frame.with_columns(line, *_cuts(_LAYOUT.record(record_type)))
        first += frame.height
    return numbered


@cache
def _cuts(record: Record) -> Sequence[pl.Expr]:
    texts = [item for item in record.items if item.type.kind is Kind.TEXT and not item.valid]
    return tuple(cut_expr(pl.col(item.column), item.type) for item in texts)
