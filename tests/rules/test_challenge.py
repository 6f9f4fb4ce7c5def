"""Challenges of estimated values (K0152001)."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from market.reference import CAPACITY_VALUES
from rules.challenge.contexts import CHALLENGED
from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, judged, references


def challenged(
    value: str = "104",
    ref: str = "GCB00000000001",
    unit: str = "T_DINO-1",
    side: str = "GC",
    signatory: str = "Ann Archer",
    received_at: datetime = RECEIVED_AT,
    in_force: int | None = None,
) -> Judgement:
    known = references()
    if in_force is not None:
        row = {"bm_unit_id": unit, "effective_from": date(2026, 11, 1), "generation_capacity": in_force}
        row |= {"source": "DECLARATION", "received_at": datetime(2026, 10, 1, tzinfo=UTC), "submission_ref": "S"}
        known["capacity_values"] = pl.DataFrame([row], CAPACITY_VALUES)
    body = f"GCC|{ref}|{unit}|{side}|{value}|Metering fault|{signatory}|"
    return judged(body, flow="K0152001", received_at=received_at, known=known)


def test_a_challenge_is_known_by_its_breach_and_puts_the_proposed_value() -> None:
    judgement = challenged()
    assert judgement.units.select("key", "outcome").rows() == [("GCB00000000001", "A")]
    assert judgement.effect.select(*CHALLENGED.effect, "outcome").rows() == [
        ("GCB00000000001", "T_DINO-1", "GC", 104_000, "Metering fault", "A")
    ]


@pytest.mark.parametrize(
    ("ref", "unit", "side", "broken"),
    [
        ("GCB00000000001", "T_DINO-1", "GC", {}),
        ("GCB00000000001", "E_ABRTW-9", "GC", {"GCC-01": 1}),
        ("GCB00000000003", "T_DINO-1", "DC", {"GCC-01": 1}),
        ("GCB00000000004", "T_OTTR-1", "GC", {"IDN-02": 1}),
        ("GCB00000000004", "T_NOSUCH-1", "GC", {"IDN-01": 1}),
    ],
)
def test_the_breach_is_an_open_one_of_the_sender(ref: str, unit: str, side: str, broken: dict[str, int]) -> None:
    assert challenged("104" if side == "GC" else "-104", ref, unit, side).counts == broken


def test_a_breach_that_was_closed_later_was_open_at_receipt() -> None:
    earlier = datetime(2026, 11, 1, 11, 59, 59, tzinfo=UTC)
    assert challenged("-4", "GCB00000000003", side="DC", received_at=earlier).counts == {}
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert challenged("-4", "GCB00000000003", side="DC", received_at=noon).counts == {"GCC-01": 1}


@pytest.mark.parametrize(
    ("received_at", "late"),
    [
        (datetime(2026, 11, 13, 23, 59, 59, tzinfo=UTC), False),
        (datetime(2026, 11, 14, 0, 0, tzinfo=UTC), True),
    ],
)
def test_a_challenge_is_in_time_until_the_day_ends(received_at: datetime, late: bool) -> None:
    judgement = challenged(received_at=received_at)
    assert judgement.counts == ({"GCC-02": 1} if late else {})
    if late:
        told = "GCB00000000001 can be challenged until 20261113, the file is received on 20261114"
        assert judgement.breaches["message"].to_list() == [told]


@pytest.mark.parametrize(
    ("value", "in_force", "told"),
    [
        ("99", None, None),
        ("98.999", None, "Proposed Value 98.999 MW is less than 99 MW, the GC in force on 20261102"),
        ("-104", None, "Proposed Value -104 MW is below 0, GC is zero or positive"),
        ("104", 104_001, "Proposed Value 104 MW is less than 104.001 MW, the GC in force on 20261102"),
        ("104", 104_000, None),
    ],
)
def test_the_proposed_value_has_the_sides_sign_and_is_no_smaller(
    value: str, in_force: int | None, told: str | None
) -> None:
    judgement = challenged(value, in_force=in_force)
    assert judgement.breaches["message"].to_list() == ([] if told is None else [told])


@pytest.mark.parametrize(("value", "side"), [("-104", "GC"), ("0.001", "GC")])
def test_a_value_proposed_for_no_breach_is_not_judged(value: str, side: str) -> None:
    assert challenged(value, "GCB00000000009", side=side).counts == {"GCC-01": 1}
    assert challenged(value, side=side).counts == {"GCC-03": 1}


def test_a_challenge_is_signed_by_a_signatory() -> None:
    assert challenged(signatory="Kim Kent").counts == {"IDN-03": 1}
