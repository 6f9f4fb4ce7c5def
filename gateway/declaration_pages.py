"""What `gridpost declarations` and `gridpost show` tell of declarations: how they stand, and what came before."""

from datetime import date
from typing import Any

import polars as pl
from sqlmodel import Session

from market.declarations import HELD, WITHDRAW
from market.frames import OPEN_END
from store import declarations
from store.tables import Submission

_HISTORY = (
    *("received_at", "declaration_type", "declaration_id", "names", "facility_id", "declaration_set_id"),
    *("supplier_id", "standing", "effective_from", "effective_to", "submission_ref"),
)

_COLUMNS = (
    *("declaration_id", "declaration_type", "facility_id", "operator_company_number", "declaration_set_id"),
    *("supplier_id", "standing", "effective_from", "effective_to", "metering_systems", "of_set", "names"),
    *("received_at", "submission_ref", "line"),
)


def listed(
    session: Session, day: date, *, facility_id: str | None = None, party_id: str | None = None, ended: bool = False
) -> list[dict[str, Any]]:
    """The live declarations by facility, set and Supplier; with `ended` those too that are over on the day.

    `standing` is HELD, TO COME, IN FORCE or ENDED on that day; `effective_to` is the day on which others end it, None
    where it is open. `metering_systems` counts its own, `of_set` is how many the set declares.
    """
    every = _shown(declarations.history(session, facility_id)).with_columns(_standing(day).alias("standing"))
    wanted = [pl.col("declaration_type") != WITHDRAW]
    if party_id is not None:
        wanted.append(pl.col("supplier_id") == party_id)
    if not ended:
        wanted.append(pl.col("standing") != "ENDED")
    order = ["facility_id", "operator_company_number", "effective_from", "declaration_set_id", "supplier_id", "line"]
    return every.filter(wanted).sort(order).select(_COLUMNS).to_dicts()


def history_of(session: Session, submission: Submission) -> list[dict[str, Any]]:
    """Every live declaration of the facilities that a submission declares, withdrawals too, in the order of receipt.

    `standing` is HELD, or IN FORCE for what was put in force on whatever days.
    """
    every = declarations.history(session)
    own = every.filter(pl.col("submission_ref") == submission.ref).select("facility_id", "operator_company_number")
    of_these = every.join(own.unique(), on=own.columns, how="semi", maintain_order="left")
    return _shown(of_these).select(_HISTORY).to_dicts()


def _standing(day: date) -> pl.Expr:
    return (
        pl.when(pl.col("standing") == HELD)
        .then(pl.lit(HELD))
        .when(pl.col("effective_to") < day)
        .then(pl.lit("ENDED"))
        .when(pl.col("effective_from") > day)
        .then(pl.lit("TO COME"))
        .otherwise(pl.lit("IN FORCE"))
    )


def _shown(declared: pl.DataFrame) -> pl.DataFrame:
    """What is shown of declarations (store.declarations.history), until the day on which others end them."""
    last = pl.min_horizontal("effective_to", "last_day")
    return declared.with_columns(
        pl.when(last != OPEN_END).then(last).alias("effective_to"),
        pl.when(pl.col("msids") == "")
        .then(0)
        .otherwise(pl.col("msids").str.count_matches(" ") + 1)
        .alias("metering_systems"),
        pl.col("number_of_metering_systems").alias("of_set"),
        pl.col("named_declaration_id").alias("names"),
    )
