"""The answers to Submitted Expected Volumes (P0328001): P0330001, P0329001, P0331001.

Of each unit, a BM Unit, date and period, they read `bm_unit_id`, `sev_effective_from_date`, `sev_effective_to_date`,
`settlement_date` (null for a Default and where the row names no period of any day), `settlement_period_id` and
`submitted_expected_volume`.
"""

import polars as pl

from outbound.answered import Answered, Frames, reason_expr

WARNING = "SEV-08"
"""The rule of which P0331001 tells: a volume that no pair of the BM Unit will use."""


def expected_volumes_accepted(answered: Answered) -> Frames:
    """P0330001: the BM Units of which a period is accepted, once each, in the order in which they first stand."""
    if answered.accepted.is_empty():
        return {}
    units = answered.accepted.sort("line", maintain_order=True).select("bm_unit_id")
    return {"BSA": units.unique(maintain_order=True).with_row_index("line", 2)}


def expected_volumes_refused(answered: Answered) -> Frames:
    """P0329001: one record a refused unit, in file order.

    A unit of a range of dates is told by its own day, from and to, so that each record says which of them is refused;
    one without a day of its own, as a Default, by the dates that were sent.
    """
    if answered.refused.is_empty():
        return {}
    day = pl.col("settlement_date")
    refused = answered.refused.sort("line", maintain_order=True).select(
        "bm_unit_id",
        "settlement_period_id",
        "submitted_expected_volume",
        sev_effective_from_date=pl.coalesce(day, "sev_effective_from_date"),
        sev_effective_to_date=pl.coalesce(day, "sev_effective_to_date"),
        submitted_expected_volume_rejection_reason=reason_expr(),
    )
    return {"BSR": refused.with_row_index("line", 2)}


def expected_volumes_warned(answered: Answered) -> Frames:
    """P0331001: for each BM Unit and date with a warning (of a Default the from-date) the periods, each with its SEV.

    BM Units stand in the order in which they first stand in the file, their dates in order, the periods as sent.
    """
    warned = answered.warned.filter(pl.col("rule") == WARNING)
    if warned.is_empty():
        return {}
    rows = (
        warned.select(
            "line",
            "bm_unit_id",
            "settlement_period_id",
            "submitted_expected_volume",
            settlement_date=pl.coalesce("settlement_date", "sev_effective_from_date"),
            submitted_expected_volume_warning_reason=reason_expr(),
        )
        .with_columns(pl.col("line").min().over("bm_unit_id").alias("first"))
        .sort("first", "settlement_date", "line", maintain_order=True)
        .with_columns(pl.struct("bm_unit_id", "settlement_date").rle_id().alias("head"))
    )
    # Each record stands behind the header, those of its kind before it and, among them, the BSX records so far.
    numbered = rows.with_columns((pl.int_range(pl.len(), dtype=pl.UInt32) + pl.col("head") + 3).alias("line"))
    heads = numbered.group_by("head", maintain_order=True).agg(pl.first("line", "bm_unit_id", "settlement_date"))
    return {"BSX": heads.with_columns(pl.col("line") - 1), "BSW": numbered}
