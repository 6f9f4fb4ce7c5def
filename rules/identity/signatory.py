"""The signatory that a record names: one of the sender's, with a category that may sign. A flow joins in SIGNED."""

from dataclasses import dataclass

import polars as pl

from market.severity import Severity
from rules.context import Context, FileFacts
from rules.rule import Example, RecordTest, Rule


@dataclass(frozen=True)
class Signed:
    """A record that a signatory answers for: the column of the name."""

    flow: str
    record: str
    name: str


SIGNED = (
    Signed("K0151001", "GCH", "authorised_signatory_name"),
    Signed("K0152001", "GCC", "authorised_signatory_name"),
    Signed("K4191001", "DEC", "authorised_signatory_name"),
)
"""Every record to which IDN-03 applies, and which has the context `signatory`."""

CATEGORIES = ("A", "F")
"""The BSCP38 categories that may sign."""


def _signatory(signed: Signed) -> Context:
    def join(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
        names = facts.references["signatories"].filter(
            (pl.col("party_id") == facts.sender)
            & pl.col("category").is_in(CATEGORIES)
            & pl.lit(facts.received_day).is_between("effective_from", "effective_to")
        )["name"]
        return rows.with_columns(pl.col(signed.name).is_in(names.to_list()).alias("signatory.found"))

    return Context("signatory", signed.flow, signed.record, (signed.name,), join, frames=("signatories",))


SIGNATORIES = tuple(_signatory(signed) for signed in SIGNED)
"""Whether the named signatory is one of the sender's with category A or F on the day of receipt: `signatory.found`."""

IDN_03 = Rule(
    id="IDN-03",
    title="The signatory is registered for the party with category A or F in force on the day of receipt.",
    severity=Severity.ERROR,
    flows=tuple(signed.flow for signed in SIGNED),
    stage="reference",
    source="BSCP38; BSCP15",
    why="A declaration binds its Lead Party only if someone signs it who may.",
    passes=Example("GCH|S|WIN|2026|Fay Fisher|\nGCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example("GCH|S|WIN|2026|Kim Kent|\nGCV|T_DINO-1|20261201|100|-2|||", breaks=(2,)),
    tests=tuple(
        RecordTest(
            flow=signed.flow,
            record=signed.record,
            item=signed.name,
            reads=(signed.name,),
            broken=~pl.col("signatory.found"),
            message="{name} is no signatory of {sender} with category A or F on {day}",
            evidence={
                "name": pl.col(signed.name),
                "sender": pl.col("file.sender"),
                "day": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        )
        for signed in SIGNED
    ),
)
