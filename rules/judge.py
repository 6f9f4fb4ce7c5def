"""Judges a file's typed frames: every field check and rule, the acceptance units, and what accepted ones change."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from market.check import Check
from market.frames import BREACHES
from market.layout import Layout, Record
from rules.acceptance import Acceptance
from rules.catalogue import acceptance_of
from rules.compile import file_checks, record_checks, unit_checks
from rules.context import FileFacts, file_columns
from rules.fused_pass import REFUSED, UNCHANGED, UNIT, Tally, ours, run_checks
from rules.joined import Frames, joined
from rules.kept import Kept
from rules.reasons import refusals, warnings
from rules.units import Lines, Places, Units, outcomes

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
    by rule id. `effect` holds the effect columns of accepted units with their `line`, `key` and `outcome`; `refused`
    those of refused ones, with the `reason`: the rule and the message of their first E breach; `held` those of held
    ones, as `effect`. `warned` has the effect columns of an accepted unit for each breach of a rule that answers tell,
    with its `rule` and `reason`.
    """

    outcome: str
    units: pl.DataFrame
    breaches: pl.DataFrame
    counts: Mapping[str, int]
    effect: pl.DataFrame
    held: pl.DataFrame
    refused: pl.DataFrame
    warned: pl.DataFrame

    def units_with(self, *letters: str) -> int:
        """How many units have one of the outcomes."""
        return sum(int((self.units["outcome"] == letter).sum()) for letter in letters)


def judge(layout: Layout, slices: Iterable[Slice], facts: FileFacts, field_checks: FieldChecks) -> Judgement:
    """Judges the slices of one file; raises Fault where a rule or a context of ours fails."""
    acceptance = acceptance_of(layout)
    tally = Tally(facts.policy.store_limit)
    units = Units(layout, acceptance)
    kept = Kept(layout)
    upper: Frames = {}
    for piece in slices:
        new = {name: frame.tail(piece.new_upper.get(name, 0)) for name, frame in piece.upper.items()}
        frames: Frames = {}
        for record in layout.records:
            frame = {**piece.frames, **new}.get(record.type)
            if frame is None or frame.is_empty():
                continue
            frame = joined(layout, record.type, frame, {**upper, **frames}, piece.frames, facts)
            checks = (*field_checks(record), *record_checks(layout, record.type))
            units.add(record.type, frame)
            bits = run_checks(frame, checks, tally, acceptance.no_change)
            units.mark(record.type, frame["line"].to_numpy(), bits)
            kept.add(record.type, frame)
            if record.type in new:
                upper[record.type] = pl.concat([upper[record.type], frame]) if record.type in upper else frame
            else:
                frames[record.type] = frame
        if acceptance.derive is not None:
            _derive_units(layout, acceptance, {**upper, **frames}, facts, units, tally, kept)
    return _verdict(layout, units, tally, kept)


def _derive_units(
    layout: Layout, acceptance: Acceptance, frames: Frames, facts: FileFacts, units: Units, tally: Tally, kept: Kept
) -> None:
    """Makes the units of a slice, evaluates the tests of units, and keeps what outlives the slice."""
    assert acceptance.derive is not None
    with ours(f"making the units of {layout.file_type}"):
        derived = acceptance.derive(frames, facts)
    rows = np.arange(units.height, units.height + derived.frame.height, dtype=np.uint32)
    frame = derived.frame.with_columns(file_columns(facts)).with_columns(pl.Series(UNIT, rows))
    units.derived(derived)
    units.mark_own(rows, run_checks(frame, unit_checks(layout), tally, acceptance.no_change))
    if "unchanged" in frame.columns:
        units.mark_own(rows, frame["unchanged"].to_numpy().astype(np.uint8) * np.uint8(UNCHANGED))
    kept.add_units(frame)


