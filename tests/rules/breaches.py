"""The GC/DC breaches of the made-up market of rules.

| breach | BM Unit | side | |
|---|---|---|---|
| GCB00000000001 | T_DINO-1 | GC | open, can be challenged until 13 November 2026 |
| GCB00000000002 | E_ABRTW-9 | DC | open, could be challenged until 1 November 2026 |
| GCB00000000003 | T_DINO-1 | DC | closed at noon on 1 November 2026 |
| GCB00000000004 | T_OTTR-1 | GC | open, can be challenged until 13 November 2026 |
"""

from datetime import UTC, date, datetime

import polars as pl

from market.reference import GCDC_BREACHES

_OPENED = datetime(2026, 10, 30, 4, tzinfo=UTC)
_NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
_LAST = date(2026, 11, 13)


def gcdc_breaches() -> pl.DataFrame:
    """The frame of market.reference."""
    rows = [
        ("GCB00000000001", "T_DINO-1", "GC", _LAST, _OPENED, None),
        ("GCB00000000002", "E_ABRTW-9", "DC", date(2026, 11, 1), _OPENED, None),
        ("GCB00000000003", "T_DINO-1", "DC", _LAST, _OPENED, _NOON),
        ("GCB00000000004", "T_OTTR-1", "GC", _LAST, _OPENED, None),
    ]
    return pl.DataFrame(rows, GCDC_BREACHES, orient="row")
