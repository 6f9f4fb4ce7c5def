"""Declarations in force in the made-up market besides those of tests.rules.demand.

Declaration 2, set SET-1 of STORE-1, operator SC123456: ACME's import 1500000000901 in C__FACME001 (_F), class C, HHDA
HHD1, since 1 October 2026.
"""

from datetime import UTC, date, datetime

import polars as pl

from market.frames import OPEN_END
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS

_COMMON = {
    "declaration_id": 2,
    "declaration_set_id": "SET-1",
    "operator_company_number": "SC123456",
    "facility_id": "STORE-1",
    "supplier_id": "ACME",
    "effective_from": date(2026, 10, 1),
    "effective_to": OPEN_END,
    "received_at": datetime(2026, 9, 15, 10, tzinfo=UTC),
    "submission_ref": "D2",
    "line": 2,
}


def declarations() -> pl.DataFrame:
    """As market.reference.DECLARATIONS."""
    row = {
        **_COMMON,
        "declaration_type": "New",
        "named_declaration_id": None,
        "number_of_metering_systems": 1,
        "shared": "",
        "msids": "1500000000901",
        "imports": 1,
        "standing": "IN FORCE",
    }
    return pl.DataFrame([row], DECLARATIONS)


def declared_metering_systems() -> pl.DataFrame:
    """As market.reference.DECLARED_METERING_SYSTEMS."""
    row = {
        **_COMMON,
        "facility_type": "S",
        "maximum_import_capacity": 49_900,
        "msid": "1500000000901",
        "import_export_indicator": "I",
        "bm_unit_id": "C__FACME001",
        "gsp_group_id": "_F",
        "measurement_class": "C",
        "hhda_id": "HHD1",
    }
    return pl.DataFrame([row], DECLARED_METERING_SYSTEMS)
