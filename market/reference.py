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

GCDC_BREACHES = pl.Schema(
    {
        "breach_reference": pl.String(),
        "bm_unit_id": pl.String(),
        "side": pl.String(),
        "challenge_by": pl.Date(),
        "opened_at": RECEIVED,
        "closed_at": RECEIVED,
    }
)
"""One row a GC/DC breach of a BM Unit and side (GC, DC): open from `opened_at` until `closed_at`, null while it is.

It can be challenged until its day `challenge_by` ends."""

GCDC_CHALLENGES = pl.Schema(
    {
        "breach_reference": pl.String(),
        "bm_unit_id": pl.String(),
        "side": pl.String(),
        "proposed_value": pl.Int64(),
        "reason": pl.String(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted challenge of a GC/DC breach: the value proposed for the side in kW, with its sign."""

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

BASELINING_STATUSES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "effective_from": pl.Date(),
        "baselined": pl.String(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted change of a BM Unit's baselining status (`T`, `F`): it holds from its day until a later one."""

BASELINING_DETAILS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "pair_indicator": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "effective_from": pl.Date(),
        "baselining_indicator": pl.String(),
        "baselining_methodology": pl.String(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted change of how a pair in a BM Unit is baselined: it holds from its day until a later one."""

EVENT_DAYS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "pair_indicator": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "event_day": pl.Date(),
        "event_day_type": pl.String(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row an accepted word on an event day of a pair in a BM Unit: `B` or `O` sets it, `D` deletes it."""

DECLARED_METERING_SYSTEMS = pl.Schema(
    {
        "declaration_id": pl.Int64(),
        "declaration_set_id": pl.String(),
        "operator_company_number": pl.String(),
        "facility_id": pl.String(),
        "facility_type": pl.String(),
        "maximum_import_capacity": pl.Int64(),
        "supplier_id": pl.String(),
        "msid": pl.String(),
        "import_export_indicator": pl.String(),
        "bm_unit_id": pl.String(),
        "gsp_group_id": pl.String(),
        "measurement_class": pl.String(),
        "hhda_id": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a metering system of a declaration that was put in force, on the days on which both hold.

A later declaration that names this one ends it, the day before it begins or, where it withdraws it, on the day that it
says: `effective_to` is that day then. What never was in force on any day stands in no row."""

DECLARATIONS = pl.Schema(
    {
        "declaration_id": pl.Int64(),
        "declaration_type": pl.String(),
        "named_declaration_id": pl.Int64(),
        "declaration_set_id": pl.String(),
        "operator_company_number": pl.String(),
        "facility_id": pl.String(),
        "supplier_id": pl.String(),
        "effective_from": pl.Date(),
        "effective_to": pl.Date(),
        "number_of_metering_systems": pl.Int64(),
        "shared": pl.String(),
        "msids": pl.String(),
        "imports": pl.Int64(),
        "standing": pl.String(),
        "received_at": RECEIVED,
        "submission_ref": pl.String(),
        "line": pl.UInt32(),
    }
)
"""One row a declaration that is held or was put in force, as it was declared.

`shared` is what all declarations of a set have in common, as one text; `msids` are its MSIDs with a space between, of
which `imports` are import. `named_declaration_id` is the declaration that it changes or withdraws; one that withdraws
has no `declaration_id`. `standing` is HELD, IN FORCE, or JOINED: in force in a set of which the submission that is
judged is a part too."""

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

SCHEMAS = {
    "parties": PARTIES,
    "signatories": SIGNATORIES,
    "bm_units": BM_UNITS,
    "capacity_values": CAPACITY_VALUES,
    "gcdc_breaches": GCDC_BREACHES,
    "gcdc_challenges": GCDC_CHALLENGES,
    "msid_pairs": MSID_PAIRS,
    "distributors": DISTRIBUTORS,
    "notifications": NOTIFICATIONS,
    "expected_volumes": EXPECTED_VOLUMES,
    "delivered_volumes": DELIVERED_VOLUMES,
    "baselining_statuses": BASELINING_STATUSES,
    "baselining_details": BASELINING_DETAILS,
    "event_days": EVENT_DAYS,
    "pair_volumes": PAIR_VOLUMES,
    "metered_volumes": METERED_VOLUMES,
    "declared_metering_systems": DECLARED_METERING_SYSTEMS,
    "declarations": DECLARATIONS,
    "aggregated_demand": AGGREGATED_DEMAND,
    "settlement_calendar": SETTLEMENT_CALENDAR,
}
"""Every reference frame by its name."""
