"""From a declared test to a Check: the expressions that the fused pass puts into one select."""

from dataclasses import dataclass
from functools import lru_cache, reduce

import polars as pl

from market.check import Check, place_of
from market.frames import text_column
from market.layout import Layout
from rules.catalogue import tests_of
from rules.rule import FileTest, RecordTest, Rule, UnitTest


@lru_cache
def record_checks(layout: Layout, record_type: str) -> tuple[Check, ...]:
    """The checks of a record type's row-by-row tests."""
    return tuple(
        compiled(layout, rule, test)
        for rule, test in tests_of(layout.file_type)
        if test.record == record_type and not isinstance(test, FileTest | UnitTest)
    )


@lru_cache
def unit_checks(layout: Layout) -> tuple[Check, ...]:
    """The checks of the tests of acceptance units."""
    tests = tests_of(layout.file_type)
    return tuple(compiled(layout, rule, test) for rule, test in tests if isinstance(test, UnitTest))


@dataclass(frozen=True)
class FileCheck:
    """A test of rows against each other: which rows it looks at, what it computes over them, and the check.

    `key` is unique among the checks of a flow. `reads` are the columns of the joined frame that are needed for all of
    it; `reads_refused` tells whether `unit.refused` is as well.
    """

    key: str
    applies: pl.Expr
    repeated: tuple[str, ...]
    among: tuple[pl.Expr, ...]
    check: Check
    reads: tuple[str, ...]
    reads_refused: bool


@lru_cache
def file_checks(layout: Layout, record_type: str) -> tuple[FileCheck, ...]:
    """The checks of a record type's tests of rows against each other, by rule id."""
    return tuple(
        _file_check(f"{rule.id} {place}", layout, rule, test)
        for place, (rule, test) in enumerate(tests_of(layout.file_type))
        if isinstance(test, FileTest) and test.record == record_type
    )


def _file_check(key: str, layout: Layout, rule: Rule, test: FileTest) -> FileCheck:
    check, applies = compiled(layout, rule, test), _applies(layout, test)
    mentioned = _mentioned(check.broken, check.value, check.message, applies, *test.among.values())
    own = {name for name in mentioned if not name.startswith(("among.", "unit."))}
    return FileCheck(
        key=key,
        applies=applies,
        repeated=test.repeated,
        among=tuple(expression.alias(f"among.{name}") for name, expression in test.among.items()),
        check=check,
        reads=("line", *sorted((own | {*test.repeated}) - {"line"})),
        reads_refused="unit.refused" in mentioned,
    )


def compiled(layout: Layout, rule: Rule, test: RecordTest) -> Check:
    """The check of one test. Where the test applies and `broken` is null so is the check's: a fault for the pass."""
    record = layout.record(test.record)
    item = None if test.item is None else record.item(test.item)
    name, position = place_of(record, item)
    value = pl.lit(None, pl.String) if item is None else pl.col(text_column(item.column))
    return Check(
        rule=rule.id,
        severity=rule.severity,
        record=record.type,
        item=name,
        position=position,
        broken=pl.when(_applies(layout, test)).then(test.broken).otherwise(False),
        value=value,
        message=message(test),
    )


def message(test: RecordTest) -> pl.Expr:
    """The message with its evidence filled in."""
    parts = test.message
    names = []
    for name in test.evidence:
        if f"{{{name}}}" not in parts:
            raise ValueError(f"the message «{parts}» does not show {name}")
        names.append(name)
    names.sort(key=lambda name: parts.index(f"{{{name}}}"))
    for name in names:
        parts = parts.replace(f"{{{name}}}", "{}")
    shown = [test.evidence[name].cast(pl.String).fill_null("(none)") for name in names]
    return pl.format(parts, *shown) if shown else pl.lit(parts)


def _applies(layout: Layout, test: RecordTest) -> pl.Expr:
    present = [pl.col(column).is_not_null() for column in test.reads]
    formed = [
        pl.col(text_column(column)).is_null() | pl.col(column).is_not_null()
        for column in test.optional
        if _is_item(layout, test.record, column)
    ]
    when = [] if test.when is None else [test.when.fill_null(False)]
    return reduce(lambda a, b: a & b, [*present, *formed, *when], pl.lit(True))


def _is_item(layout: Layout, record_type: str, column: str) -> bool:
    record, _, item = column.rpartition(".")
    if record and record not in {found.type for found in layout.records}:
        return False
    return any(found.column == item for found in layout.record(record or record_type).items)


def columns_read(test: RecordTest) -> frozenset[str]:
    """Every column of the joined frame that a test needs: those it names and those its expressions mention."""
    expressions = [test.broken, *test.evidence.values(), *([] if test.when is None else [test.when])]
    repeated: tuple[str, ...] = ()
    if isinstance(test, FileTest):
        expressions += test.among.values()
        repeated = test.repeated
    mentioned = {name for name in _mentioned(*expressions) if not name.startswith(("among.", "unit."))}
    return frozenset({*mentioned, *repeated, *test.reads, *test.optional})


def _mentioned(*expressions: pl.Expr) -> frozenset[str]:
    return frozenset(name for expression in expressions for name in expression.meta.root_names())
