"""The answers to delivered volumes (P0282002): P0284001 and P0283002.

Of each unit, a pair and period, they read `settlement_date`, `gsp_group_id`, `bm_unit_id`, `msid_pair_indicator` (`T`:
the volume of an MSID Pair, `A`: of an AMSID Pair), `import_msid`, `export_msid`, `import_amsid`, `export_amsid`,
`settlement_period_id` and `delivered_volume`.
"""

import polars as pl

from market.frames import typed_schema
from market.layout import layout
from outbound.answered import Answered, Frames, reason_expr

_MSF = layout("P0284001").record("MSF")


def delivered_volumes_confirmed(answered: Answered) -> Frames:
    """P0284001: the Settlement Date and nothing else, if anything is accepted; a file has one date."""
    if answered.accepted.is_empty():
        return {}
    columns = typed_schema(_MSF).items()
    unused = {column: pl.lit(None, dtype) for column, dtype in columns if column != "settlement_date"}
    return {"MSF": answered.accepted.head(1).select("settlement_date", **unused).with_row_index("line", 2)}


def delivered_volumes_refused(answered: Answered) -> Frames:
    """P0283002: one record a refused unit, in file order.

    The layout wants the pair's import ids beside the MSID Pair Indicator: where one of them is no value, the indicator
    is left out.
    """
    if answered.refused.is_empty():
        return {}
    indicator, msid, amsid = (pl.col(name) for name in ("msid_pair_indicator", "import_msid", "import_amsid"))
    named = msid.is_not_null() & ((indicator == "T") | amsid.is_not_null())
    refused = answered.refused.sort("line", maintain_order=True).with_columns(
        msid_pair_indicator=pl.when(named).then(indicator),
        delivered_volume_rejection_reason=reason_expr(),
    )
    return {"MSR": refused.with_columns(pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("line"))}
