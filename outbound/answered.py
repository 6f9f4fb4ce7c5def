"""What the flows' own answers are made of."""

from dataclasses import dataclass

import polars as pl

from market.item_type import ItemType, Kind
from outbound.item_text import cut_expr

Frames = dict[str, pl.DataFrame]
"""The frames of an answer's records by record type, as outbound.writer takes them."""

_REASON = ItemType(Kind.TEXT, 100)
"""Every reason of every flow is text(100)."""


@dataclass(frozen=True)
class Answered:
    """The acceptance units of a submission about which its answers speak.

    All three frames have `line` (UInt32) and the columns that the flow's acceptance keeps of its units, typed (dates
    are Date, MSIDs Int64, volumes Int64 scaled by 10,000 MWh). `accepted` holds the accepted units, unchanged ones
    among them. `refused` has a row a refused unit and its `reason` (String: the id of a rule, a space, its message).
    `warned` has a row for each accepted unit and each W breach on it that answers tell, with `rule` and `reason`.
    """

    accepted: pl.DataFrame
    refused: pl.DataFrame
    warned: pl.DataFrame


def reason_expr() -> pl.Expr:
    """The column `reason`, cut to what the items of reasons hold."""
    return cut_expr(pl.col("reason"), _REASON)
