"""The acceptance units of aggregated demand, and what accepted ones put in force."""

from collections.abc import Mapping

import polars as pl

from rules.acceptance import Acceptance, PutFromSlices
from rules.demand import FLOW


def demand_of(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The days of the BM Units of a slice, made of the typed frames of NFH, NFU and NFP.

    They are rows of market.reference.AGGREGATED_DEMAND but for `line` and the columns of the submission.
    """
    run, units = frames["NFH"], frames["NFU"]
    periods = frames["NFP"].group_by("up", maintain_order=True).agg("gross_demand", "non_final_demand")
    above = run.select("settlement_date", "settlement_run_type", "run_number")
    own = units.select("bm_unit_id", "measurement_class", "gsp_group_id")
    return own.hstack(above[units["up"]]).hstack(periods.drop("up"))


AGGREGATED = Acceptance(
    flow=FLOW,
    units=("NFU",),
    key=("bm_unit_id", "measurement_class"),
    effect=(
        *("bm_unit_id", "gsp_group_id", "measurement_class"),
        *("NFH.settlement_date", "NFH.settlement_run_type", "NFH.run_number"),
        *("declared.found", "declared.msids", "given.non_final", "given.without"),
    ),
    warned=("NFD-07",),
    days=("settlement_date",),
    puts=PutFromSlices("aggregated_demand", demand_of),
)
"""One BM Unit and measurement class, with its periods."""
