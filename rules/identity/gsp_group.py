"""The GSP Group that a record names: one of the fourteen, and the BM Unit's. A flow joins with a line in NAMED."""

from dataclasses import dataclass

import polars as pl

from market.severity import Severity
from rules.rule import Example, RecordTest, Rule

GSP_GROUPS = ("_A", "_B", "_C", "_D", "_E", "_F", "_G", "_H", "_J", "_K", "_L", "_M", "_N", "_P")
"""The ids of the GSP Groups."""


@dataclass(frozen=True)
class NamedGroup:
    """A record that names a GSP Group, and the record at or below it with the BM Unit and its `registration`.

    `of_unit` is the column of the GSP Group as the BM Unit's record reads it.
    """

    flow: str
    record: str
    unit_record: str
    of_unit: str


NAMED = (
    NamedGroup("P0282002", "MSB", "MSC", "MSB.gsp_group_id"),
    NamedGroup("K4191001", "MSI", "MSI", "gsp_group_id"),
    NamedGroup("K4192001", "NFU", "NFU", "gsp_group_id"),
)
"""Every record to which IDN-04 applies."""


def is_gsp_group(column: str) -> pl.Expr:
    """Whether the column's text is the id of a GSP Group."""
    return pl.col(column).is_in(GSP_GROUPS)


def _one_of_fourteen(named: NamedGroup) -> RecordTest:
    return RecordTest(
        flow=named.flow,
        record=named.record,
        item="gsp_group_id",
        reads=("gsp_group_id",),
        broken=~is_gsp_group("gsp_group_id"),
        message="{group} is none of the fourteen GSP Groups",
        evidence={"group": pl.col("gsp_group_id")},
    )


def _the_units(named: NamedGroup) -> RecordTest:
    return RecordTest(
        flow=named.flow,
        record=named.unit_record,
        item="gsp_group_id" if named.record == named.unit_record else "bm_unit_id",
        reads=("bm_unit_id", named.of_unit),
        when=pl.col("registration.found") & is_gsp_group(named.of_unit),
        broken=pl.col(named.of_unit).ne_missing(pl.col("registration.gsp_group_id")),
        message="GSP Group Id is {group}, {unit} is registered in {registered}",
        evidence={
            "group": pl.col(named.of_unit),
            "unit": pl.col("bm_unit_id"),
            "registered": pl.col("registration.gsp_group_id").fill_null("no GSP Group"),
        },
    )


IDN_04 = Rule(
    id="IDN-04",
    title="The GSP Group is one of the fourteen and is the BM Unit's.",
    severity=Severity.ERROR,
    flows=tuple(named.flow for named in NAMED),
    stage="reference",
    source="SVA catalogue",
    why="Volumes are settled against the take of their GSP Group; in another's they would be nobody's.",
    passes=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\nMSP|1|0.5|", flow="P0282002", sender="VOLT"
    ),
    fails=Example(
        "MSA|20261030|\nMSB|_D|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\nMSP|1|0.5|",
        breaks=(4,),
        flow="P0282002",
        sender="VOLT",
    ),
    tests=tuple(test(named) for named in NAMED for test in (_one_of_fourteen, _the_units)),
)
