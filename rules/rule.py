"""What a rule is: a declared value that is its own documentation.

A rule says what the market's text says (`title`), where it comes from (`source`), why it exists (`why`), and shows
an example that passes and one that fails. Its tests say where it looks and when it is broken. Rules of the envelope,
of structure and of fields have no tests here: `ingest` and `validators` evaluate them, the catalogue describes all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from market.severity import Severity

Stage = Literal["envelope", "structure", "field", "reference", "value", "timing", "cross", "nightly"]


@dataclass(frozen=True)
class Example:
    """A small case of a rule.

    `body` is what stands between AAA and ZZZ (so its first line is line 2 of the file), or the whole text of an
    envelope example; `breaks` are the lines on which the rule breaks, empty where it passes. `sender` is the party
    that owns the account, `received_at` is GMT, `before` are the same of files received before, each a minute after
    the other. `note` tells what the text alone does not show.
    """

    body: str
    breaks: tuple[int, ...] = ()
    received_at: str = "2026-11-02T09:30:00Z"
    before: tuple[str, ...] = ()
    flow: str = "K0151001"
    sender: str = "ACME"
    file_name: str = "BP000000000001"
    note: str = ""


@dataclass(frozen=True)
class RecordTest:
    """Where and when a rule is broken: evaluated row by row over the frame of one record type.

    Names in `reads` and `optional` are columns: an item of the record (`generation_capacity`), of a record above
    (`GCH.bsc_season`) or of a context (`registration.lead_party_id`, `file.received_at`). The test applies where all of
    `reads` are present and well formed, those of `optional` are at least well formed, and `when` is true.
    There `broken` tells; it is never null. `message` has a `{name}` for each expression of `evidence`.
    """

    flow: str
    record: str
    item: str | None
    reads: tuple[str, ...]
    broken: pl.Expr
    message: str
    evidence: Mapping[str, pl.Expr] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    when: pl.Expr | None = None


@dataclass(frozen=True)
class FileTest(RecordTest):
    """A test of rows against each other, evaluated once over the whole file when all slices have passed.

    Looked at are the rows to which it applies; `repeated` narrows them to those whose values of these columns stand
    more than once. `among` are expressions over all of these rows, windows too, which `broken`, `evidence` and those
    of `among` that follow read as `among.<name>`; a window inside a window would give wrong numbers. The column
    `unit.refused` tells whether another test has refused the row's acceptance unit: those of rows by themselves, and
    those over the file with an id before.
    """

    repeated: tuple[str, ...] = ()
    among: Mapping[str, pl.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class UnitTest(RecordTest):
    """A test of acceptance units that are not rows of a record type: evaluated over the frame that `derive` makes.

    `record` and `item` tell where the breach stands, on the unit's `line`; it falls on that unit alone. Columns are
    those of the units' frame; the item's text is its `<column>__text`.
    """


@dataclass(frozen=True)
class Rule:
    """One rule of the catalogue. `title` is the statement, `source` its clause; ids are never reused."""

    id: str
    title: str
    severity: Severity
    flows: tuple[str, ...]
    stage: Stage
    source: str
    why: str
    passes: Example
    fails: Example
    tests: tuple[RecordTest, ...] = ()
    receipt_code: int | None = None
    since: str = "0.1.0"
