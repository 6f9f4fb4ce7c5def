"""What is known of Parties, BM Units and metering systems, and when a Settlement Date is settled, with dates."""

import polars as pl

PARTIES = pl.Schema({"party_id": pl.String, "role": pl.String, "effective_from": pl.Date, "effective_to": pl.Date})
"""One row a role that a Party holds."""

SIGNATORIES = pl.Schema(
    {
        "party_id": pl.String,
        "name": pl.String,
        "category": pl.String,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
)
"""One row an authorisation category (BSCP38) of a signatory."""

BM_UNITS = pl.Schema(
    {
        "bm_unit_id": pl.String,
        "netso_name": pl.String,
        "bm_unit_name": pl.String,
        "lead_party_id": pl.String,
        "bm_unit_type": pl.String,
        "gsp_group_id": pl.String,
        "generation_capacity": pl.Int64,
        "demand_capacity": pl.Int64,
        "production_consumption_flag": pl.String,
        "fpn_flag": pl.String,
        "baselined": pl.String,
        "interconnector_id": pl.String,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
)
"""One row a registration. `baselined` is never null. Capacities are the register's, in kW: not yet those in force."""

MSID_PAIRS = pl.Schema(
    {
        "bm_unit_id": pl.String,
        "pair_indicator": pl.String,
        "import_msid": pl.String,
        "export_msid": pl.String,
        "import_amsid": pl.String,
        "export_amsid": pl.String,
        "baselining_indicator": pl.String,
        "baselining_methodology": pl.String,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
)
"""One row an MSID Pair or AMSID Pair allocated to a BM Unit."""

DISTRIBUTORS = pl.Schema(
    {
        "distributor_id": pl.String,
        "participant_id": pl.String,
        "gsp_group_id": pl.String,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
)
"""One row a GSP Group that a distributor serves."""

SETTLEMENT_CALENDAR = pl.Schema(
    {
        "settlement_date": pl.Date,
        "settlement_run_type": pl.String,
        "sva_run_date": pl.Date,
        "notification_date": pl.Date,
        "effective_from": pl.Date,
        "effective_to": pl.Date,
    }
)
"""One row a Settlement Run of a Settlement Date; `sva_run_date` is null where the calendar does not say."""
