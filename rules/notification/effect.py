"""What accepted notifications put in force."""

import polars as pl

from market.reference import NOTIFICATIONS
from rules.acceptance import PutInForce


def accepted_pieces(effect: pl.DataFrame) -> pl.DataFrame:
    """The pieces of accepted units (Judgement.effect) as NOTIFICATIONS without `received_at` and `submission_ref`.

    What is no change puts nothing in force: the FPN stays that of the submission that notified it.
    """
    pieces = effect.filter(pl.col("outcome") != "N").drop("line").explode("pieces").unnest("pieces")
    wanted = {name: dtype for name, dtype in NOTIFICATIONS.items() if name not in ("received_at", "submission_ref")}
    return pieces.select(pl.col(name).cast(dtype) for name, dtype in wanted.items())


PIECES_IN_FORCE = PutInForce("notifications", accepted_pieces)
