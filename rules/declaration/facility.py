"""The facility: its capacities and where it stands (DEC-07, DEC-08, DEC-09, DEC-10, DEC-18)."""

import polars as pl

from market.number_text import decimal_text
from market.severity import Severity
from rules.declaration import FLOW
from rules.declaration.example import FACILITY, declaration
from rules.rule import Example, RecordTest, Rule

LARGEST = 2_000_000
"""The capacity in kW above which it was likelier given in kW than in MW."""

AREAS = (
    *("AB", "AL", "B", "BA", "BB", "BD", "BH", "BL", "BN", "BR", "BS", "CA", "CB", "CF", "CH", "CM", "CO", "CR", "CT"),
    *("CV", "CW", "DA", "DD", "DE", "DG", "DH", "DL", "DN", "DT", "DY", "E", "EC", "EH", "EN", "EX", "FK", "FY", "G"),
    *("GL", "GU", "HA", "HD", "HG", "HP", "HR", "HS", "HU", "HX", "IG", "IP", "IV", "KA", "KT", "KW", "KY", "L", "LA"),
    *("LD", "LE", "LL", "LN", "LS", "LU", "M", "ME", "MK", "ML", "N", "NE", "NG", "NN", "NP", "NR", "NW", "OL", "OX"),
    *("PA", "PE", "PH", "PL", "PO", "PR", "RG", "RH", "RM", "S", "SA", "SE", "SG", "SK", "SL", "SM", "SN", "SO", "SP"),
    *("SR", "SS", "ST", "SW", "SY", "TA", "TD", "TF", "TN", "TQ", "TR", "TS", "TW", "UB", "W", "WA", "WC", "WD", "WF"),
    *("WN", "WR", "WS", "WV", "YO", "ZE"),
)
"""The postcode areas of Great Britain."""

_POSTCODE = r"^([A-Z]{1,2})[0-9][0-9A-Z]? ?[0-9][ABD-HJLNP-UW-Z]{2}$"
_IMPORT, _EXPORT = "maximum_import_capacity", "maximum_export_capacity"
_NAMES = {_IMPORT: "Maximum Import Capacity", _EXPORT: "Maximum Export Capacity"}


def _mw(column: str) -> pl.Expr:
    return decimal_text(pl.col(column), 3)


def _facility(capacities: str, type_: str = "S") -> str:
    return declaration(fac=FACILITY.replace("|S|", f"|{type_}|").replace("49.9|49.9", capacities))


DEC_07 = Rule(
    id="DEC-07",
    title="Capacities are zero or positive.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="Import and export stand in items of their own; a sign has nothing to say.",
    passes=Example(_facility("49.9|49.9"), flow=FLOW),
    fails=Example(_facility("-1|49.9"), breaks=(3,), flow=FLOW),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="FAC",
            item=column,
            reads=(column,),
            broken=pl.col(column) < 0,
            message=f"{name} is {{found}} MW, below 0",
            evidence={"found": _mw(column)},
        )
        for column, name in _NAMES.items()
    ),
)

DEC_08 = Rule(
    id="DEC-08",
    title="An eligible services facility has no export capacity.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="CUSC 11",
    why="Eligible services are given by demand; what exports is generation or storage.",
    passes=Example(_facility("40|0", "E"), flow=FLOW),
    fails=Example(_facility("40|40", "E"), breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="FAC",
            item=_EXPORT,
            reads=("facility_type", _EXPORT),
            when=pl.col("facility_type") == "E",
            broken=pl.col(_EXPORT) > 0,
            message="Maximum Export Capacity is {found} MW, that of an eligible services facility is 0",
            evidence={"found": _mw(_EXPORT)},
        ),
    ),
)

DEC_09 = Rule(
    id="DEC-09",
    title="A storage facility has import and export capacity.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="CUSC 11",
    why="What only imports is no storage, and neither is what only exports.",
    passes=Example(_facility("50|50"), flow=FLOW),
    fails=Example(_facility("0|50"), breaks=(3,), flow=FLOW),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="FAC",
            item=column,
            reads=("facility_type", column),
            when=pl.col("facility_type") == "S",
            broken=pl.col(column) == 0,
            message=f"{name} of a storage facility is 0",
        )
        for column, name in _NAMES.items()
    ),
)

DEC_10 = Rule(
    id="DEC-10",
    title="The postcode is one of Great Britain (not BT, JE, GY, IM).",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="The market is that of Great Britain.",
    passes=Example(declaration(), flow=FLOW),
    fails=Example(declaration(fac=FACILITY.replace("EH1 1AA", "BT1 1AA")), breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="FAC",
            item="postcode",
            reads=("postcode",),
            broken=~pl.col("postcode").str.to_uppercase().str.extract(_POSTCODE).is_in(AREAS).fill_null(False),
            message="{postcode} is no postcode of Great Britain",
            evidence={"postcode": pl.col("postcode")},
        ),
    ),
)

DEC_18 = Rule(
    id="DEC-18",
    title="A capacity is not above 2,000 MW (kW for MW?).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="F602/01",
    why="No facility in the Supplier volume allocation is as large; its capacity in kW easily is.",
    passes=Example(_facility("49.9|49.9"), flow=FLOW),
    fails=Example(_facility("49900|49.9"), breaks=(3,), flow=FLOW),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="FAC",
            item=column,
            reads=(column,),
            broken=pl.col(column) > LARGEST,
            message=f"{name} is {{found}} MW, above 2000 MW; kW for MW is likely",
            evidence={"found": _mw(column)},
        )
        for column, name in _NAMES.items()
    ),
)
