"""Judges a file's typed frames: every field check and rule, the acceptance units, and what accepted ones change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from market.check import Check
from market.frames import BREACHES
from market.layout import Layout, Record
from rules.catalogue import acceptance_of
from rules.compile import file_checks, record_checks
from rules.context import FileFacts
from rules.fused_pass import REFUSED, Tally, ours, run_checks
from rules.joined import Frames, joined
from rules.kept import Kept
from rules.units import Lines, Units, outcomes, unit_of

FieldChecks = Callable[[Record], tuple[Check, ...]]


class Slice(Protocol):
    """What a slice of a body gives: frames of the records in groups, frames above them, how many of these are new."""

    frames: Frames
    upper: Frames
    new_upper: dict[str, int]


@dataclass(frozen=True)
class Judgement:
    """The verdict on a file's records.

    `units` is as market.frames.UNITS; `breaches` as BREACHES, cut to the store limit of each rule; `counts` are exact,
    by rule id; `effect` holds the effect columns of accepted units with their `line`.
    """

    outcome: str
    units: pl.DataFrame
    breaches: pl.DataFrame
    counts: Mapping[str, int]
    effect: pl.DataFrame

    def units_with(self, *letters: str) -> int:
        """How many units have one of the outcomes."""
        return int(self.units["outcome"].is_in(letters).sum())


def judge(layout: Layout, slices: Iterable[Slice], facts: FileFacts, field_checks: FieldChecks) -> Judgement:
    """Judges the slices of one file; raises Fault where a rule or a context of ours fails."""
    acceptance = acceptance_of(layout)
    tally = Tally(facts.policy.store_limit)
    units = Units(layout, acceptance)
    kept = Kept(layout)
    for piece in slices:
        new = {name: frame.tail(piece.new_upper.get(name, 0)) for name, frame in piece.upper.items()}
        parents = {**piece.upper, **piece.frames}
        for record in layout.records:
            frame = {**piece.frames, **new}.get(record.type)
            if frame is None or frame.is_empty():
                continue
            frame = joined(layout, record.type, frame, parents, facts)
            checks = (*field_checks(record), *record_checks(layout, record.type))
            units.add(record.type, frame)
            bits = run_checks(frame, checks, tally, acceptance.no_change)
            units.mark(record.type, frame["line"].to_numpy(), bits)
            kept.add(record.type, frame)
    return _verdict(layout, units, tally, kept)


def _run_file_checks(layout: Layout, units: Units, tally: Tally, kept: Kept, lines: Lines) -> None:
    """Evaluates the tests of rows against each other; marks what they break."""
    for record in layout.records:
        for file_check in file_checks(layout, record.type):
            with ours(f"rule {file_check.check.rule}"):
                rows = kept.looked_at(file_check.key, file_check.repeated)
                if rows is None or rows.is_empty():
                    continue
                if file_check.reads_refused:
                    at = unit_of(lines, rows["line"].to_numpy())
                    refused = (units.bits(lines) & REFUSED > 0)[at] & (at >= 0)
                    rows = rows.with_columns(pl.Series("unit.refused", refused))
                for expression in file_check.among:
                    rows = rows.with_columns(expression)
            bits = run_checks(rows, [file_check.check], tally, units.acceptance.no_change)
            units.mark(record.type, rows["line"].to_numpy(), bits)


def _verdict(layout: Layout, units: Units, tally: Tally, kept: Kept) -> Judgement:
    frame = units.frame()
    lines = frame["line"].to_numpy()
    _run_file_checks(layout, units, tally, kept, lines)
    frame = frame.with_columns(outcomes(units.bits(lines))).select("key", "outcome", "line")
    return Judgement(
        outcome=_outcome(frame),
        units=frame,
        breaches=_laid_to_units(units, tally.breaches(), lines),
        counts=dict(tally.counts),
        effect=kept.accepted(frame, frame["outcome"].is_in(["A", "W", "N"]).to_numpy()),
    )


def _laid_to_units(units: Units, found: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """Breaches with the row of their unit; null where they stand above the units or in front of them."""
    at = pl.Series("unit", unit_of(lines, found["line"].to_numpy()))
    above = pl.col("record").is_in(list(units.above)) | (pl.col("unit") < 0)
    return found.with_columns(at).with_columns(pl.when(~above).then("unit").cast(pl.UInt32)).select(list(BREACHES))


def _outcome(units: pl.DataFrame) -> str:
    letters = set(units["outcome"].unique())
    if "H" in letters:
        return "HELD"
    if letters == {"R"}:
        return "REJECTED"
    return "PARTIAL" if "R" in letters else "ACCEPTED"
