"""The baseline of BM Units on one day: days, volumes and expected volumes, each step with its working."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from market.baseline.days import historical_days
from market.baseline.expected import pair_baselines, settlement_expected_volumes
from market.baseline.pairs import pairs_on
from market.baseline.policy import BaselinePolicy
from market.baseline.volumes import baselined_volumes
from market.settlement_period import periods_in_day


@dataclass(frozen=True)
class Baseline:
    """What BL01 gives for a day, and how. Volumes are MWh scaled by 10,000.

    Attributes:
        pairs: the pairs of the BM Units on the day, market.baseline.pairs.PAIRS.
        days: the days chosen and those left out, market.baseline.days.HISTORICAL_DAYS.
        volumes: mean, adjustment and baselined volume of each pair, market.baseline.volumes.BASELINED_VOLUMES.
        pair_baselines: what each B or I pair is expected to do, market.baseline.expected.PAIR_BASELINES.
        units: the expected volumes of the BM Units, market.baseline.expected.SETTLEMENT_EXPECTED_VOLUMES.
    """

    day: date
    pairs: pl.DataFrame
    days: pl.DataFrame
    volumes: pl.DataFrame
    pair_baselines: pl.DataFrame
    units: pl.DataFrame


def baseline(
    day: date, events: pl.DataFrame, references: Mapping[str, pl.DataFrame], policy: BaselinePolicy
) -> Baseline:
    """The baseline of every BM Unit that has a pair on a London day.

    `events` has the columns of market.baseline.volumes.EVENTS. `references` has, by the names of market.reference, the
    frames `msid_pairs`, `baselining_details`, `event_days` (those in force), `pair_volumes` (of the day and the 60 days
    before it, once each) and `expected_volumes` (those in force on the day, once a BM Unit and period, in CVA sign).
    """
    metered = references["pair_volumes"]
    pairs = pairs_on(day, references["msid_pairs"], references["baselining_details"])
    by_method = pairs.filter(pl.col("baselining_indicator").is_in(["B", "I"]))
    days = historical_days(day, by_method, references["event_days"], metered)
    volumes = baselined_volumes(day, events, days, metered, policy)
    of_pairs = pair_baselines(pairs, volumes, policy)
    units = settlement_expected_volumes(pairs, of_pairs, references["expected_volumes"], periods_in_day(day))
    return Baseline(day, pairs, days, volumes, of_pairs, units)
