"""Judging declarations in the made-up market, and what of them is known before."""

from datetime import date, datetime

import polars as pl

from market.declarations import HELD
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS
from rules.declaration.example import FACILITY, IMPORT, declaration
from rules.judge import Judgement
from tests.rules.declared import declarations, declared_metering_systems
from tests.rules.world import RECEIVED_AT, References, judged, references

ONE = FACILITY.replace("20260401|2", "20260401|1")
DOCK = ONE.replace("STORE-9", "STORE-1")
OWN = "1500000000901|I|ACME|C__FACME001|_F|C|HHD1|20261201|"
"""What declaration 2 of STORE-1 declares."""


def found(
    body: str, *, sender: str = "ACME", received_at: datetime = RECEIVED_AT, known: References | None = None
) -> Judgement:
    return judged(body, flow="K4191001", sender=sender, received_at=received_at, known=known)


def rules_of(body: str, **options: object) -> list[str]:
    """The rules that a body breaks, but for those of identity."""
    broken = found(body, **options).counts  # type: ignore[arg-type]
    return sorted(rule for rule in broken if not rule.startswith("IDN"))


def message(judgement: Judgement, rule: str) -> list[str]:
    return judgement.breaches.filter(rule=rule)["message"].to_list()


def outcomes(judgement: Judgement) -> dict[str, str]:
    return dict(judgement.units.select("key", "outcome").iter_rows())


def known_with(
    *, held: list[dict[str, object]] | None = None, systems: list[dict[str, object]] | None = None
) -> References:
    """The made-up market with more declarations and declared metering systems, as changes of those that it has."""
    base = references()
    more = [declarations().row(0, named=True) | row for row in held or []]
    declared = [declared_metering_systems().row(0, named=True) | row for row in systems or []]
    return {
        **base,
        "declarations": pl.concat([base["declarations"], pl.DataFrame(more, DECLARATIONS)]),
        "declared_metering_systems": pl.concat(
            [base["declared_metering_systems"], pl.DataFrame(declared, DECLARED_METERING_SYSTEMS)]
        ),
    }


def shared_of(body: str) -> str:
    """What the declaration in a body shares with its set."""
    held = found(body).held
    value = held["declarations"].explode().struct.field("shared")[0]
    assert isinstance(value, str)
    return value


def part_of_othr(**other: object) -> References:
    """A part of the set SET-9 that OTHR's submission holds."""
    row: dict[str, object] = {
        "declaration_id": 7,
        "declaration_set_id": "SET-9",
        "facility_id": "STORE-9",
        "supplier_id": "OTHR",
        "effective_from": date(2026, 12, 1),
        "shared": shared_of(declaration(msi=(IMPORT,))),
        "msids": "1200000000800",
        "imports": 1,
        "number_of_metering_systems": 2,
        "standing": HELD,
        "submission_ref": "OTHERS",
    }
    return known_with(held=[row | other])
