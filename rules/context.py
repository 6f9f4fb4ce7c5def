"""Contexts: named joins of reference data that rules read as `<context>.<column>`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

import polars as pl

from market.clock import london_day
from market.policy import Policy

Prepared = TypeVar("Prepared")


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file besides its records.

    `received_at` is aware (UTC, whole seconds); `references` are frames as market.reference declares them, in the state
    without the file's own effects and those of later ones. `records` is how many records the file has.
    """

    sender: str
    from_role: str
    received_at: datetime
    policy: Policy
    references: Mapping[str, pl.DataFrame]
    records: int = 0
    _prepared: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def received_day(self) -> date:
        """The London day of receipt."""
        return london_day(self.received_at)

    def once(self, name: str, prepare: Callable[["FileFacts"], Prepared]) -> Prepared:
        """What a context prepares from the references: made for the file's first slice, kept for the others."""
        if name not in self._prepared:
            self._prepared[name] = prepare(self)
        prepared: Prepared = self._prepared[name]
        return prepared


Join = Callable[..., pl.DataFrame]


@dataclass(frozen=True)
class Context:
    """A named join for one record type of one flow.

    `join(rows, facts, *others)` gives the frame back with columns `<name>.<column>` added: the same rows in the same
    order. It needs the columns of `reads`, from records above and other contexts too. `others` are record types of the
    same groups, below the record or beside it, whose typed frames of the slice it gets as well; `up` in the frame of a
    child counts the rows of its parent's frame. `frames` are the reference frames it uses.
    """

    name: str
    flow: str
    record: str
    reads: tuple[str, ...]
    join: Join
    frames: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def file_columns(facts: FileFacts) -> list[pl.Expr]:
    """The columns of the context `file`, known to every record type: what every row of the file has in common."""
    return facts.once("file", _file_columns)


def _file_columns(facts: FileFacts) -> list[pl.Expr]:
    return [
        pl.lit(facts.sender).alias("file.sender"),
        pl.lit(facts.from_role).alias("file.from_role"),
        pl.lit(facts.received_at).cast(pl.Datetime("us", "UTC")).alias("file.received_at"),
        pl.lit(facts.received_day).alias("file.received_day"),
    ]


class Dated:
    """A reference frame whose rows hold from `effective_from` to `effective_to` inclusive, to be joined by key and day.

    Rows of one key do not overlap. `key` and `columns` are columns of the frame; `columns` are what a join adds.
    """

    def __init__(self, reference: pl.DataFrame, key: tuple[str, ...], columns: tuple[str, ...]) -> None:
        self._keys = [f"__{column}" for column in key]
        self._columns = columns
        self._rows = reference.select(
            *(pl.col(column).alias(f"__{column}") for column in key),
            pl.col("effective_from").alias("__from"),
            pl.col("effective_to").alias("__to"),
            *columns,
        )
        self._between: tuple[date, date] | None = None
        self._near, self._unique = self._rows, False

    def join(self, rows: pl.DataFrame, name: str, key: tuple[str, ...], day: str) -> pl.DataFrame:
        """Adds to each row the reference row that holds for its `key` on its `day`: `<name>.<column>`, `<name>.found`.

        The same rows in the same order; without a reference row the columns are null and `found` is false.
        """
        self._look_between(*rows.select(pl.col(day).min().alias("first"), pl.col(day).max().alias("last")).row(0))
        added = [f"{name}.{column}" for column in self._columns]
        if self._near.is_empty():
            empty = [pl.lit(None, self._near.schema[column]).alias(f"{name}.{column}") for column in self._columns]
            return rows.with_columns(*empty, pl.lit(False).alias(f"{name}.found"))
        wanted = self._near.rename(dict(zip(self._columns, added, strict=True)))
        holds = pl.col(day).is_between("__from", "__to").fill_null(False)
        if self._unique:
            joined = rows.join(wanted, left_on=key, right_on=self._keys, how="left", maintain_order="left")
            shown = [pl.when(holds).then(pl.col(column)).alias(column) for column in added]
            return joined.with_columns(*shown, holds.alias(f"{name}.found")).drop("__from", "__to")
        numbered = rows.select(*dict.fromkeys([*key, day])).with_row_index("__row")
        matched = numbered.join(wanted, left_on=key, right_on=self._keys, how="inner").filter(holds)
        matched = matched.select("__row", *added, pl.lit(True).alias(f"{name}.found"))
        joined = rows.with_row_index("__row").join(matched, on="__row", how="left", maintain_order="left").drop("__row")
        return joined.with_columns(pl.col(f"{name}.found").fill_null(False))

    def _look_between(self, first: date | None, last: date | None) -> None:
        """Narrows to the rows that hold on some day from first to last: mostly one a key, which joins faster."""
        if first is None or last is None:
            self._near, self._between = self._rows.clear(), None
        elif self._between != (first, last):
            self._near = self._rows.filter((pl.col("__from") <= last) & (pl.col("__to") >= first))
            self._unique = self._near.select(self._keys).is_unique().all()
            self._between = (first, last)
