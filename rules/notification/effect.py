"""What accepted notifications put in force."""

from datetime import datetime

import polars as pl

from market.reference import NOTIFICATIONS


def put_in_force(effect: pl.DataFrame, received_at: datetime, submission_ref: str) -> pl.DataFrame:
    """The pieces of accepted units (Judgement.effect) as NOTIFICATIONS; those without a change put nothing in force.

    `received_at` is aware.
    """
    changed = effect.filter(pl.col("outcome") != "N").drop("line")
    found = (
        changed.explode("pieces")
        .unnest("pieces")
        .with_columns(pl.lit(received_at).alias("received_at"), pl.lit(submission_ref).alias("submission_ref"))
    )
    return found.select(pl.col(name).cast(dtype) for name, dtype in NOTIFICATIONS.items())
