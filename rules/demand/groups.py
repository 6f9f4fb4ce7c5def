"""Sums over the periods of each BM Unit of a slice; they stand together, in the order of their units."""

import numpy as np
import numpy.typing as npt
import polars as pl

from market.frames import text_column

Numbers = npt.NDArray[np.int64]


def first_periods(periods: pl.DataFrame) -> Numbers:
    """Where the periods of each unit begin; the structure gives every unit at least one."""
    up = periods["up"].to_numpy()
    return np.concatenate([[0], np.flatnonzero(up[1:] != up[:-1]) + 1])


def sum_of(periods: pl.DataFrame, column: str, first: Numbers) -> pl.Series:
    """The exact sum of an item over each unit's periods, an empty one counting as 0; null where one is malformed."""
    values, texts = periods[column], periods[text_column(column)]
    if values.null_count() == 0:
        return pl.Series(np.add.reduceat(values.to_numpy(), first))
    sums = pl.Series(np.add.reduceat(values.fill_null(0).to_numpy(), first))
    if values.null_count() == texts.null_count():
        return sums
    malformed = np.logical_or.reduceat((values.is_null() & texts.is_not_null()).to_numpy(), first)
    return pl.select(pl.when(pl.Series(~malformed)).then(sums)).to_series()


def count_of(flags: pl.Series, first: Numbers) -> pl.Series:
    """How many of each unit's periods have a flag."""
    return pl.Series(np.add.reduceat(flags.to_numpy().view(np.int8), first, dtype=np.int64))
