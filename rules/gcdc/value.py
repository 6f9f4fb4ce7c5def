"""What a declared value states: signs, units, and what the registration allows (GCD-01 to GCD-05)."""

import polars as pl

from market.number_text import decimal_text
from market.severity import Severity
from rules.gcdc import FLOW
from rules.gcdc.sides import DEMAND, GENERATION, SIDES, Side
from rules.rule import Example, RecordTest, Rule


def _sign_test(name: str, column: str, sign: int, text: pl.Expr) -> RecordTest:
    side_of_zero = "below" if sign > 0 else "above"
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=column,
        reads=(column,),
        broken=pl.col(column) * sign < 0,
        message=f"{name} {{value}} is {side_of_zero} 0, a slipped sign is likely",
        evidence={"value": text},
    )


GCD_01 = Rule(
    id="GCD-01",
    title="Generation Capacity and the export QM are zero or positive, Demand Capacity and the import QM zero or "
    "negative.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BSC K3.4.2",
    why="A slipped sign turns a generator into a demand.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|E_ABRTW-9|20261201|15.4|-5|||"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|E_ABRTW-9|20261201|15.4|5|||", breaks=(3,)),
    tests=(
        *(_sign_test(side.name, side.column, side.sign, side.capacity_text) for side in SIDES),
        *(_sign_test(side.volume_name, side.volume, side.sign, side.volume_text) for side in SIDES),
    ),
)

GCD_02 = Rule(
    id="GCD-02",
    title="Each of GC and DC is given in MW, or as the half-hour QM in MWh, or both.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BSCP15/4.3",
    why="A declaration replaces both values: one that is left out is not known to be unchanged.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|50|-2|||\nGCV|E_ABRTW-9|20261201|||7.7|-2.5|"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201||-2|||", breaks=(3,)),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=side.column,
            reads=(),
            optional=(side.column, side.volume),
            broken=pl.col(side.column).is_null() & pl.col(side.volume).is_null(),
            message=f"neither {side.name} nor {side.volume_name} is given, at least one is due",
        )
        for side in SIDES
    ),
)


def _agreement_test(side: Side) -> RecordTest:
    """MW scaled by 1,000 and MWh of half an hour scaled by 10,000 agree where the one times five is the other."""
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.volume,
        reads=(side.column, side.volume),
        broken=pl.col(side.column) * 5 != pl.col(side.volume),
        message=f"{side.volume_name} {{volume}} in half an hour is {{power}} MW, {side.name} states {{capacity}}",
        evidence={
            "volume": side.volume_text,
            "power": decimal_text(pl.col(side.volume) * 2, 4),
            "capacity": side.capacity_text,
        },
    )


def _decimals_test(side: Side) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.volume,
        reads=(side.volume,),
        optional=(side.column,),
        when=pl.col(side.column).is_null(),
        broken=pl.col(side.volume) % 5 != 0,
        message=f"{side.volume_name} {{volume}} alone has fourth decimal {{digit}}, 0 or 5 gives MW with 3 decimals",
        evidence={"volume": side.volume_text, "digit": pl.col(side.volume).abs() % 10},
    )


GCD_03 = Rule(
    id="GCD-03",
    title="Where MW and MWh are both given, MW = MWh / 0.5 exactly; where MWh alone is given, its fourth decimal is "
    "0 or 5, so that MW has three.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BSC K3.4; CRA rule",
    why="Energy in a half-hour is half the power: mixing the two halves or doubles what is declared.",
    passes=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|50|-2|25|-1|\nGCV|E_ABRTW-9|20261201|||7.7005|-2.5|"
    ),
    fails=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|25|-2|25||\nGCV|E_ABRTW-9|20261201|||7.7003|-2.5|",
        breaks=(3, 4),
    ),
    tests=(*map(_agreement_test, SIDES), *map(_decimals_test, SIDES)),
)


def _zero_test(side: Side, flag: str, name: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.column,
        reads=("bm_unit_id", side.declared, "registration.bm_unit_type", "registration.production_consumption_flag"),
        when=(pl.col("registration.bm_unit_type") == "I")
        & (pl.col("registration.production_consumption_flag") == flag),
        broken=pl.col(side.declared) != 0,
        message=f"{side.name} is {{value}}, 0 MW is due of {{unit}}, a {name} interconnector BM Unit",
        evidence={"value": side.declared_text, "unit": pl.col("bm_unit_id")},
    )


GCD_04 = Rule(
    id="GCD-04",
    title="A Production interconnector BM Unit has DC 0; a Consumption one has GC 0.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="BSC K5; register",
    why="Each interconnector user has one BM Unit per direction, and each flows one way only.",
    passes=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|I_EAG-ACME1|20261201|619.82|0|||\nGCV|I_EAD-ACME1|20261201|0|-619.82|||"
    ),
    fails=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|I_EAG-ACME1|20261201|619.82|-1|||\nGCV|I_EAD-ACME1|20261201|1|-619.82|||",
        breaks=(3, 4),
    ),
    tests=(_zero_test(DEMAND, "P", "Production"), _zero_test(GENERATION, "C", "Consumption")),
)

GCD_05 = Rule(
    id="GCD-05",
    title="A Secondary BM Unit normally has GC and DC 0 (a Trading Secondary BM Unit may not).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="K3.4 applies to Primary BM Units",
    why="A Secondary BM Unit sells deviations of other BM Units; a capacity of its own is often a mistaken Id.",
    passes=Example("GCH|S|WIN|2026|Vera Volt|\nGCV|V__FEXMP001|20261201|0|0|||", sender="VOLT"),
    fails=Example("GCH|S|WIN|2026|Vera Volt|\nGCV|V__FEXMP001|20261201|5|0|||", breaks=(3,), sender="VOLT"),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=side.column,
            reads=("bm_unit_id", side.declared, "registration.bm_unit_type"),
            when=pl.col("registration.bm_unit_type") == "V",
            broken=pl.col(side.declared) != 0,
            message=f"{side.name} is {{value}}, 0 MW is usual of {{unit}}, a Secondary BM Unit",
            evidence={"value": side.declared_text, "unit": pl.col("bm_unit_id")},
        )
        for side in SIDES
    ),
)
