"""The rows that accepted units put in force."""

from collections.abc import Iterable

import polars as pl

from rules.acceptance import PutFromSlices, PutInForce
from rules.judge import Judgement, Slice


def rows_put(puts: PutInForce | PutFromSlices, judgement: Judgement, slices: Iterable[Slice]) -> pl.DataFrame:
    """What the accepted units of a file put in force.

    Rows of the frame that `puts` names, without `received_at` and `submission_ref`. `slices` are those of the file
    again; they are read where that is needed.
    """
    if isinstance(puts, PutInForce):
        return puts.rows(judgement.effect)
    taken = judgement.units.select("line", taken=pl.col("outcome").is_in(["A", "W", "N"]))
    pieces, first = [], 0
    for piece in slices:
        rows = puts.rows({**piece.upper, **piece.frames})
        units = taken.slice(first, rows.height)
        pieces.append(rows.with_columns(units["line"]).filter(units["taken"]))
        first += rows.height
    return pl.concat(pieces)
