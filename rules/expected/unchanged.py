"""Which volumes are in force already."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from market.in_force import default_volumes_in_force, expected_volumes_in_force
from rules.context import FileFacts
from rules.expected import MOST_PERIODS

_UNKNOWN = np.iinfo(np.int64).min
_MALFORMED = _UNKNOWN + 1


class VolumesInForce:
    """The Submitted Expected Volumes in force of BM Units and days, to be looked up by thousands.

    `in_force` has `bm_unit_id`, `day`, `settlement_period` and `volume` (MWh scaled by 10,000), each unit, day and
    period once.
    """

    def __init__(self, in_force: pl.DataFrame) -> None:
        self._places = in_force.select("bm_unit_id", "day").unique().with_row_index("place")
        place = in_force.join(self._places, on=["bm_unit_id", "day"], how="left", maintain_order="left")["place"]
        # one block of periods a unit and day; the last one is of those without any volume
        self._volumes = np.full((self._places.height + 1, MOST_PERIODS + 1), _UNKNOWN)
        self._volumes[place.to_numpy(), in_force["settlement_period"].to_numpy()] = in_force["volume"].to_numpy()

    def places(self, days: pl.DataFrame) -> npt.NDArray[np.uint32]:
        """For each `bm_unit_id` and `day` where its volumes are found."""
        found = days.select("bm_unit_id", "day").join(
            self._places, on=["bm_unit_id", "day"], how="left", maintain_order="left"
        )
        return found["place"].fill_null(self._places.height).to_numpy()

    def equal(self, places: npt.NDArray[np.uint32], periods: npt.NDArray[np.int64], volumes: pl.Series) -> pl.Series:
        """Whether each volume is the one in force of its period, 0 to 50, as `unchanged`; period 0 has none."""
        return pl.Series("unchanged", self._volumes[places, periods]) == volumes.fill_null(_MALFORMED)


def volumes_in_force(
    facts: FileFacts, days: Sequence[date], default: bool, bm_units: pl.Series
) -> VolumesInForce | None:
    """What is in force of BM Units on days; for a Default SEV the Default ones of its first day. None if nothing is."""
    known = facts.references["expected_volumes"]
    if known.is_empty() or not days:
        return None
    if default:
        return facts.once("Default volumes in force", lambda _: _defaults(known, days[0]))
    if len(days) == 1:
        return facts.once("volumes in force", lambda _: _on_days(known, days))
    return _on_days(known.filter(pl.col("bm_unit_id").is_in(bm_units.unique().implode())), days)


def _on_days(known: pl.DataFrame, days: Sequence[date]) -> VolumesInForce:
    return VolumesInForce(expected_volumes_in_force(known, days).rename({"settlement_date": "day"}))


def _defaults(known: pl.DataFrame, day: date) -> VolumesInForce:
    return VolumesInForce(default_volumes_in_force(known, day).with_columns(day=pl.lit(day)))
