"""The BM Unit that is notified: once, with segments, its day whole and early (PNS-02, -05, -09, PNR-03, PNT-02)."""

import polars as pl

from market.severity import Severity
from rules.notification import FLOW, gmt_text
from rules.notification.segment import HEAD
from rules.rule import Example, FileTest, RecordTest, Rule

_DAY = "PNH.settlement_date"
_unit = pl.col("bm_unit_id")
_day = pl.col(_DAY).dt.strftime("%Y%m%d")
_first_pn = pl.col("notified.first") & (pl.col("notified.pn_segments") > 0)
_WHOLE_DAY = "PNL|20261103000000|45|20261104000000|45|"

PNS_02 = Rule(
    id="PNS-02",
    title="A BM Unit has at least one PN, MEL or MIL segment.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A BM Unit without segments is told nothing of; its lines may have been lost.",
    passes=Example(HEAD + "PNL|20261103100000|45|20261103103000|45|", flow=FLOW),
    fails=Example(HEAD + "PNU|T_ZERO-1|\nPNL|20261103100000|0|20261103103000|0|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item=None,
            reads=(),
            broken=pl.col("notified.segments") == 0,
            message="{unit} has 0 PN, MEL and MIL segments, the least is 1",
            evidence={"unit": _unit},
        ),
    ),
)

PNS_05 = Rule(
    id="PNS-05",
    title="The first PN for a day covers every Settlement Period of its Settlement Day (46, 48 or 50).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="BC1.4.2",
    why="A period that nobody has notified has no PN from which to balance.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example(HEAD + "PNL|20261103003000|45|20261104000000|45|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", _DAY, "PNH.day.periods", "notified.periods"),
            when=_first_pn,
            broken=pl.col("notified.periods") < pl.col("PNH.day.periods"),
            message="the first PN of {unit} for {day} is for {covered} of {periods} Settlement Periods",
            evidence={
                "unit": _unit,
                "day": _day,
                "covered": pl.col("notified.periods"),
                "periods": pl.col("PNH.day.periods"),
            },
        ),
    ),
)

PNS_09 = Rule(
    id="PNS-09",
    title="A BM Unit stands once in a file; the same unit under its BSC id and its NETSO name is the same unit.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Which of two profiles of one BM Unit is meant cannot be known.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example(HEAD + f"{_WHOLE_DAY}\nPNU|DINO-1|\n{_WHOLE_DAY}", breaks=(3, 5), flow=FLOW),
    tests=(
        FileTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.bm_unit_id"),
            repeated=("registration.bm_unit_id",),
            among={
                "rows": pl.len().over("registration.bm_unit_id"),
                "first_line": pl.col("line").min().over("registration.bm_unit_id"),
            },
            broken=pl.lit(True),
            message="BM Unit {unit} stands {rows} times in the file, first on line {line}",
            evidence={
                "unit": pl.col("registration.bm_unit_id"),
                "rows": pl.col("among.rows"),
                "line": pl.col("among.first_line"),
            },
        ),
    ),
)

PNR_03 = Rule(
    id="PNR-03",
    title="The BM Unit's FPN flag is set.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="CRA N0110",
    why="Of a BM Unit without the flag Settlement takes no PN.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example("PNH|20261103|\nPNU|E_QUIET-1|\nPNL|20261103000000|4|20261104000000|4|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.fpn_flag"),
            broken=pl.col("registration.fpn_flag") != "T",
            message="the FPN flag of {unit} is {flag}, not T",
            evidence={"unit": _unit, "flag": pl.col("registration.fpn_flag")},
        ),
    ),
)

PNT_02 = Rule(
    id="PNT-02",
    title="The first PN for a day is received by 11:00 London time on the day before.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="timing",
    source="BC1.4.2",
    why="The plan of the day is made from the PNs of the morning before.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW, received_at="2026-11-02T10:45:00Z"),
    fails=Example(HEAD + _WHOLE_DAY, breaks=(3,), flow=FLOW, received_at="2026-11-02T11:20:00Z"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", _DAY, "PNH.day.first_by"),
            when=_first_pn,
            broken=pl.col("file.received_at") > pl.col("PNH.day.first_by"),
            message="the first PN of {unit} for {day} is received {received_at} GMT, the latest is {first_by} GMT",
            evidence={
                "unit": _unit,
                "day": _day,
                "received_at": gmt_text(pl.col("file.received_at")),
                "first_by": gmt_text(pl.col("PNH.day.first_by")),
            },
        ),
    ),
)
