"""Files of expected volumes, and reference frames with what was accepted of them before."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

import polars as pl

from market.frames import OPEN_END
from market.policy import Policy
from market.reference import BASELINING_DETAILS, BASELINING_STATUSES, EXPECTED_VOLUMES, RECEIVED
from rules.judge import Judgement
from tests.rules.world import POLICY, References, judged, references

UNIT = "V__FEXMP001"
LONG_BEFORE = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(text: str) -> datetime:
    """An instant written in ISO 8601, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def sev(
    days: str,
    rows: Iterable[str],
    received_at: datetime = LONG_BEFORE,
    *,
    unit: str = UNIT,
    sender: str = "VOLT",
    known: References | None = None,
    policy: Policy = POLICY,
) -> Judgement:
    """The judgement on the volumes (`12|0.5`) of one BM Unit for `20260915|20260915`, on lines from 4 on."""
    body = "\n".join([f"BSD|{days}|", f"BSB|{unit}|", *(f"BSP|{row}|" for row in rows)])
    return judged(body, flow="P0328001", sender=sender, received_at=received_at, known=known, policy=policy)


def outcomes(judgement: Judgement) -> dict[str, str]:
    """The outcome of each unit by its key."""
    return dict(judgement.units.select("key", "outcome").iter_rows())


def groups(judgement: Judgement) -> list[tuple[str, int]]:
    """The outcomes of the units in order, each with how many stand in a row."""
    return [(outcome, len(list(units))) for outcome, units in groupby(judgement.units["outcome"])]


def in_force(*volumes: tuple[date, date | None, int, int]) -> dict[str, pl.DataFrame]:
    """The made-up market with volumes of UNIT: the first day, the last (None: a Default), the period, the volume."""
    rows: list[Mapping[str, Any]] = [
        {
            "bm_unit_id": UNIT,
            "effective_from": first,
            "effective_to": last or OPEN_END,
            "settlement_period": period,
            "volume": volume,
            "submission_ref": f"S{number:03}",
            "line": 4,
        }
        for number, (first, last, period, volume) in enumerate(volumes)
    ]
    frame = pl.DataFrame(rows).with_columns(received_at=pl.lit(LONG_BEFORE).cast(RECEIVED))
    typed = frame.select(pl.col(name).cast(dtype) for name, dtype in EXPECTED_VOLUMES.items())
    return {**references(), "expected_volumes": typed}


def with_statuses(*changes: tuple[str, date, str]) -> dict[str, pl.DataFrame]:
    """The made-up market with changes of BM Units' baselining status: the unit, the day, the status."""
    rows = [(unit, day, status, LONG_BEFORE, f"S{n:03}", 2) for n, (unit, day, status) in enumerate(changes)]
    return {**references(), "baselining_statuses": pl.DataFrame(rows, BASELINING_STATUSES, orient="row")}


def with_details(*changes: tuple[str, str, date, str]) -> dict[str, pl.DataFrame]:
    """The made-up market with changes of MSID Pairs' baselining: the unit, the import MSID, the day, the indicator."""
    rows = [
        (unit, "T", msid, None, day, indicator, None, LONG_BEFORE, f"S{n:03}", 2)
        for n, (unit, msid, day, indicator) in enumerate(changes)
    ]
    return {**references(), "baselining_details": pl.DataFrame(rows, BASELINING_DETAILS, orient="row")}
