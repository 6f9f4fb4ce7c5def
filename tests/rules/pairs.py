"""MSID Pairs, AMSID Pairs, distributors and event days of the made-up market.

Distributors: 10 and 20 serve GSP Group _A, 12 serves _C, 13 serves _D and 15 serves _F, 20 serves _H too;
17 served _C until 31 October 2026.

| BM Unit | pair | baselining | allocated |
|---|---|---|---|
| V__CEXMP001 | MSID Pair 1200012345679, 1200023305967 | S | |
| V__CEXMP001 | MSID Pair 1200000000030, no export | B, BL01 | |
| V__CEXMP001 | MSID Pair 1200000000401, no export | S | from 16 November 2026 |
| V__CEXMP001 | MSID Pair 1300000000104, no export | S | |
| V__CEXMP001 | AMSID Pair 9000000000011, 9000000000012 of MSID 1200000000100 | S | |
| V__CEXMP001 | AMSID Pair 9000000000021, no export, of MSID 1200000000100 | B, BL01 | |
| V__CEXMP001 | AMSID Pair 9000000000031, no export, of MSID 1200000000100, differencing | S | |
| V__FEXMP001 | MSID Pair 1500000000103, no export | S | |
| 2__CACME001 | MSID Pair 1200000000207, 1200000000304 | I, BL01 | |

On record is the event day 20 October 2026 (B) of 1200012345679 in V__CEXMP001; 21 October was set and deleted.
"""

from datetime import UTC, date, datetime

import polars as pl

from market.frames import OPEN_END
from market.reference import DISTRIBUTORS, EVENT_DAYS, MARKET_START, MSID_PAIRS

_UNIT = "V__CEXMP001"

# BM Unit, indicator, MSIDs, AMSIDs, baselining indicator, first day
_pairs = [
    (_UNIT, "T", "1200012345679", "1200023305967", None, None, "S", MARKET_START),
    (_UNIT, "T", "1200000000030", None, None, None, "B", MARKET_START),
    (_UNIT, "T", "1200000000401", None, None, None, "S", date(2026, 11, 16)),
    (_UNIT, "T", "1300000000104", None, None, None, "S", MARKET_START),
    (_UNIT, "A", "1200000000100", None, "9000000000011", "9000000000012", "S", MARKET_START),
    (_UNIT, "A", "1200000000100", None, "9000000000021", None, "B", MARKET_START),
    (_UNIT, "D", "1200000000100", None, "9000000000031", None, "S", MARKET_START),
    ("V__FEXMP001", "T", "1500000000103", None, None, None, "S", MARKET_START),
    ("2__CACME001", "T", "1200000000207", "1200000000304", None, None, "I", MARKET_START),
]

_distributors = [
    ("10", "EAST", "_A", OPEN_END),
    ("20", "SOUT", "_A", OPEN_END),
    ("20", "SOUT", "_H", OPEN_END),
    ("12", "LOND", "_C", OPEN_END),
    ("17", "GONE", "_C", date(2026, 10, 31)),
    ("13", "MANW", "_D", OPEN_END),
    ("15", "NEEB", "_F", OPEN_END),
]

# day, type, minute of receipt on 22 October 2026
_event_days = [
    (date(2026, 10, 20), "O", 0),
    (date(2026, 10, 20), "B", 1),
    (date(2026, 10, 21), "B", 2),
    (date(2026, 10, 21), "D", 3),
]


def msid_pairs() -> pl.DataFrame:
    """The pairs, as market.reference.MSID_PAIRS."""
    columns = ("bm_unit_id", "pair_indicator", "import_msid", "export_msid", "import_amsid", "export_amsid")
    pairs = pl.DataFrame(_pairs, [*columns, "baselining_indicator", "effective_from"], orient="row").with_columns(
        pl.when(pl.col("baselining_indicator") != "S").then(pl.lit("BL01")).alias("baselining_methodology"),
        pl.lit(OPEN_END).alias("effective_to"),
    )
    return pairs.match_to_schema(MSID_PAIRS)


def distributors() -> pl.DataFrame:
    """The GSP Groups that distributors serve, as market.reference.DISTRIBUTORS."""
    served = pl.DataFrame(
        _distributors, ["distributor_id", "participant_id", "gsp_group_id", "effective_to"], orient="row"
    )
    return served.with_columns(pl.lit(MARKET_START).alias("effective_from")).match_to_schema(DISTRIBUTORS)


def event_days() -> pl.DataFrame:
    """What was said of event days, as market.reference.EVENT_DAYS."""
    rows = [
        (_UNIT, "T", "1200012345679", None, day, kind, datetime(2026, 10, 22, 9, minute, tzinfo=UTC), "E1", 2)
        for day, kind, minute in _event_days
    ]
    return pl.DataFrame(rows, EVENT_DAYS, orient="row")
