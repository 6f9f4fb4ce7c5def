"""What Lead Parties are told of GC/DC breaches: the breach (K0153001), the decision on its challenge (K0155001)."""

import polars as pl

from market.frames import typed_schema
from market.header import Header
from market.layout import layout
from outbound.item_text import cut_expr
from outbound.writer import file

NOTIFICATION = "K0153001"
DECISION = "K0155001"


def breach_notification(header: Header, breaches: pl.DataFrame) -> bytes:
    """The K0153001 of some breaches, in their order, at least one. `header` is its own.

    `breaches` has the typed columns of GBN: values and power are kW, the metered volume is kWh.
    """
    flow = layout(NOTIFICATION)
    columns = typed_schema(flow.record("GBN")).names()
    return file(header, flow, {"GBN": breaches.select(columns).with_row_index("line", 2)})


def challenge_decision(header: Header, decisions: pl.DataFrame) -> bytes:
    """The K0155001 of some decisions, in their order, at least one. `header` is its own.

    `decisions` has the typed columns of GCD: the value is kW; a reason that is longer than its item is cut.
    """
    flow = layout(DECISION)
    columns = typed_schema(flow.record("GCD")).names()
    reason = cut_expr(pl.col("reason"), flow.record("GCD").item("reason").type)
    return file(header, flow, {"GCD": decisions.select(columns).with_columns(reason).with_row_index("line", 2)})
