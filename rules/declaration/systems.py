"""The metering systems of a declaration: half-hourly, declared once, the sender's own (DEC-13, DEC-14, DEC-17)."""

import polars as pl

from market.severity import Severity
from rules.declaration import FLOW
from rules.declaration.example import EXPORT, IMPORT, declaration
from rules.rule import Example, RecordTest, Rule, UnitTest

HALF_HOURLY = ("C", "D", "E", "F", "G")
"""The measurement classes of half-hourly metering systems."""

DEC_13 = Rule(
    id="DEC-13",
    title="Every metering system is half-hourly: measurement class C, D, E, F or G.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="P419",
    why="Non-final demand is taken out period by period; a meter read by the quarter has none.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration(msi=(IMPORT.replace("|C|", "|A|"), EXPORT)), breaks=(7,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="MSI",
            item="measurement_class",
            reads=("measurement_class",),
            broken=~pl.col("measurement_class").is_in(HALF_HOURLY),
            message="Measurement Class is {found}, half-hourly ones are C, D, E, F and G",
            evidence={"found": pl.col("measurement_class")},
        ),
    ),
)

DEC_14 = Rule(
    id="DEC-14",
    title="No MSID is in another declaration in force on an overlapping date.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="F602/01",
    why="A meter in two facilities would have its demand taken out twice.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(
        declaration(msi=("1500000000901|I|ACME|C__FACME001|_F|C|HHD1|20261201|", EXPORT)),
        breaks=(7,),
        flow=FLOW,
        note="Declaration 2 of STORE-1 has 1500000000901.",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="MSI",
            item="msid",
            reads=("msid", "set.elsewhere"),
            broken=pl.lit(True),
            message="MSID {msid} is in another declaration on {day}",
            evidence={"msid": pl.col("msid"), "day": pl.col("set.elsewhere").dt.strftime("%Y%m%d")},
        ),
        UnitTest(
            flow=FLOW,
            record="DEC",
            item=None,
            reads=("declaration_set_id", "taken"),
            broken=pl.lit(True),
            message="another Supplier's metering system of the set {set} is in another declaration on {day}",
            evidence={"set": pl.col("declaration_set_id"), "day": pl.col("taken").dt.strftime("%Y%m%d")},
        ),
    ),
)

DEC_17 = Rule(
    id="DEC-17",
    title="The Supplier Id of every metering system is the sender.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="F602/01",
    why="A Supplier speaks for its own metering systems; another's come in its own part of the set.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration(msi=(IMPORT, EXPORT.replace("|ACME|", "|OTHR|"))), breaks=(8,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="MSI",
            item="supplier_id",
            reads=("supplier_id",),
            broken=pl.col("supplier_id") != pl.col("file.sender"),
            message="Supplier Id is {supplier}, the sender is {sender}",
            evidence={"supplier": pl.col("supplier_id"), "sender": pl.col("file.sender")},
        ),
    ),
)
