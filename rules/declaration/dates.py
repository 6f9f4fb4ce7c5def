"""From when and until when a declaration holds (DEC-03, DEC-04)."""

import polars as pl

from market.declarations import WITHDRAW
from market.severity import Severity
from rules.declaration import FLOW
from rules.declaration.example import declaration
from rules.rule import Example, RecordTest, Rule


def _shown(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%Y%m%d")


_FROM, _TO = pl.col("effective_from_date"), pl.col("effective_to_date")

DEC_03 = Rule(
    id="DEC-03",
    title="Effective From Date is the day of receipt or later, and not before the Facility Effective From Date.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="F602/01",
    why="What was settled is settled: demand that was final demand stays so.",
    passes=Example(declaration("New||SET-9|20261102||Ann Archer"), flow=FLOW),
    fails=Example(declaration("New||SET-9|20261101||Ann Archer"), breaks=(2,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="effective_from_date",
            reads=("effective_from_date",),
            broken=pl.col("file.received_day") > _FROM,
            message="Effective From Date is {day}, before the day of receipt, {received}",
            evidence={"day": _shown("effective_from_date"), "received": _shown("file.received_day")},
        ),
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="effective_from_date",
            reads=("effective_from_date", "facility.effective_from"),
            broken=pl.col("facility.effective_from") > _FROM,
            message="Effective From Date is {day}, before the Facility Effective From Date, {facility}",
            evidence={"day": _shown("effective_from_date"), "facility": _shown("facility.effective_from")},
        ),
    ),
)


def _order_test(record: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record=record,
        item="effective_to_date",
        reads=("effective_from_date", "effective_to_date"),
        broken=_TO < _FROM,
        message="Effective To Date is {to}, before Effective From Date {from}",
        evidence={"to": _shown("effective_to_date"), "from": _shown("effective_from_date")},
    )


DEC_04 = Rule(
    id="DEC-04",
    title="Effective To Date is empty or not before Effective From Date; Withdraw needs it and carries no MSI.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="A declaration that ends before it begins holds on no day; a withdrawal says nothing but when it ends.",
    passes=Example(declaration("New||SET-9|20261201|20271231|Ann Archer"), flow=FLOW),
    fails=Example(declaration("New||SET-9|20261201|20261130|Ann Archer"), breaks=(2,), flow=FLOW),
    tests=(
        _order_test("DEC"),
        _order_test("MSI"),
        RecordTest(
            flow=FLOW,
            record="DEC",
            item="effective_to_date",
            reads=("declaration_type",),
            optional=("effective_to_date",),
            when=pl.col("declaration_type") == WITHDRAW,
            # one that is given and cannot be read is not evaluated
            broken=_TO.is_null(),
            message="Effective To Date is empty, a Withdraw says on which day the declaration ends",
        ),
        RecordTest(
            flow=FLOW,
            record="MSI",
            item=None,
            reads=("DEC.declaration_type",),
            broken=pl.col("DEC.declaration_type") == WITHDRAW,
            message="a metering system stands in a Withdraw, which carries none",
        ),
    ),
)
