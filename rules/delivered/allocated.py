"""Whether the pairs are the BM Unit's, and whose volumes are asked for: DLV-02, DLV-05."""

import polars as pl

from market.msid import is_msid_expr
from market.severity import Severity
from rules.delivered import FLOW
from rules.rule import Example, RecordTest, Rule

_UNIT, _DAY, _LED_BY = "MSC.bm_unit_id", "MSA.settlement_date", "MSC.registration.lead_party_id"
_HEAD = "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\n"
_of_unit = {"unit": pl.col(_UNIT), "day": pl.col(_DAY).dt.strftime("%Y%m%d")}


def _known(record: str) -> pl.Expr:
    """Nothing is told of what another party's BM Unit has in it; a mistyped MSID has a breach of its own."""
    by_sender = (pl.col(_LED_BY) == pl.col("file.sender")).fill_null(False)
    return by_sender & is_msid_expr(pl.col("import_msid")) if record == "MSJ" else by_sender


def _is_allocated(record: str, kind: str) -> RecordTest:
    item = f"import_{kind.lower()}"
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item, _UNIT, _DAY),
        when=_known(record),
        broken=~pl.col("allocation.found"),
        message=f"{kind} Pair {{pair}} is not allocated to {{unit}} on {{day}}",
        evidence={"pair": pl.col(item), **_of_unit},
    )


def _is_the_pairs(record: str, kind: str) -> RecordTest:
    import_id, export_id = f"import_{kind.lower()}", f"export_{kind.lower()}"
    return RecordTest(
        flow=FLOW,
        record=record,
        item=export_id,
        reads=(import_id, export_id, _UNIT, _DAY),
        when=_known(record) & pl.col("allocation.found"),
        broken=pl.col(export_id).ne_missing(pl.col("allocation.export_id")),
        message=f"Export {kind} is {{export}}, that of {kind} Pair {{pair}} is {{own}}",
        evidence={
            "export": pl.col(export_id),
            "pair": pl.col(import_id),
            "own": pl.col("allocation.export_id").cast(pl.String).fill_null("none"),
        },
    )


_PAIRS = (("MSJ", "MSID"), ("ASJ", "AMSID"))

DLV_02 = Rule(
    id="DLV-02",
    title="The MSID Pair is allocated to the BM Unit on the date and the Export MSID is the pair's.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="BSCP602",
    why="A volume of a pair that is not the BM Unit's would be settled for the wrong party.",
    passes=Example(_HEAD + "MSJ|1200012345679|1200023305967|\nMSP|1|0.5|", flow=FLOW, sender="VOLT"),
    fails=Example(
        _HEAD + "MSJ|1200000000401||\nMSP|1|0.5|",
        breaks=(5,),
        flow=FLOW,
        sender="VOLT",
        note="The pair comes to the BM Unit on 16 November 2026.",
    ),
    tests=tuple(test(record, kind) for record, kind in _PAIRS for test in (_is_allocated, _is_the_pairs)),
)


def _is_submitted(record: str, kind: str) -> RecordTest:
    item = f"import_{kind.lower()}"
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item, _UNIT, _DAY, "allocation.in_force"),
        when=_known(record),
        broken=pl.col("allocation.in_force") == "B",
        message=f"{kind} Pair {{pair}} in {{unit}} is baselined (B) on {{day}}: central systems calculate its volumes",
        evidence={"pair": pl.col(item), **_of_unit},
    )


DLV_05 = Rule(
    id="DLV-05",
    title="The pair is not one that central systems calculate (indicator B).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="P376",
    why="The volumes of a baselined pair are calculated; what is submitted for it is not used.",
    passes=Example(_HEAD + "MSJ|1200012345679||\nMSP|1|0.5|", flow=FLOW, sender="VOLT"),
    fails=Example(_HEAD + "MSJ|1200000000030||\nMSP|1|0.5|", breaks=(5,), flow=FLOW, sender="VOLT"),
    tests=tuple(_is_submitted(record, kind) for record, kind in _PAIRS),
)
