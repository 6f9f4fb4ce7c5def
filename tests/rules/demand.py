"""Declared metering systems and the Settlement Calendar of the made-up market.

Declared since the market's start is a facility with a maximum import of 50 MW, on 2__CACME001: import MSIDs
1200000000207 and 1200000000401, export MSID 1200000000304; no other BM Unit is touched.

Of the Settlement Calendar the SF runs of two days are known: 29 October 2026 takes demand from 2 to 20 November 2026,
28 October 2026 from 26 to 31 October 2026.
"""

from datetime import UTC, date, datetime

import polars as pl

from market.frames import OPEN_END
from market.reference import DECLARED_METERING_SYSTEMS, MARKET_START, SETTLEMENT_CALENDAR

_SYSTEMS = (("1200000000207", "I"), ("1200000000304", "E"), ("1200000000401", "I"))

_RUNS = [
    (date(2026, 10, 29), "SF", date(2026, 11, 2), date(2026, 11, 20)),
    (date(2026, 10, 28), "SF", date(2026, 10, 26), date(2026, 10, 31)),
]


def declared_metering_systems() -> pl.DataFrame:
    """As market.reference.DECLARED_METERING_SYSTEMS."""
    rows = [
        {
            "declaration_id": 1,
            "declaration_set_id": "SET1",
            "operator_company_number": "01234567",
            "facility_id": "BATTERY-1",
            "facility_type": "S",
            "maximum_import_capacity": 50_000,
            "supplier_id": "ACME",
            "msid": msid,
            "import_export_indicator": direction,
            "bm_unit_id": "2__CACME001",
            "gsp_group_id": "_C",
            "measurement_class": "C",
            "hhda_id": "HHDA",
            "effective_from": MARKET_START,
            "effective_to": OPEN_END,
            "received_at": datetime(2026, 1, 5, 9, tzinfo=UTC),
            "submission_ref": "D1",
            "line": line,
        }
        for line, (msid, direction) in enumerate(_SYSTEMS, 7)
    ]
    return pl.DataFrame(rows, DECLARED_METERING_SYSTEMS)


def settlement_calendar() -> pl.DataFrame:
    """As market.reference.SETTLEMENT_CALENDAR."""
    rows = [(*run, MARKET_START, OPEN_END) for run in _RUNS]
    return pl.DataFrame(rows, SETTLEMENT_CALENDAR, orient="row")
