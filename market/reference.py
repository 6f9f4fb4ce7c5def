"""The reference frames that rules join: what is known of Parties, BM Units and values in force, with dates.

Dates are London days and both bounds of a row hold. `effective_to` is never null: an open row ends at
`market.frames.OPEN_END`. Capacities are whole kW (MW to three decimals, scaled), null where unknown.
Flags are the IDD's `T` and `F`; null where the market does not say.
"""

from datetime import date

import polars as pl

MARKET_START = date(2001, 3, 27)
"""The day from which a row without `effective_from` holds."""

RECEIVED = pl.Datetime("us", "UTC")

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

CAPACITY_VALUES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "effective_from": pl.Date(),
        "generation_capacity": pl.Int64(),
        "demand_capacity": pl.Int64(),
        "source": pl.String(),
        "declaration_type": pl.String(),
        "season": pl.String(),
        "season_start_year": pl.Int32(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a change of GC and DC after the register: in force from its day until a later one.

Where several hold from one day the last by `received_at`, `submission_ref`, `line` is in force.
`source` is DECLARATION, ESTIMATE or DECISION; `declaration_type` is S or M and null where nobody declared it.
"""

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

SCHEMAS = {
    "parties": PARTIES,
    "signatories": SIGNATORIES,
    "bm_units": BM_UNITS,
    "capacity_values": CAPACITY_VALUES,
    "msid_pairs": MSID_PAIRS,
    "distributors": DISTRIBUTORS,
}
"""Every reference frame by its name."""
