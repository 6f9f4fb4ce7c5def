"""The declaration set: new, alike throughout, complete, with something to import (DEC-02, DEC-05, DEC-06, DEC-12)."""

import polars as pl

from market.severity import Severity
from rules.declaration import FLOW
from rules.declaration.example import EXPORT, FACILITY, IMPORT, declaration
from rules.rule import Example, RecordTest, Rule, UnitTest

_SET = pl.col("declaration_set_id")

DEC_02 = Rule(
    id="DEC-02",
    title="The Declaration Set Id was not used before by a decided set of the facility (a set is known by operator "
    "company number, facility and set id).",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="F602/01",
    why="A set is decided once; what comes under its name later would belong to nothing.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(
        declaration("New||SET-1|20261201||Ann Archer", fac=FACILITY.replace("STORE-9", "STORE-1")),
        breaks=(2,),
        flow=FLOW,
        note="The set SET-1 of STORE-1 is in force.",
    ),
    tests=(
        UnitTest(
            flow=FLOW,
            record="DEC",
            item="declaration_set_id",
            reads=("declaration_set_id", "facility_id"),
            broken=pl.col("used"),
            message="the set {set} of {facility} is decided already",
            evidence={"set": _SET, "facility": pl.col("facility_id")},
        ),
    ),
)

DEC_05 = Rule(
    id="DEC-05",
    title="Every declaration of a set carries the same facility, operator, director and Effective From Date.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="F602/01",
    why="A set is one declaration of one facility, sent in parts because a Supplier speaks only for its own meters.",
    passes=Example(
        declaration(msi=(IMPORT,)) + "\n" + declaration(msi=(EXPORT,)),
        flow=FLOW,
    ),
    fails=Example(
        declaration(msi=(IMPORT,)) + "\n" + declaration(msi=(EXPORT,), fac=FACILITY.replace("1 Quay", "2 Quay")),
        breaks=(2, 8),
        flow=FLOW,
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DEC",
            item=None,
            reads=("declaration_set_id",),
            broken=pl.col("facility.differing") != "",
            message="another declaration of the set {set} differs in {items}",
            evidence={"set": _SET, "items": pl.col("facility.differing").str.head(150)},
        ),
    ),
)

DEC_06 = Rule(
    id="DEC-06",
    title="A set (but for Withdraw) is held until its metering systems, over every Supplier, number the declared "
    "count; then it is decided as one; after set_hold_days (policy, 10 Working Days) it is refused.",
    severity=Severity.HELD,
    flows=(FLOW,),
    stage="cross",
    source="F602/01",
    why="A facility's demand is non-final only if every meter at its boundary is declared. What is refused does "
    "not count; the set waits for its correction.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration(msi=(IMPORT,)), breaks=(2,), flow=FLOW),
    tests=(
        UnitTest(
            flow=FLOW,
            record="DEC",
            item="declaration_set_id",
            reads=("declaration_set_id", "number_of_metering_systems"),
            broken=pl.col("waits"),
            message="{count} of {number} metering systems of the set {set} are declared",
            evidence={
                "count": pl.col("count"),
                "number": pl.col("number_of_metering_systems"),
                "set": _SET,
            },
        ),
    ),
)

DEC_12 = Rule(
    id="DEC-12",
    title="There is at least one import MSID (but for Withdraw), and no MSID twice.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="P419",
    why="Without import there is no demand to declare; an MSID that stands twice hides one that is missing.",
    passes=Example(declaration(msi=(IMPORT,), fac=FACILITY.replace("20260401|2", "20260401|1")), flow=FLOW),
    fails=Example(declaration(msi=(EXPORT,), fac=FACILITY.replace("20260401|2", "20260401|1")), breaks=(2,), flow=FLOW),
    tests=(
        UnitTest(
            flow=FLOW,
            record="DEC",
            item=None,
            reads=("declaration_set_id", "number_of_metering_systems"),
            when=~pl.col("waits") & ~pl.col("withdraws"),
            broken=pl.col("imports") == 0,
            message="the set {set} declares {count} metering {systems} and no import",
            evidence={
                "set": _SET,
                "count": pl.col("count"),
                "systems": pl.when(pl.col("count") == 1).then(pl.lit("system")).otherwise(pl.lit("systems")),
            },
        ),
        RecordTest(
            flow=FLOW,
            record="MSI",
            item="msid",
            reads=("msid",),
            broken=pl.col("set.times") > 1,
            message="MSID {msid} stands {times} times in the set",
            evidence={"msid": pl.col("msid"), "times": pl.col("set.times")},
        ),
    ),
)
