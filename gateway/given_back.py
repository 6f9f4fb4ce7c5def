"""Values of GC and DC that a submission put in force and no longer does: what holds again is reported."""

from datetime import datetime

import polars as pl
from sqlmodel import Session

from gateway.gcdc_notification import ROLES
from gateway.notices import add_notice
from market.reference import BM_UNITS
from outbound.registration_report import FILE_TYPE, registration_report
from rules.gcdc.contexts import CAPACITIES, in_force_ranges
from store import effects, reference
from store.refused import RefusedError
from store.tables import Submission

KIND = "capacity_values"
_PUT = ["bm_unit_id", "effective_from"]


def put_by(session: Session, submission: Submission) -> pl.DataFrame:
    """The BM Units for which a submission puts values in force, each on its first day with what is in force: BM_UNITS.

    BM Units that the submission's Party does not lead on the day are left out.
    """
    ids = effects.subjects(session, submission.ref, [KIND]).get(KIND, [])
    if not ids:
        return BM_UNITS.to_frame()
    values = reference.frames(session, [KIND], test_flag=submission.test_flag or "OPER", bm_units=ids)[KIND]
    own = values.filter(pl.col("submission_ref") == submission.ref).select(_PUT).unique(maintain_order=True)
    return _in_force(session, submission, own)


def given_back(session: Session, submission: Submission, before: pl.DataFrame) -> pl.DataFrame:
    """Of what a submission put in force (`put_by`, taken before) what it does not any more, with the values that hold
    now where they differ: BM_UNITS.
    """
    if before.is_empty():
        return before
    taken = before.join(put_by(session, submission), on=_PUT, how="anti", maintain_order="left")
    now = _in_force(session, submission, taken.select(_PUT))
    return now.join(taken, on=[*_PUT, *CAPACITIES], how="anti", nulls_equal=True, maintain_order="left")


def tell(session: Session, submission: Submission, rows: pl.DataFrame, at: datetime) -> str:
    """Sends the R0145005 of a withdrawal; why there is none where the Party cannot be told."""
    if rows.is_empty():
        return ""
    flag = "" if submission.test_flag in (None, "OPER") else str(submission.test_flag)
    party_id = submission.party_id
    try:
        add_notice(
            session,
            party_id,
            FILE_TYPE,
            "CR",
            at,
            lambda header: registration_report(header, party_id, rows),
            to_roles=ROLES,
            test_flag=flag,
        )
    except RefusedError as error:
        return str(error)
    return ""


def _in_force(session: Session, submission: Submission, put: pl.DataFrame) -> pl.DataFrame:
    """BM Units and days with what is in force then: BM_UNITS."""
    ids = put["bm_unit_id"].unique().to_list()
    flag = submission.test_flag or "OPER"
    found = reference.frames(session, ["bm_units", KIND], test_flag=flag, bm_units=ids)
    days = put.rename({"effective_from": "day"})
    on_day = pl.col("day").is_between("effective_from", "effective_to")
    changed = days.join(in_force_ranges(found[KIND]), on="bm_unit_id", how="inner").filter(on_day)
    values = changed.select("bm_unit_id", "day", pl.col(CAPACITIES).name.prefix("changed_"))
    return (
        days.join(found["bm_units"], on="bm_unit_id", how="inner", maintain_order="left")
        .filter(on_day, pl.col("lead_party_id") == submission.party_id)
        .join(values, on=["bm_unit_id", "day"], how="left", maintain_order="left")
        .with_columns(pl.coalesce(f"changed_{column}", column).alias(column) for column in CAPACITIES)
        .with_columns(effective_from="day")
        .select(BM_UNITS.names())
    )
