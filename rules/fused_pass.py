"""The fused pass: all checks of a record type in one select over its frame; only rows with a breach leave it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import numpy.typing as npt
import polars as pl

from market.check import Check
from market.fault import Fault
from market.severity import Severity

UNCHANGED, REFUSED, HELD, WARNED, TOLD = 16, 8, 4, 2, 1
"""Severity bits of a row or an acceptance unit."""

BITS = {Severity.ERROR: REFUSED, Severity.HELD: HELD, Severity.WARNING: WARNED, Severity.INFORMATION: TOLD}

FOUND = pl.Schema(
    {
        "line": pl.UInt32,
        "record": pl.String,
        "item": pl.String,
        "position": pl.UInt8,
        "rule": pl.String,
        "severity": pl.String,
        "value": pl.String,
        "message": pl.String,
        "unit": pl.UInt32,
    }
)
"""Breaches as they leave the pass, before they are laid to units; `unit` is set where a test of units found them."""

UNIT = "unit.row"
"""In a frame of units the column of their rows among all units of the file."""

Numbers = npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Place:
    """Where one check is broken: on which lines, and, where it is a test of units, of which units."""

    check: Check
    lines: Numbers
    units: Numbers | None


@contextmanager
def ours(what: str) -> Iterator[None]:
    """Whatever is raised inside is a Fault of ours that names what failed, never a finding about the file."""
    try:
        yield
    except Fault:
        raise
    except (Exception, pl.exceptions.PanicException) as error:
        raise Fault(f"{what} fails: {error}") from error


@dataclass
class Broken:
    """The first broken rows of one check: what its value and message read of them, by line."""

    check: Check
    pieces: list[pl.DataFrame] = field(default_factory=list)
    height: int = 0

    @property
    def order(self) -> tuple[str, str, int, str]:
        """The place of the check among those of its rule; of two at one item the first by its message."""
        return self.check.rule, self.check.record, self.check.position, str(self.check.message)

    def shown(self, first: int) -> pl.DataFrame:
        """Its first rows as FOUND, with their messages."""
        check, rows = self.check, pl.concat(self.pieces).head(first)
        # pl.format panics over a column with an empty chunk
        rows = rows.rechunk()
        with ours(f"the message of rule {check.rule}"):
            return rows.select(
                "line",
                pl.lit(check.record).alias("record"),
                pl.lit(check.item, pl.String).alias("item"),
                pl.lit(check.position, pl.UInt8).alias("position"),
                pl.lit(check.rule).alias("rule"),
                pl.lit(str(check.severity)).alias("severity"),
                check.value.alias("value"),
                check.message.alias("message"),
                (pl.col(UNIT) if UNIT in rows.columns else pl.lit(None, pl.UInt32)).alias("unit"),
            )


@dataclass
class Tally:
    """Exact counts per rule, and the first breaches of each by line and position, up to `store_limit` a rule.

    `places` are those of all E and W breaches, without a message, so that each unit knows why it is refused.
    """

    store_limit: int
    counts: Counter[str] = field(default_factory=Counter)
    broken: dict[int, Broken] = field(default_factory=dict)
    places: list[Place] = field(default_factory=list)

    def add(self, check: Check, frame: pl.DataFrame, broken: pl.Series) -> None:
        """Counts a check's broken rows (their places in `frame`) and keeps those that may be among its rule's first.

        The rows of `frame` stand by line, behind those of frames before.
        """
        self.counts[check.rule] += broken.len()
        of_units = UNIT in frame.columns
        if check.severity in (Severity.ERROR, Severity.WARNING):
            lines = frame["line"].gather(broken).to_numpy()
            self.places.append(Place(check, lines, frame[UNIT].gather(broken).to_numpy() if of_units else None))
        kept = self.broken.setdefault(id(check), Broken(check))
        first = broken.head(self.store_limit - kept.height)
        if not first.is_empty():
            read = {*check.value.meta.root_names(), *check.message.meta.root_names(), *([UNIT] if of_units else [])}
            with ours(f"the message of rule {check.rule}"):
                kept.pieces.append(frame.select("line", *sorted(read - {"line"}))[first])
            kept.height += first.len()

    def breaches(self) -> pl.DataFrame:
        """What was kept, as FOUND, by line, item position and rule id."""
        kept = sorted(self.broken.values(), key=lambda broken: broken.order)
        found = [FOUND.to_frame()]
        for _, of_rule in groupby(kept, key=lambda broken: broken.check.rule):
            found += self._first(list(of_rule))
        return pl.concat(found).sort("line", "position", "rule", maintain_order=True)

    def _first(self, of_rule: list[Broken]) -> list[pl.DataFrame]:
        """The breaches of one rule, each check's by itself: those with the lowest line and position."""
        heights = [broken.height for broken in of_rule]
        if sum(heights) > self.store_limit:
            lines = pl.concat([piece["line"] for broken in of_rule for piece in broken.pieces])
            positions = np.repeat([broken.check.position for broken in of_rule], heights)
            which = np.repeat(np.arange(len(of_rule)), heights)
            taken = np.lexsort((positions, lines.to_numpy()))[: self.store_limit]
            heights = np.bincount(which[taken], minlength=len(of_rule)).tolist()
        return [broken.shown(height) for broken, height in zip(of_rule, heights, strict=True) if height]


def run_checks(
    frame: pl.DataFrame, checks: Sequence[Check], tally: Tally, no_change: str | None = None
) -> npt.NDArray[np.uint8]:
    """Evaluates checks over a frame; adds what is broken to the tally and gives each row's severity bits.

    The rule named by `no_change` sets the bit UNCHANGED as well.
    Raises Fault where a check raises or gives null: a rule that cannot tell is ours to mend, never a pass.
    """
    bits = np.zeros(frame.height, np.uint8)
    if not checks or frame.is_empty():
        return bits
    with ours("a rule"):
        flags = _flags(frame, checks)
    untold = [checks[place].rule for place, nulls in enumerate(flags.null_count().row(0)) if nulls]
    if untold:
        raise Fault(f"rules that cannot tell: {', '.join(untold)}")
    for check, flag in zip(checks, flags, strict=True):
        if not flag.any():
            continue
        broken = flag.arg_true()
        tally.add(check, frame, broken)
        bits[broken.to_numpy()] |= np.uint8(BITS[check.severity] | (UNCHANGED if check.rule == no_change else 0))
    return bits


def _flags(frame: pl.DataFrame, checks: Sequence[Check]) -> pl.DataFrame:
    """One Boolean column a check; where the select raises, each check is tried alone to name the one that fails."""
    try:
        return frame.select(check.broken.alias(str(place)) for place, check in enumerate(checks))
    except pl.exceptions.PolarsError:
        for check in checks:
            with ours(f"rule {check.rule}"):
                frame.select(check.broken)
        raise
