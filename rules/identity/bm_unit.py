"""The BM Unit that a record names: registered, and led by the sender. A flow joins with a line in NAMED."""

from dataclasses import dataclass

import polars as pl

from market.severity import Severity
from rules.context import Context, Dated, FileFacts
from rules.rule import Example, RecordTest, Rule


@dataclass(frozen=True)
class Named:
    """A record that names a BM Unit for a day: the columns of the BM Unit Id and of the date that counts."""

    flow: str
    record: str
    bm_unit_id: str
    day: str


NAMED = (Named("K0151001", "GCV", "bm_unit_id", "effective_from_date"),)
"""Every record to which IDN-01 and IDN-02 apply, and which has the context `registration`."""

REGISTRATION = (
    "lead_party_id",
    "bm_unit_type",
    "production_consumption_flag",
    "generation_capacity",
    "demand_capacity",
)
"""What rules read of a registration, as `registration.<column>`; capacities are the register's, in kW."""


def registered(facts: FileFacts) -> Dated:
    """Registrations by `bm_unit_id` and day, with REGISTRATION."""
    return Dated(facts.references["bm_units"], ("bm_unit_id",), REGISTRATION)


def _registration(named: Named) -> Context:
    def join(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
        return facts.once("registered", registered).join(rows, "registration", (named.bm_unit_id,), named.day)

    reads = (named.bm_unit_id, named.day)
    return Context("registration", named.flow, named.record, reads, join, frames=("bm_units",))


REGISTRATIONS = tuple(_registration(named) for named in NAMED)
"""The BM Unit's registration on its day: REGISTRATION, and whether there is one as `registration.found`."""

IDN_01 = Rule(
    id="IDN-01",
    title="The BM Unit is registered on the effective or Settlement Date.",
    severity=Severity.ERROR,
    flows=tuple(named.flow for named in NAMED),
    stage="reference",
    source="BSC K3",
    why="A value for a BM Unit that nobody has registered belongs to nobody.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_NOSUCH-1|20261201|100|-2|||", breaks=(3,)),
    tests=tuple(
        RecordTest(
            flow=named.flow,
            record=named.record,
            item=named.bm_unit_id,
            reads=(named.bm_unit_id, named.day),
            broken=~pl.col("registration.found"),
            message="BM Unit {unit} is not registered on {day}",
            evidence={"unit": pl.col(named.bm_unit_id), "day": pl.col(named.day).dt.strftime("%Y%m%d")},
        )
        for named in NAMED
    ),
)

IDN_02 = Rule(
    id="IDN-02",
    title="The sender is the BM Unit's Lead Party on that date.",
    severity=Severity.ERROR,
    flows=tuple(named.flow for named in NAMED),
    stage="reference",
    source="BSC K3.4; BC1.4.2",
    why="Only the Lead Party answers for what its BM Unit declares.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_OTTR-1|20261201|60|-1|||", breaks=(3,)),
    tests=tuple(
        RecordTest(
            flow=named.flow,
            record=named.record,
            item=named.bm_unit_id,
            reads=(named.bm_unit_id, named.day, "registration.lead_party_id"),
            broken=pl.col("registration.lead_party_id") != pl.col("file.sender"),
            message="the sender {sender} is not the Lead Party of {unit} on {day}",
            evidence={
                "sender": pl.col("file.sender"),
                "unit": pl.col(named.bm_unit_id),
                "day": pl.col(named.day).dt.strftime("%Y%m%d"),
            },
        )
        for named in NAMED
    ),
)
