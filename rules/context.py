"""Contexts: named joins of reference data that rules read as `<context>.<column>`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl

from market.clock import london_day
from market.policy import Policy


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file besides its records.

    `received_at` is aware (UTC, whole seconds); `references` are frames as market.reference declares them, in the state
    without the file's own effects and those of later ones.
    """

    sender: str
    from_role: str
    received_at: datetime
    policy: Policy
    references: Mapping[str, pl.DataFrame]

    @property
    def received_day(self) -> date:
        """The London day of receipt."""
        return london_day(self.received_at)


Join = Callable[[pl.DataFrame, FileFacts], pl.DataFrame]


@dataclass(frozen=True)
class Context:
    """A named join for one record type of one flow.

    `join` gives the frame back with columns `<name>.<column>` added: the same rows in the same order. It needs the
    columns of `reads`, from records above and other contexts too. `frames` are the reference frames it uses.
    """

    name: str
    flow: str
    record: str
    reads: tuple[str, ...]
    join: Join
    frames: tuple[str, ...] = ()


def file_columns(facts: FileFacts) -> list[pl.Expr]:
    """The columns of the context `file`, known to every record type: what every row of the file has in common."""
    return [
        pl.lit(facts.sender).alias("file.sender"),
        pl.lit(facts.from_role).alias("file.from_role"),
        pl.lit(facts.received_at).cast(pl.Datetime("us", "UTC")).alias("file.received_at"),
        pl.lit(facts.received_day).alias("file.received_day"),
    ]


def dated_join(
    rows: pl.DataFrame, reference: pl.DataFrame, name: str, key: Mapping[str, str], day: str, columns: tuple[str, ...]
) -> pl.DataFrame:
    """Adds to each row the reference row of its key that holds on its day, as `<name>.<column>` and `<name>.found`.

    `key` maps columns of `rows` to columns of `reference`, whose rows hold from `effective_from` to `effective_to`
    inclusive and do not overlap within a key; `day` is a Date column of `rows`. Without a row the columns are null.
    """
    if rows.is_empty() or reference.is_empty():
        empty = [pl.lit(None, reference.schema[column]).alias(f"{name}.{column}") for column in columns]
        return rows.with_columns(*empty, pl.lit(False).alias(f"{name}.found"))
    mine, theirs = list(key), list(key.values())
    wanted = reference.select(
        *(pl.col(column).alias(f"__{column}") for column in theirs),
        pl.col("effective_from").alias("__from"),
        pl.col("effective_to").alias("__to"),
        *(pl.col(column).alias(f"{name}.{column}") for column in columns),
    )
    keys = [f"__{column}" for column in theirs]
    holds = pl.col(day).is_between(pl.col("__from"), pl.col("__to")).fill_null(False)
    added = [f"{name}.{column}" for column in columns]
    if not wanted.select(pl.struct(keys).is_duplicated().any()).item():
        joined = rows.join(wanted, left_on=mine, right_on=keys, how="left", maintain_order="left")
        return joined.with_columns(
            *(pl.when(holds).then(pl.col(column)).alias(column) for column in added), holds.alias(f"{name}.found")
        ).drop("__from", "__to")
    numbered = rows.select(*dict.fromkeys([*mine, day])).with_row_index("__row")
    matched = numbered.join(wanted, left_on=mine, right_on=keys, how="inner").filter(holds)
    matched = matched.select("__row", *added, pl.lit(True).alias(f"{name}.found"))
    joined = rows.with_row_index("__row").join(matched, on="__row", how="left", maintain_order="left").drop("__row")
    return joined.with_columns(pl.col(f"{name}.found").fill_null(False))
