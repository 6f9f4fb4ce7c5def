"""The declaration that another names, and what it changes of it (DEC-01, DEC-15)."""

import polars as pl

from market.declarations import WITHDRAW
from market.severity import Severity
from rules.declaration import COA, COM, COS, FLOW, NEW
from rules.declaration.example import declaration
from rules.rule import Example, RecordTest, Rule

_TYPE, _ID = pl.col("declaration_type"), pl.col("declaration_id")
_DAY = pl.col("effective_from_date").dt.strftime("%Y%m%d")

_CHANGED = {COS: "Supplier", COA: "HHDA", COM: "metering systems"}
_OTHER = "1500000000804|I|ACME|C__FACME001|_F|C|HHD1|20261201|"
_DOCK = "STORE-1|Dock Battery|S|Lithium|49.9|49.9|20260401|1|1 Quay|||EH1 1AA"

DEC_01 = Rule(
    id="DEC-01",
    title="Declaration Id is empty for New and names a declaration of this sender and facility for every other type.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="A change of nobody knows what would leave two declarations in force. In a CoS the Supplier that takes the "
    "facility over names the declaration of the Supplier that had it.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration("CoM||SET-9|20261201||Ann Archer"), breaks=(2,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="declaration_id",
            reads=("declaration_type", "declaration_id"),
            when=_TYPE == NEW,
            broken=pl.lit(True),
            message="Declaration Id is {id}, a New declaration has none yet",
            evidence={"id": _ID},
        ),
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="declaration_id",
            reads=("declaration_type",),
            optional=("declaration_id",),
            when=_TYPE != NEW,
            broken=_ID.is_null(),
            message="Declaration Id is empty, a {type} names the declaration that it is about",
            evidence={"type": _TYPE},
        ),
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="declaration_id",
            reads=("declaration_type", "declaration_id", "facility.facility_id", "facility.company_number"),
            when=_TYPE != NEW,
            broken=~pl.col("named.found"),
            message="{id} is no declaration of {facility} with {company} that {sender} may name in a {type}",
            evidence={
                "id": _ID,
                "facility": pl.col("facility.facility_id"),
                "company": pl.col("facility.company_number"),
                "sender": pl.col("file.sender"),
                "type": _TYPE,
            },
        ),
    ),
)

DEC_15 = Rule(
    id="DEC-15",
    title="CoS changes the Supplier, CoA the HHDA, and CoM the metering systems, of the declaration in force; the old "
    "one ends the day before.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="F602/01",
    why="A change that changes nothing was meant to change something else.",
    passes=Example(
        declaration("CoM|2|SET-9|20261201||Ann Archer", fac=_DOCK, msi=(_OTHER,)),
        flow=FLOW,
        note="Declaration 2 of STORE-1 has one metering system, 1500000000901.",
    ),
    fails=Example(
        declaration(
            "CoM|2|SET-9|20261201||Ann Archer",
            fac=_DOCK,
            msi=("1500000000901|I|ACME|C__FACME001|_F|C|HHD1|20261201|",),
        ),
        breaks=(2,),
        flow=FLOW,
        note="Declaration 2 of STORE-1 has one metering system, 1500000000901.",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="declaration_id",
            reads=("declaration_type", "declaration_id", "effective_from_date", "named.in_force"),
            when=~_TYPE.is_in([NEW, WITHDRAW]),
            broken=~pl.col("named.in_force"),
            message="declaration {id} is not in force on Effective From Date {day}",
            evidence={"id": _ID, "day": _DAY},
        ),
        *(
            RecordTest(
                flow=FLOW,
                record="DEC",
                item="declaration_type",
                reads=("declaration_type", "declaration_id", "named.changed"),
                when=_TYPE.is_in([type_]),
                broken=~pl.col("named.changed"),
                message=f"the {changed} of declaration {{id}} stay as they are, a {type_} changes them"
                if type_ == COM
                else f"the {changed} of declaration {{id}} stays as it is, a {type_} changes it",
                evidence={"id": _ID},
            )
            for type_, changed in _CHANGED.items()
        ),
    ),
)
