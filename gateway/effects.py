"""What accepted units put in force, flow by flow."""

import polars as pl
from sqlmodel import Session

from gateway.valuation import Valuation
from store import effects
from store.tables import Run, Submission


def put_in_force(session: Session, submission: Submission, run: Run, valuation: Valuation) -> None:
    """Writes the effects of a run's accepted units; a flow without effects of its own changes no value in force."""
    effect = valuation.judgement.effect
    if submission.file_type == "K0151001" and effect.height:
        effects.add(
            session,
            "capacity_values",
            _declared(effect, submission),
            test_flag=valuation.header.flag,
            run_number=run.number,
        )


def _declared(effect: pl.DataFrame, submission: Submission) -> pl.DataFrame:
    """Accepted declarations as market.reference.CAPACITY_VALUES: unchanged ones too, for a declaration was made."""
    return effect.select(
        "bm_unit_id",
        pl.col("effective_from_date").alias("effective_from"),
        pl.col("declared.generation_capacity").alias("generation_capacity"),
        pl.col("declared.demand_capacity").alias("demand_capacity"),
        pl.lit("DECLARATION").alias("source"),
        pl.col("GCH.declaration_type").alias("declaration_type"),
        pl.col("GCH.bsc_season").alias("season"),
        pl.col("GCH.season_start_year").cast(pl.Int32).alias("season_start_year"),
        pl.lit(submission.received_at).cast(pl.Datetime("us", "UTC")).alias("received_at"),
        pl.lit(submission.ref).alias("submission_ref"),
        "line",
    )
