"""Judges a file's typed frames: every field check and rule, the acceptance units, and what accepted ones change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import polars as pl

from market.check import Check
from market.frames import BREACHES
from market.layout import Layout, Record
from rules.acceptance import Acceptance
from rules.catalogue import acceptance_of
from rules.compile import file_checks, record_checks
from rules.context import FileFacts
from rules.fused_pass import REFUSED, Tally, ours, run_checks
from rules.joined import Frames, joined
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
    kept: dict[str, list[pl.DataFrame]] = {}
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
            columns = _columns_kept(layout, record.type)
            if columns:
                kept.setdefault(record.type, []).append(frame.select(columns))
    return _verdict(layout, units, tally, {name: pl.concat(frames) for name, frames in kept.items()})


@lru_cache
def _columns_kept(layout: Layout, record_type: str) -> tuple[str, ...]:
    """The columns that tests over the whole file and the effect need after the slices are gone."""
    wanted: set[str] = set()
    for file_check in file_checks(layout, record_type):
        wanted |= {*file_check.reads, *file_check.check.value.meta.root_names()}
    acceptance = acceptance_of(layout)
    if record_type in acceptance.units:
        wanted |= set(acceptance.effect)
    return ("line", *sorted(wanted - {"line"})) if wanted else ()


def _run_file_checks(layout: Layout, units: Units, tally: Tally, kept: Frames, lines: Lines) -> None:
    """Evaluates the tests of rows against each other; marks what they break."""
    for record_type, rows in kept.items():
        at = unit_of(lines, rows["line"].to_numpy())
        for file_check in file_checks(layout, record_type):
            with ours(f"rule {file_check.check.rule}"):
                refused = pl.Series("unit.refused", (units.bits(lines) & REFUSED > 0)[at] & (at >= 0))
                among = rows.with_columns(refused).filter(file_check.applies)
                if file_check.repeated:
                    among = among.filter(pl.struct(file_check.repeated).is_duplicated())
                among = among.with_columns(file_check.among)
            bits = run_checks(among, [file_check.check], tally, units.acceptance.no_change)
            units.mark(record_type, among["line"].to_numpy(), bits)


def _verdict(layout: Layout, units: Units, tally: Tally, kept: Frames) -> Judgement:
    acceptance = units.acceptance
    frame = units.frame()
    lines = frame["line"].to_numpy()
    _run_file_checks(layout, units, tally, kept, lines)
    frame = frame.with_columns(outcomes(units.bits(lines))).select("key", "outcome", "line")
    return Judgement(
        outcome=_outcome(frame),
        units=frame,
        breaches=_laid_to_units(units, tally.breaches(), lines),
        counts=dict(tally.counts),
        effect=_effect(acceptance, kept, frame),
    )


def _laid_to_units(units: Units, found: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """Breaches with the row of their unit; null where they stand above the units or in front of them."""
    at = pl.Series("unit", unit_of(lines, found["line"].to_numpy()))
    above = pl.col("record").is_in(list(units.above)) | (pl.col("unit") < 0)
    return found.with_columns(at).with_columns(pl.when(~above).then("unit").cast(pl.UInt32)).select(list(BREACHES))


def _effect(acceptance: Acceptance, kept: Frames, units: pl.DataFrame) -> pl.DataFrame:
    """The effect columns of accepted units, in file order, with their `line`."""
    if not acceptance.effect:
        return pl.DataFrame({"line": []}, {"line": pl.UInt32})
    rows = pl.concat([kept[name] for name in acceptance.units if name in kept])
    accepted = units.filter(pl.col("outcome").is_in(["A", "W", "N"])).select("line", "outcome")
    return rows.select("line", *acceptance.effect).join(accepted, on="line", how="inner", maintain_order="left")


def _outcome(units: pl.DataFrame) -> str:
    letters = set(units["outcome"].unique())
    if "H" in letters:
        return "HELD"
    if letters == {"R"}:
        return "REJECTED"
    return "PARTIAL" if "R" in letters else "ACCEPTED"