def _run_file_checks(layout: Layout, units: Units, tally: Tally, kept: Kept, lines: Lines) -> None:
    """Evaluates the tests of rows against each other; marks what they break."""
    for record in layout.records:
        for file_check in file_checks(layout, record.type):
            with ours(f"rule {file_check.check.rule}"):
                rows = kept.looked_at(file_check.key, file_check.repeated)
                if rows is None or rows.is_empty():
                    continue
                if file_check.reads_refused:
                    refused = _in_refused_unit(units, record.type, rows["line"].to_numpy(), lines)
                    rows = rows.with_columns(pl.Series("unit.refused", refused))
                for expression in file_check.among:
                    rows = rows.with_columns(expression)
            bits = run_checks(rows, [file_check.check], tally, units.acceptance.no_change)
            units.mark(record.type, rows["line"].to_numpy(), bits)


def _in_refused_unit(units: Units, record_type: str, rows: Lines, lines: Lines) -> npt.NDArray[np.bool_]:
    """Whether a row at each line belongs to a unit that is refused."""
    which, reached = units.reached(record_type, rows, lines)
    refused = np.zeros(len(rows), np.bool_)
    np.logical_or.at(refused, which, (units.bits(lines) & REFUSED > 0)[reached])
    return refused


def _verdict(layout: Layout, units: Units, tally: Tally, kept: Kept) -> Judgement:
    frame = units.frame()
    lines = frame["line"].to_numpy()
    _run_file_checks(layout, units, tally, kept, lines)
    frame = frame.with_columns(outcomes(units.bits(lines))).select("key", "outcome", "line")
    found = tally.breaches()
    refused, held = ((frame["outcome"] == letter).to_numpy() for letter in "RH")
    accepted = ~(refused | held)
    told, waiting, effect = kept.of(frame, refused, held, accepted)
    if told.height:
        told = told.with_columns(refusals(units, tally.places, found, lines, np.flatnonzero(refused)))
    warned = warnings(units, tally.places, found, lines, units.acceptance.warned)
    return Judgement(
        outcome=outcome_of(frame),
        units=frame,
        breaches=_laid_to_units(units, found, lines),
        counts=dict(tally.counts),
        effect=effect,
        held=waiting,
        refused=told,
        warned=_of_warned(effect, np.flatnonzero(accepted), warned),
    )


def _of_warned(effect: pl.DataFrame, accepted: Places, warned: pl.DataFrame) -> pl.DataFrame:
    """The effect columns of accepted units (their rows) beside each of their warnings that answers tell."""
    if warned.is_empty():
        return effect.clear().hstack([column for column in warned.drop("unit") if column.name not in effect.columns])
    of_accepted = effect.with_columns(pl.Series("unit", accepted)[: effect.height])
    return of_accepted.join(warned, on="unit", how="inner", maintain_order="left_right").drop("unit")


def _laid_to_units(units: Units, found: pl.DataFrame, lines: Lines) -> pl.DataFrame:
    """Breaches with the row of their unit; null where they fall on none or on several."""
    if found.is_empty():
        return found.select(list(BREACHES))
    laid = found["unit"].cast(pl.Int64).fill_null(-1).to_numpy(writable=True)
    for record_type in found["record"].unique():
        if record_type in units.above:
            continue
        mine = np.flatnonzero(((found["record"] == record_type) & found["unit"].is_null()).to_numpy())
        which, reached = units.reached(record_type, found["line"].to_numpy()[mine], lines)
        alone = np.bincount(which, minlength=len(mine))[which] == 1
        laid[mine[which[alone]]] = reached[alone]
    unit = pl.Series("unit", laid).replace(-1, None).cast(pl.UInt32)
    return found.with_columns(unit).select(list(BREACHES))


def outcome_of(units: pl.DataFrame) -> str:
    """The outcome of a file with these units (market.frames.UNITS)."""
    letters = set(units["outcome"].unique())
    if "H" in letters:
        return "HELD"
    if letters == {"R"}:
        return "REJECTED"
    return "PARTIAL" if "R" in letters else "ACCEPTED"
