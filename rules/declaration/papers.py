"""What stands behind a declaration: the director's approval, licences, the company (DEC-11, DEC-16)."""

import polars as pl

from market.severity import Severity
from rules.declaration import FLOW
from rules.declaration.example import DIRECTOR, OPERATOR, declaration
from rules.rule import Example, RecordTest, Rule

_COMPANY = r"^([0-9]{8}|[A-Z]{2}[0-9]{6}|[A-Z][0-9]{7})$"
_EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"

DEC_11 = Rule(
    id="DEC-11",
    title="The director approved, on a date not after the day of receipt.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="A director answers for what the facility is; without that it is not declared.",
    passes=Example(declaration(director="Dora Dean|T|20261102"), flow=FLOW),
    fails=Example(declaration(director=DIRECTOR.replace("|T|", "|F|")), breaks=(5,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DIR",
            item="approved",
            reads=("approved",),
            broken=pl.col("approved") != "T",
            message="Approved is {found}, the director has not approved",
            evidence={"found": pl.col("approved")},
        ),
        RecordTest(
            flow=FLOW,
            record="DIR",
            item="approval_date",
            reads=("approval_date",),
            broken=pl.col("approval_date") > pl.col("file.received_day"),
            message="Approval Date is {day}, after the day of receipt, {received}",
            evidence={
                "day": pl.col("approval_date").dt.strftime("%Y%m%d"),
                "received": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

DEC_16 = Rule(
    id="DEC-16",
    title="A licence or exemption is given, a company number has eight characters of the Companies House form, an "
    "e-mail address is well formed.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="These are how the operator is found and reached when its facility is in doubt.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration(opr=OPERATOR.replace("SC123456", "12345")), breaks=(4,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="DEC",
            item=None,
            reads=(),
            broken=pl.col("licences.count") == 0,
            message="neither a licence nor an exemption is given",
        ),
        RecordTest(
            flow=FLOW,
            record="OPR",
            item="company_number",
            reads=("company_number",),
            broken=~pl.col("company_number").str.contains(_COMPANY),
            message="Company Number is {found}, those of Companies House have the form 12345678 or SC123456",
            evidence={"found": pl.col("company_number")},
        ),
        RecordTest(
            flow=FLOW,
            record="OPR",
            item="email",
            reads=("email",),
            broken=~pl.col("email").str.contains(_EMAIL),
            message="Email is {found}, an address has the form name@place.example",
            evidence={"found": pl.col("email")},
        ),
    ),
)
