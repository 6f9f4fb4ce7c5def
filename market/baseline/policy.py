"""What the public text of BL01 leaves open: one named decision each, dated with the rest of the policy."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class BaselinePolicy:
    """The decisions behind a baseline; policy.toml has the same names in `[policy.baseline]`.

    Attributes:
        min_days: fewer chosen days than this give no baseline. 1, for the method takes "up to" 10 or 4 days.
        min_adjustment_periods: of the six periods before the event so many must be on its day and metered, or nothing
            is adjusted. 6: a mean over fewer would let one odd half-hour move a whole evening.
        adjusted_periods: `event` adjusts from the event's first period to the end of the day, `day` all of it.
            `event`, for what was metered before the event says nothing new about the periods before it.
        adjustment_cap: the largest adjustment of a period either way, in MWh; None: no cap, as no public text has one.
        clock_change: how a day of 46 or 50 periods finds its history, which has 48: `clock_time` takes the half-hour
            that clocks showed, the repeated hour twice; `period_number` the same number, and 49 and 50 have none.
            `clock_time`, for consumption follows the clock.
        inactive_pairs: what a pair with indicator I is expected to do: `metered`, what it did, so that it neither
            earns nor owes; or `zero`.
    """

    min_days: int = 1
    min_adjustment_periods: int = 6
    adjusted_periods: str = "event"
    adjustment_cap: Decimal | None = None
    clock_change: str = "clock_time"
    inactive_pairs: str = "metered"


CHOICES = {
    "adjusted_periods": ("event", "day"),
    "clock_change": ("clock_time", "period_number"),
    "inactive_pairs": ("metered", "zero"),
}
"""The values that a decision may have."""
