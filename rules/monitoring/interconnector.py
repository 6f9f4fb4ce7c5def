"""Interconnector BM Units that are metered the way that they never flow: MON-05."""

import polars as pl

from market.number_text import decimal_text
from market.severity import Severity
from rules.metered import FLOW
from rules.rule import Example, Rule

_HEAD = "ABV|I_EAG-ACME1|20261202|II|1|20261203|\n"
_REST = "I_EAG-ACME1 is a Production BM Unit; other periods are 0 MWh."
_RECEIVED = "2026-12-03T09:30:00Z"


def told(wrong_direction: pl.DataFrame) -> pl.DataFrame:
    """WRONG_DIRECTION (rules.monitoring.metered) with the `message` that Lead Parties read, by BM Unit and period."""
    export = pl.col("volume") > 0
    way = pl.when(export).then(pl.lit("export")).otherwise(pl.lit("import"))
    kind = pl.when(export).then(pl.lit("Consumption")).otherwise(pl.lit("Production"))
    size = decimal_text(pl.col("volume").abs(), 3)
    day = pl.col("settlement_date").dt.strftime("%Y%m%d")
    period = pl.col("settlement_period").cast(pl.String)
    message = pl.concat_str(
        size, pl.lit(" MWh "), way, pl.lit(" in period "), period, pl.lit(" of "), day, pl.lit(", a "), kind,
        pl.lit(" interconnector BM Unit has 0 MWh that way"),
    )  # fmt: skip
    ordered = wrong_direction.sort("bm_unit_id", "settlement_date", "settlement_period").rechunk()
    return ordered.with_columns(message=message)


MON_05 = Rule(
    id="MON-05",
    title="Metered power in the wrong direction on an interconnector BM Unit is reported apart.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="nightly",
    source="BSC K5",
    why="It is a fault of metering or allocation, not a capacity that somebody declared too low.",
    passes=Example(_HEAD + "ABP|35|F|300|E|", flow=FLOW, sender="UKDC", received_at=_RECEIVED, note=_REST),
    fails=Example(
        _HEAD + "ABP|35|F|0.001|I|", breaks=(3,), flow=FLOW, sender="UKDC", received_at=_RECEIVED, note=_REST
    ),
)
