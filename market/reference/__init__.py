"""The reference frames that rules join: what is known of Parties, BM Units and values in force, with dates.

Dates are London days and both bounds of a row hold. `effective_to` is never null: an open row ends at
`market.frames.OPEN_END`. Capacities are whole kW (MW to three decimals, scaled), null where unknown.
Flags are the IDD's `T` and `F`; null where the market does not say.
"""

from market.reference.effects import (
    BASELINING_DETAILS,
    BASELINING_STATUSES,
    CAPACITY_VALUES,
    DECLARATIONS,
    DECLARED_METERING_SYSTEMS,
    EVENT_DAYS,
    GCDC_BREACHES,
    GCDC_CHALLENGES,
)
from market.reference.moments import MARKET_START, RECEIVED
from market.reference.register import (
    BM_UNITS,
    DISTRIBUTORS,
    MSID_PAIRS,
    PARTIES,
    SETTLEMENT_CALENDAR,
    SIGNATORIES,
)
from market.reference.volumes import (
    AGGREGATED_DEMAND,
    DELIVERED_VOLUMES,
    EXPECTED_VOLUMES,
    METERED_VOLUMES,
    NOTIFICATIONS,
    PAIR_VOLUMES,
)

__all__ = [
    "AGGREGATED_DEMAND",
    "BASELINING_DETAILS",
    "BASELINING_STATUSES",
    "BM_UNITS",
    "CAPACITY_VALUES",
    "DECLARATIONS",
    "DECLARED_METERING_SYSTEMS",
    "DELIVERED_VOLUMES",
    "DISTRIBUTORS",
    "EVENT_DAYS",
    "EXPECTED_VOLUMES",
    "GCDC_BREACHES",
    "GCDC_CHALLENGES",
    "MARKET_START",
    "METERED_VOLUMES",
    "MSID_PAIRS",
    "NOTIFICATIONS",
    "PAIR_VOLUMES",
    "PARTIES",
    "RECEIVED",
    "SCHEMAS",
    "SETTLEMENT_CALENDAR",
    "SIGNATORIES",
]

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
