"""What `gridpost pn` tells: the PN, MEL and MIL of a BM Unit and Settlement Day in force, and what came before them."""

from datetime import date, datetime
from typing import Any

import polars as pl
from sqlmodel import Session

from market.home import Home
from market.in_force import notifications_in_force
from market.profile import level, level_text
from market.settlement_period import gate_closure_expr
from store import record_sets, reference
from store.refused import RefusedError
from store.tables import Submission

_BY_KIND = pl.col("kind").replace_strict({"PN": 0, "MEL": 1, "MIL": 2}, return_dtype=pl.Int8)
_UNIT = ["bm_unit_id", "kind", "settlement_date", "settlement_period"]


def page(session: Session, home: Home, name: str, day: date, now: datetime, test_flag: str = "OPER") -> dict[str, Any]:
    """The profile in force of the BM Unit with that BSC id or NETSO name, and every submission that notified of it.

    `final` tells whether a period's Gate Closure is past `now`: its PN is then the FPN. Raises RefusedError where no
    BM Unit of that name is registered on the day.
    """
    unit = _bm_unit_id(session, name, day)
    received = record_sets.read(session, home, "PN", days=(day, day), test_flag=test_flag)
    received = received.filter(pl.col("bm_unit_id") == unit)
    in_force = notifications_in_force(received)
    profile = _with_levels(in_force.sort(_BY_KIND, "settlement_period", "piece_from")).select(
        *("kind", "settlement_period", "piece_from", "piece_to", "mw_from", "mw_to"),
        (gate_closure_expr(pl.col("settlement_date"), pl.col("settlement_period")) <= now).alias("final"),
        *("submission_ref", "line"),
    )
    return {
        "bm_unit_id": unit,
        "settlement_date": day,
        "profile": profile.to_dicts(),
        "history": _history(received, in_force).to_dicts(),
    }


def in_force_of(session: Session, home: Home, submission: Submission) -> list[dict[str, Any]]:
    """What of a submission's accepted notifications is in force, and which submissions took the place of the rest.

    A row a Settlement Day, kind and submission that is in force there now; `periods` counts BM Units and periods.
    """
    own = record_sets.of(session, home, submission.ref, "PN")
    if own.is_empty():
        return []
    day = pl.col("settlement_date")
    first, last = own.select(day.min().alias("first"), day.max().alias("last")).row(0)
    known = record_sets.read(session, home, "PN", days=(first, last), test_flag=submission.test_flag or "OPER")
    return (
        notifications_in_force(known.join(own.select(_UNIT).unique(), on=_UNIT, how="semi"))
        .unique(_UNIT)
        .group_by("settlement_date", "kind", pl.col("submission_ref").alias("in_force"), "received_at")
        .agg(pl.len().alias("periods"))
        .sort("settlement_date", _BY_KIND, "received_at", "in_force")
        .to_dicts()
    )


def _with_levels(pieces: pl.DataFrame) -> pl.DataFrame:
    """Adds `mw_from` and `mw_to`, the levels at which each piece begins and ends, as texts."""
    ends = {"mw_from": level("piece_from"), "mw_to": level("piece_to")}
    told = [
        level_text(*pieces.select(over.alias("over"), under.alias("under"))).alias(name)
        for name, (over, under) in ends.items()
    ]
    return pieces.with_columns(told)


def _history(received: pl.DataFrame, in_force: pl.DataFrame) -> pl.DataFrame:
    """A row a submission and kind: how many periods it notified, and of how many it is in force."""
    by = ["received_at", "submission_ref", "kind"]
    periods = pl.col("settlement_period").n_unique()
    still = in_force.group_by(by).agg(periods.cast(pl.Int64).alias("in_force"))
    told = received.group_by(by).agg(periods.cast(pl.Int64).alias("periods"))
    return (
        told.join(still, on=by, how="left")
        .with_columns(pl.col("in_force").fill_null(0))
        .sort("received_at", "submission_ref", _BY_KIND)
    )


def _bm_unit_id(session: Session, name: str, day: date) -> str:
    units = reference.frames(session, ["bm_units"])["bm_units"]
    on_day = units.filter(pl.lit(day).is_between("effective_from", "effective_to"))
    for column in ("bm_unit_id", "netso_name"):
        found = on_day.filter(pl.col(column) == name)["bm_unit_id"]
        if len(found):
            return str(found[0])
    raise RefusedError(f"no BM Unit is registered as {name} on {day}")
