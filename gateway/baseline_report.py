"""The baseline of a Party's BM Units from the store, and the P0333002 that tells it."""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl
from sqlmodel import Session

from market.baseline.bl01 import Baseline, baseline
from market.baseline.days import LOOK_BACK
from market.baseline.pairs import PAIR
from market.baseline.volumes import EVENTS
from market.header import Header
from market.home import Home
from market.in_force import (
    baselining_statuses_in_force,
    event_days_in_force,
    expected_volumes_in_force,
    pair_volumes_in_force,
)
from outbound.expected_volume_report import expected_volume_report
from store import policy, reference

_OF_UNITS = ("bm_units", "baselining_statuses")
_OF_PAIRS = ("msid_pairs", "baselining_details", "pair_volumes", "expected_volumes")


def baselined_units(session: Session, party_id: str, day: date) -> list[str]:
    """The Baselined BM Units that a Party leads on a London day, in order."""
    frames = reference.frames(session, _OF_UNITS)
    holds = pl.lit(day).is_between(pl.col("effective_from"), pl.col("effective_to"))
    changes = baselining_statuses_in_force(frames["baselining_statuses"]).filter(holds)
    units = frames["bm_units"].filter(holds & (pl.col("lead_party_id") == party_id))
    status = units.join(changes.select("bm_unit_id", changed="baselined"), on="bm_unit_id", how="left", validate="m:1")
    return status.filter(pl.coalesce("changed", "baselined") == "T")["bm_unit_id"].unique().sort().to_list()


def stored_baseline(
    session: Session, home: Home, units: list[str], day: date, first_periods: Mapping[str, int]
) -> Baseline:
    """The baseline of some BM Units on a London day, from what is in force of live traffic.

    `first_periods` gives the Settlement Period in which a BM Unit's first event begins; without one, nothing is
    adjusted. The policy is that of the day.
    """
    days = (day - timedelta(days=LOOK_BACK), day)
    found = reference.frames(session, _OF_PAIRS, bm_units=units, days=days, home=home)
    # A pair may have had its event days in another BM Unit.
    found["event_days"] = event_days_in_force(reference.frames(session, ["event_days"])["event_days"])
    found["pair_volumes"] = pair_volumes_in_force(found["pair_volumes"])
    found["expected_volumes"] = expected_volumes_in_force(found["expected_volumes"], [day])
    events = pl.DataFrame(list(first_periods.items()), schema=EVENTS, orient="row")
    return baseline(day, events, found, policy.in_force(session).on(day).baseline)


def baseline_report(header: Header, run_type: str, found: Baseline) -> bytes | None:
    """The P0333002 of a baseline, None where no BM Unit has a pair. `header` is its own.

    A pair that is not calculated stands with status F and volumes of 0. The MSID Pairs around an AMSID Pair have no
    volumes of their own and stand so too. Left out are AMSID Pairs whose MSID Pair is not known and differenced sites,
    which the reference data do not name.
    """
    return expected_volume_report(header, found.day, run_type, report_frames(found))


def report_frames(found: Baseline) -> dict[str, pl.DataFrame]:
    """The frames of a baseline by record type, as outbound.expected_volume_report takes them."""
    units = found.units.select(
        "bm_unit_id",
        settlement_period_id="settlement_period",
        submitted_expected_volume="submitted",
        baselined_expected_volume="baselined",
        settlement_expected_volume="expected",
        bm_unit_deviation_volume=pl.lit(None, pl.Int64),
    )
    calculated = found.pair_baselines.group_by(PAIR).agg(status=_letter(pl.col("volume").is_not_null().all()))
    known = found.pairs.drop("baselining_indicator").join(
        found.pair_baselines.select(*PAIR, "baselining_indicator").unique(), on=PAIR, how="inner", nulls_equal=True
    )
    pairs = known.join(calculated, on=PAIR, how="left", nulls_equal=True, validate="m:1").with_columns(
        pl.col("import_msid", "import_amsid", "around_import_msid", "export_msid", "export_amsid").cast(pl.Int64)
    )
    volumes = found.pair_baselines.with_columns(pl.col("import_msid", "import_amsid").cast(pl.Int64))
    return {"BBP": units, **_msid_pairs(pairs, volumes), **_amsid_pairs(pairs, volumes)}


def _msid_pairs(pairs: pl.DataFrame, volumes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    of_type = pairs.filter(pl.col("pair_indicator") == "T")
    details = of_type.select(
        "bm_unit_id",
        "import_msid",
        "export_msid",
        msid_pair_baseline_indicator="baselining_indicator",
        msid_pair_baseline_calculation_status="status",
    )
    return {"BTM": details, "TMP": _periods(of_type, volumes, "import_msid")}


def _amsid_pairs(pairs: pl.DataFrame, volumes: pl.DataFrame) -> dict[str, pl.DataFrame]:
    around = pairs.filter(pl.col("pair_indicator") == "A", pl.col("around_import_msid").is_not_null())
    of_type = around.unique(PAIR, keep="first", maintain_order=True)
    details = of_type.select(
        "bm_unit_id",
        "import_amsid",
        "export_amsid",
        amsid_pair_baseline_indicator="baselining_indicator",
        amsid_pair_baseline_calculation_status="status",
    )
    named = around.select("bm_unit_id", "import_amsid", "export_msid", import_msid="around_import_msid")
    periods = volumes.select(settlement_period_id="settlement_period", baselined_volume=pl.lit(0, pl.Int64)).unique()
    return {
        "BAA": details,
        "AAP": _periods(of_type, volumes, "import_amsid"),
        "BAM": named.with_columns(msid_pair_baseline_calculation_status=pl.lit("F")),
        "AMP": named.drop("export_msid").join(periods, how="cross"),
    }


def _periods(pairs: pl.DataFrame, volumes: pl.DataFrame, named: str) -> pl.DataFrame:
    """The volumes of pairs, all 0 where one of the pair's is missing."""
    found = volumes.join(pairs.select("bm_unit_id", named, "status"), on=["bm_unit_id", named], how="inner")
    volume = pl.when(pl.col("status") == "T").then("volume").otherwise(0)
    return found.select("bm_unit_id", named, settlement_period_id="settlement_period", baselined_volume=volume)


def _letter(truth: pl.Expr) -> pl.Expr:
    return pl.when(truth).then(pl.lit("T")).otherwise(pl.lit("F"))
