"""What accepted submissions, estimates and decisions put in force: rows that change what the register says."""

import polars as pl

from market.reference.moments import RECEIVED

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
