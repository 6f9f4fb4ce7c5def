"""What a run of declarations puts in force or holds, and what it confirms to whom."""

from collections.abc import Sequence

import polars as pl
from sqlmodel import Session

from gateway.valuation import Valuation
from market.declarations import HELD, IN_FORCE, WITHDRAW
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS, RECEIVED
from outbound.declaration_confirmation import CONFIRMED
from store import changes, declarations, effects, runs
from store.tables import Run, Submission

SYSTEMS = "declared_metering_systems"

_TRACE = ["submission_ref", "line"]


def put_declarations(session: Session, submission: Submission, run: Run, valuation: Valuation) -> None:
    """Writes the declarations of a run's accepted and held units, and the metering systems of the accepted ones.

    Each gets its Declaration Id, but for those that withdraw. Declarations that others name end by that.
    """
    judgement = valuation.judgement
    accepted, held = (listed(frame, "declarations") for frame in (judgement.effect, judgement.held))
    stated = pl.concat(
        [accepted.with_columns(standing=pl.lit(IN_FORCE)), held.with_columns(standing=pl.lit(HELD))], how="vertical"
    )
    if stated.is_empty():
        return
    lines: Sequence[int] = stated.filter(pl.col("declaration_type") != WITHDRAW)["line"].to_list()
    ids = declarations.issue(session, submission.ref, lines)
    systems = listed(judgement.effect, "systems")
    for kind, rows, schema in (("declarations", stated, DECLARATIONS), (SYSTEMS, systems, DECLARED_METERING_SYSTEMS)):
        traced = _traced(rows, ids, submission, schema)
        effects.add(session, kind, traced, test_flag=valuation.header.flag, run_number=run.number)
    named = accepted["named_declaration_id"].drop_nulls().to_list()
    changes.note(session, SYSTEMS, declarations.bm_units_of(session, named))


def listed(units: pl.DataFrame, column: str) -> pl.DataFrame:
    """What the units of a judgement list in a column, `declarations` or `systems`, as a frame of its own."""
    schema = {"declarations": DECLARATIONS, "systems": DECLARED_METERING_SYSTEMS}[column]
    issued = ("declaration_id", "standing", "received_at", "submission_ref")
    if column not in units.columns:
        return pl.DataFrame(schema={name: dtype for name, dtype in schema.items() if name not in issued})
    return units.select(pl.col(column).drop_nulls().explode()).drop_nulls().unnest(column)


def _traced(rows: pl.DataFrame, ids: pl.DataFrame, submission: Submission, schema: pl.Schema) -> pl.DataFrame:
    return (
        rows.join(ids, on="line", how="left", maintain_order="left")
        .with_columns(
            pl.lit(submission.received_at).cast(RECEIVED).alias("received_at"),
            pl.lit(submission.ref).alias("submission_ref"),
        )
        .select(schema.names())
    )


def confirmed(session: Session, submission: Submission, run: Run) -> dict[str, pl.DataFrame]:
    """What a run confirms, by Supplier: CONFIRMED.

    Of the sender's declarations those that stand otherwise than by the run before, WITHDRAWN where none stands now;
    of all Suppliers' those that end.
    """
    now = declarations.of_run(session, submission.ref, run.number)
    earlier = [one.number for one in runs.of(session, submission.ref) if one.applied and one.number < run.number]
    before = declarations.of_run(session, submission.ref, max(earlier, default=0))
    gone = before.join(now, on=_TRACE, how="anti", maintain_order="left")
    new = now.join(before, on=[*_TRACE, "standing"], how="anti", maintain_order="left")
    put = new.filter((pl.col("standing") == IN_FORCE) & pl.col("named_declaration_id").is_not_null())
    named = declarations.named_by(session, put)
    of_named = {"status": pl.when("withdraws").then(pl.lit("WITHDRAWN")).otherwise(pl.lit("ENDED"))}
    stated = pl.concat([new.with_columns(status="standing"), gone.with_columns(status=pl.lit("WITHDRAWN"))])
    own = stated.filter(pl.col("declaration_type") != WITHDRAW)
    told = pl.concat([own, named.with_columns(**of_named).select(own.columns)])
    shown = told.select(
        "supplier_id",
        *("declaration_set_id", "declaration_id", "facility_id", "status"),
        effective_from_date="effective_from",
        effective_to_date="effective_to",
    )
    return {
        str(supplier): rows.select(CONFIRMED.names())
        for (supplier,), rows in shown.partition_by("supplier_id", as_dict=True, maintain_order=True).items()
    }
