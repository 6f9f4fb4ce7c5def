"""The structure of a file's body (STR): described here, evaluated by ingest against the flow's layout."""

from typing import Any

from market.severity import Severity
from rules.rule import Example, Rule

_GCH = "GCH|S|WIN|2026|Ann Archer|"
_GCV = "GCV|T_DINO-1|20261201|100|-2|||"


def _rule(id_: str, title: str, **described: Any) -> Rule:
    return Rule(
        id=id_,
        title=title,
        severity=Severity.FILE,
        flows=("ALL",),
        stage="structure",
        receipt_code=4,
        passes=Example(f"{_GCH}\n{_GCV}"),
        **described,
    )


STR_01 = _rule(
    "STR-01",
    "Every record type belongs to the flow, under the parent the flow gives it, in the flow's order.",
    source="IDD 2.2.4",
    why="A record is understood by what stands above it.",
    fails=Example(f"{_GCV}\n{_GCH}\n{_GCV}", breaks=(2,)),
)

STR_02 = _rule(
    "STR-02",
    "Every record has the flow's number of items and its closing separator.",
    source="IDD 2.2.3",
    why="Items are told by their place: one too many or too few moves all that follow.",
    fails=Example(f"{_GCH}\n{_GCV}7|", breaks=(3,)),
)

STR_03 = _rule(
    "STR-03",
    "Record counts fit the flow's cardinality; 46-50 means exactly 46, 48 or 50.",
    source="IDD 2.2.4",
    why="A header without values, or a day of 47 periods, has lost records.",
    fails=Example(_GCH, breaks=(2,)),
)
