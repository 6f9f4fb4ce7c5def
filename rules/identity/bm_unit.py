"""The BM Unit that a record names: registered, and led by the sender. A flow joins with a line in NAMED."""

from dataclasses import dataclass

import polars as pl

from market.severity import Severity
from rules.context import Context, Dated, FileFacts
from rules.rule import Example, RecordTest, Rule


@dataclass(frozen=True)
class Named:
    """A record that names a BM Unit for a day: the column of its name, an item, and that of the day that counts.

    `day` may stand in a record above (`MSA.settlement_date`), in `file` or in a context. `brings_registration` tells
    that the flow has a context `registration` of its own, with REGISTRATION and `registration.found`; `may_be_new` that
    the record may name a BM Unit that was never registered.
    """

    flow: str
    record: str
    bm_unit_id: str
    day: str
    brings_registration: bool = False
    may_be_new: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that tests read; those of `file` always are there."""
        return tuple(column for column in (self.bm_unit_id, self.day) if not column.startswith("file."))

    @property
    def evidence(self) -> dict[str, pl.Expr]:
        """The BM Unit and the day as messages show them."""
        return {"unit": pl.col(self.bm_unit_id), "day": pl.col(self.day).dt.strftime("%Y%m%d")}


NAMED = (
    Named("K0151001", "GCV", "bm_unit_id", "effective_from_date"),
    Named("K0152001", "GCC", "bm_unit_id", "file.received_day"),
    Named("K4191001", "MSI", "bm_unit_id", "effective_from_date"),
    Named("K4192001", "NFU", "bm_unit_id", "NFH.settlement_date"),
    Named("P0328001", "BSB", "bm_unit_id", "registration.day", brings_registration=True),
    Named("P0326001", "PT1", "bm_unit_id", "bm_unit_baselining_efd"),
    Named("P0323001", "PW1", "bm_unit_id", "event_day"),
    Named("P0335001", "PQ1", "bm_unit_id", "bm_unit_baselining_status_effective_from_date"),
    Named("P0282002", "MSC", "bm_unit_id", "MSA.settlement_date"),
    Named("K0011001", "PNU", "bm_unit_id", "PNH.settlement_date", brings_registration=True),
    Named("R0051002", "BU1", "bm_unit_id", "effective_from_date", may_be_new=True),
    Named("R0051002", "JBB", "bm_unit_id", "JB1.effective_from_date", may_be_new=True),
)
"""Every record to which IDN-01 and IDN-02 apply, and which has the context `registration`."""

_FLOWS = tuple(dict.fromkeys(named.flow for named in NAMED))

REGISTRATION = (
    "lead_party_id",
    "bm_unit_type",
    "gsp_group_id",
    "production_consumption_flag",
    "generation_capacity",
    "demand_capacity",
)
"""What rules read of a registration, as `registration.<column>`; capacities are the register's, in kW."""


LED_BY_SENDER = pl.col("registration.lead_party_id") == pl.col("file.sender")
"""Whether the sender leads the BM Unit: what is known of another party's unit is not told, the register is public."""


def registered(facts: FileFacts) -> Dated:
    """Registrations by `bm_unit_id` and day, with REGISTRATION."""
    return Dated(facts.references["bm_units"], ("bm_unit_id",), REGISTRATION)


def _registration(named: Named) -> Context:
    def join(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
        joined = facts.once("registered", registered).join(rows, "registration", (named.bm_unit_id,), named.day)
        if not named.may_be_new:
            return joined
        known = facts.references["bm_units"]["bm_unit_id"].unique()
        return joined.with_columns(pl.col(named.bm_unit_id).is_in(known.implode()).alias("registration.known"))

    return Context("registration", named.flow, named.record, named.reads, join, frames=("bm_units",))


REGISTRATIONS = tuple(_registration(named) for named in NAMED if not named.brings_registration)
"""The BM Unit's registration on its day: REGISTRATION, and whether there is one as `registration.found`.

Where a record may name a new BM Unit, `registration.known` tells whether there is one on any day."""

IDN_01 = Rule(
    id="IDN-01",
    title="The BM Unit is registered on the effective or Settlement Date (a PN may name it by its NETSO name; an "
    "R0051002 may name a new one).",
    severity=Severity.ERROR,
    flows=_FLOWS,
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
            reads=named.reads,
            when=pl.col("registration.known") if named.may_be_new else None,
            broken=~pl.col("registration.found"),
            message="BM Unit {unit} is not registered on {day}",
            evidence=named.evidence,
        )
        for named in NAMED
    ),
)

IDN_02 = Rule(
    id="IDN-02",
    title="The sender is the BM Unit's Lead Party on that date.",
    severity=Severity.ERROR,
    flows=_FLOWS,
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
            reads=(*named.reads, "registration.lead_party_id"),
            broken=pl.col("registration.lead_party_id") != pl.col("file.sender"),
            message="the sender {sender} is not the Lead Party of {unit} on {day}",
            evidence={"sender": pl.col("file.sender"), **named.evidence},
        )
        for named in NAMED
    ),
)
