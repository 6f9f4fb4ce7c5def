"""Acceptance: what of a flow is accepted or refused as a whole, and what an accepted unit changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from rules.context import FileFacts


@dataclass(frozen=True)
class UnitRows:
    """The acceptance units of one slice where they are not the rows of a record type.

    `frame` has a row a unit, by line: `line` (UInt32, of the row that first belongs to it), `key`, where the flow knows
    it `unchanged` (Boolean: what is in force already), and whatever tests of units and the effect read.
    `links` tells which rows belong to which units: `line` (UInt32, by line) and `unit` (UInt32, a row of `frame`). A
    row may belong to several units, and a unit have several rows.
    """

    frame: pl.DataFrame
    links: pl.DataFrame


Derive = Callable[[Mapping[str, pl.DataFrame], FileFacts], UnitRows]
"""Makes the units of a slice from the joined frames of its record types; those without rows may be missing."""


@dataclass(frozen=True)
class PutInForce:
    """What accepted units of a flow put in force: rows of the reference frame `frame` (market.reference).

    `rows` makes them of Judgement.effect, with the columns of that frame but `received_at` and `submission_ref`; it
    decides what units that are no change (outcome N) put in force.
    """

    frame: str
    rows: Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class PutFromSlices:
    """What accepted units put in force where it is too much to be kept while a file is judged: rows of `frame`.

    `rows` makes of the typed frames of a slice, in a second pass over the file, one row for each of its units, in their
    order, with the columns of that frame but `line`, `received_at` and `submission_ref`.
    """

    frame: str
    rows: Callable[[Mapping[str, pl.DataFrame]], pl.DataFrame]


@dataclass(frozen=True)
class Acceptance:
    """The acceptance units of a flow.

    Units are the rows of `units` (record types of which none stands below another). `key` are the columns whose
    texts, joined by a space, name a unit; a row without one of them is named `line N`. With `derive` they are what it
    makes of the rows of `units`; `reads` are the dotted columns that it needs, by record type, `frames` the reference
    frames that it uses.

    Of a unit that breaks the rule `no_change` and is not refused the outcome is N. `effect` are the columns kept of
    units: what accepted ones change, what answers say of refused ones. `warned` are the W rules that answers tell.
    `days` are the columns of the first record that name the first and the last day that the file is about. `whole`
    tells that a unit may span the whole file. Without `puts` accepted units change no value in force.
    """

    flow: str
    units: tuple[str, ...]
    key: tuple[str, ...] = ()
    no_change: str | None = None
    effect: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    derive: Derive | None = None
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    frames: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    whole: bool = False
    puts: PutInForce | PutFromSlices | None = None
