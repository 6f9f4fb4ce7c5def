"""The pair that a record of baselining or of event days names (BLD-02, BLD-05). A flow joins with a line in PAIRED."""

from dataclasses import dataclass

import polars as pl

from market.frames import text_column
from market.msid import is_msid_expr
from market.severity import Severity
from rules.baselining import DETAIL
from rules.baselining.allocation import PAIR, join_pair, pairs
from rules.context import Context, FileFacts
from rules.event_days import EVENT
from rules.rule import Example, RecordTest, Rule


@dataclass(frozen=True)
class Paired:
    """A record that names a pair in a BM Unit, by an indicator and an Import MSID or Import AMSID, and a day."""

    flow: str
    record: str
    day: str


PAIRED = (Paired(DETAIL, "PT1", "bm_unit_baselining_efd"), Paired(EVENT, "PW1", "event_day"))
"""Every record to which BLD-02 and BLD-05 apply, and which has the contexts `pair` and `allocation`."""

PAIR_KEY = dict(zip(PAIR, ("bm_unit_id", "msid_pair_indicator", "pair.import_id"), strict=True))
"""The columns of such a record that name the pair, by those of rules.baselining.allocation."""

_INDICATOR, _MSID, _AMSID = "msid_pair_indicator", "import_msid", "import_amsid"
_FLOWS = tuple(paired.flow for paired in PAIRED)


def _pair(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    of_asset = pl.col(_INDICATOR) != "T"
    msid, amsid = pl.col(_MSID).is_not_null(), pl.col(_AMSID).is_not_null()
    import_id = pl.when(of_asset).then(_AMSID).when(~of_asset).then(_MSID)
    return rows.with_columns(
        of_asset.alias("pair.of_asset"),
        import_id.alias("pair.import_id"),
        import_id.cast(pl.String).alias(text_column("pair.import_id")),
        pl.when(of_asset).then(amsid & ~msid).when(~of_asset).then(msid & ~amsid).alias("pair.agrees"),
    ).with_columns(
        (pl.col("pair.agrees") & (of_asset | is_msid_expr(pl.col(_MSID)))).fill_null(False).alias("pair.readable")
    )


PAIRS = tuple(Context("pair", paired.flow, paired.record, (_INDICATOR, _MSID, _AMSID), _pair) for paired in PAIRED)
"""`pair.of_asset`: whether the indicator says an AMSID Pair (A, D); `pair.import_id`: the import id of the kind that it
says; `pair.agrees`: whether that one stands and the other does not, null without an indicator; `pair.readable`: whether
it does so as an AMSID or a well-made MSID."""


def _allocation(paired: Paired) -> Context:
    def join(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
        return join_pair(rows, "allocation", facts.once("pairs", pairs), PAIR_KEY, paired.day)

    return Context(
        "allocation", paired.flow, paired.record, (*PAIR_KEY.values(), paired.day), join, frames=("msid_pairs",)
    )


ALLOCATIONS = tuple(_allocation(paired) for paired in PAIRED)
"""`allocation.found`: whether the pair is allocated to the BM Unit on the day."""


def _comes_with_its_id(paired: Paired) -> RecordTest:
    return RecordTest(
        flow=paired.flow,
        record=paired.record,
        item=_INDICATOR,
        reads=(_INDICATOR,),
        optional=(_MSID, _AMSID),
        broken=~pl.col("pair.agrees"),
        message="Pair Indicator {indicator} takes {wanted} alone: Import MSID {msid}, Import AMSID {amsid}",
        evidence={
            "indicator": pl.col(_INDICATOR),
            "wanted": pl.when("pair.of_asset").then(pl.lit("an AMSID")).otherwise(pl.lit("an MSID")),
            "msid": pl.col(_MSID).cast(pl.String).fill_null("empty"),
            "amsid": pl.col(_AMSID).cast(pl.String).fill_null("empty"),
        },
    )


def _additional_has_t(paired: Paired) -> RecordTest:
    return RecordTest(
        flow=paired.flow,
        record=paired.record,
        item="bm_unit_id",
        reads=("bm_unit_id", _INDICATOR, "registration.bm_unit_type"),
        when=pl.col("registration.bm_unit_type") == "S",
        broken=pl.col("pair.of_asset"),
        message="{unit} is an Additional BM Unit, whose MSID Pair Indicator is T, not {indicator}",
        evidence={"unit": pl.col("bm_unit_id"), "indicator": pl.col(_INDICATOR)},
    )


BLD_02 = Rule(
    id="BLD-02",
    title="Indicator T comes with an Import MSID and no Import AMSID; A and D the other way round; an Additional BM "
    "Unit has T.",
    severity=Severity.ERROR,
    flows=_FLOWS,
    stage="value",
    source="IDD P0326",
    why="The indicator says which of the two ids is the pair's; where they disagree the pair is not known.",
    passes=Example("PT1|VOLT|V__CEXMP001|T||1200012345679|20261103|B|BL01|", flow=DETAIL, sender="VOLT"),
    fails=Example("PT1|VOLT|V__CEXMP001|A||1200012345679|20261103|B|BL01|", breaks=(2,), flow=DETAIL, sender="VOLT"),
    tests=tuple(test(paired) for paired in PAIRED for test in (_comes_with_its_id, _additional_has_t)),
)


def _is_allocated(paired: Paired, of_asset: bool) -> RecordTest:
    kind, item = ("AMSID", _AMSID) if of_asset else ("MSID", _MSID)
    by_sender = pl.col("registration.lead_party_id") == pl.col("file.sender")
    return RecordTest(
        flow=paired.flow,
        record=paired.record,
        item=item,
        reads=("bm_unit_id", paired.day, item, "registration.lead_party_id"),
        optional=(_MSID, _AMSID),
        # nothing is told of what another party's BM Unit has in it
        when=by_sender & pl.col("pair.readable") & (pl.col("pair.of_asset") == of_asset),
        broken=~pl.col("allocation.found"),
        message=f"{kind} Pair {{import_id}} ({{indicator}}) is not allocated to {{unit}} on {{day}}",
        evidence={
            "import_id": pl.col(item),
            "indicator": pl.col(_INDICATOR),
            "unit": pl.col("bm_unit_id"),
            "day": pl.col(paired.day).dt.strftime("%Y%m%d"),
        },
    )


BLD_05 = Rule(
    id="BLD-05",
    title="The pair is allocated to the BM Unit on the date.",
    severity=Severity.ERROR,
    flows=_FLOWS,
    stage="reference",
    source="BSCP602",
    why="A pair that is in another BM Unit, or in none, has no baseline in this one.",
    passes=Example("PT1|VOLT|V__CEXMP001|T||1200000000401|20261116|B|BL01|", flow=DETAIL, sender="VOLT"),
    fails=Example("PT1|VOLT|V__CEXMP001|T||1200000000401|20261115|B|BL01|", breaks=(2,), flow=DETAIL, sender="VOLT"),
    tests=tuple(_is_allocated(paired, of_asset) for paired in PAIRED for of_asset in (False, True)),
)
