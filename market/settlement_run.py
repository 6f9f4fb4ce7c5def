"""Settlement Runs: the runs in which a Settlement Date is settled, one after the other."""

import polars as pl

RUNS = ("II", "SF", "R1", "R2", "R3", "RF", "D", "DF")
"""The types of run in their order: Interim Information, Initial Settlement, Reconciliations, disputes."""


def run_order_expr(run: pl.Expr) -> pl.Expr:
    """The place (Int64, from 0) of each run type in the order of runs; null for any other text."""
    places: list[int] = list(range(len(RUNS)))
    return run.replace_strict(list(RUNS), places, default=None, return_dtype=pl.Int64)
