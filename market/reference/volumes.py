"""Volumes by Settlement Day: notified, expected, delivered, metered."""

import polars as pl

from market.reference.moments import RECEIVED

NOTIFICATIONS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "kind": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_period": pl.Int64(),
        "piece_from": RECEIVED,
        "piece_to": RECEIVED,
        "time_from": RECEIVED,
        "level_from": pl.Int64(),
        "time_to": RECEIVED,
        "level_to": pl.Int64(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a piece of an accepted segment: what of it lies in one Settlement Period, from `piece_from` to `piece_to`.

`kind` is PN, MEL or MIL. The segment itself stands beside its piece, whole MW at `time_from` and `time_to` and linear
between, so that a level inside it is exact. All pieces of a BM Unit, kind and period are of one submission."""

EXPECTED_VOLUMES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted Submitted Expected Volume of a BM Unit and period: MWh scaled by 10,000, in CVA sign.

A dated one is of the day `effective_from`, which is its `effective_to`; a Default one holds from `effective_from` on
and ends at `market.frames.OPEN_END`. The dated one of a day and period ranks before the Default one."""

DELIVERED_VOLUMES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "settlement_date": pl.Date(),
        "gsp_group_id": pl.String(),
        "import_msid": pl.String(),
        "export_msid": pl.String(),
        "import_amsid": pl.String(),
        "export_amsid": pl.String(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted delivered volume of a pair and period, MWh scaled by 10,000; of an MSID Pair where the AMSIDs are
null, else of the AMSID Pair."""

PAIR_VOLUMES = pl.Schema(
    {
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a metered volume of a pair and period: MWh scaled by 10,000 in SVA sign, import positive.

It is an MSID Pair's where `import_amsid` is null, else the AMSID Pair's, with `import_msid` null. What an operator
loaded has the load's name as `submission_ref`."""

METERED_VOLUMES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "settlement_date": pl.Date(),
        "run_type": pl.String(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a metered volume of a BM Unit and period in one Settlement Run: MWh scaled by 1,000, export positive.

What an operator loaded has the load's name as `submission_ref`."""

AGGREGATED_DEMAND = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "measurement_class": pl.String(),
        "gsp_group_id": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_run_type": pl.String(),
        "run_number": pl.Int64(),
        "gross_demand": pl.List(pl.Int64()),
        "non_final_demand": pl.List(pl.Int64()),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted day of a BM Unit and measurement class in one Settlement Run, its periods in order from 1.

Demand is MWh scaled by 10,000, import positive; non-final demand is null where none was stated. Corrected demand is the
gross less the non-final."""
