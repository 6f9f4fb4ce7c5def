"""Each segment by itself: its times, its place in the day, its sign (PNS-01, PNS-07, PNR-05)."""

import polars as pl

from market.severity import Severity
from rules.notification import FLOW, SEGMENTS, gmt_text
from rules.rule import Example, RecordTest, Rule

HEAD = "PNH|20261103|\nPNU|T_DINO-1|\n"
"""The beginning of an example for an ordinary day."""

_from, _to = pl.col("time_from"), pl.col("time_to")


def _order_test(record: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record=record,
        item="time_to",
        reads=("time_from", "time_to"),
        broken=_from >= _to,
        message="Time To {time_to} is not after Time From {time_from} GMT",
        evidence={"time_to": gmt_text(_to), "time_from": gmt_text(_from)},
    )


def _minute_test(record: str, item: str, name: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item,),
        broken=pl.col(item).dt.second() != 0,
        message=f"{name} {{time}} GMT is {{seconds}} s after a whole minute",
        evidence={"time": gmt_text(pl.col(item)), "seconds": pl.col(item).dt.second()},
    )


PNS_01 = Rule(
    id="PNS-01",
    title="Time From is before Time To, both on whole minutes.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="EDT01; BC1.A.1",
    why="A segment of no length has no power, and Grid Code data stand on whole minutes.",
    passes=Example(HEAD + "PNL|20261103100000|45|20261103103000|45|", flow=FLOW),
    fails=Example(HEAD + "PNL|20261103103000|45|20261103103000|45|", breaks=(4,), flow=FLOW),
    tests=(
        *map(_order_test, SEGMENTS),
        *(_minute_test(record, "time_from", "Time From") for record in SEGMENTS),
        *(_minute_test(record, "time_to", "Time To") for record in SEGMENTS),
    ),
)

_start, _end = pl.col("PNH.day.start"), pl.col("PNH.day.end")
_begins_outside = (_from < _start) | (_from >= _end)


def _outside_test(record: str, item: str, name: str, when: pl.Expr | None, broken: pl.Expr) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=("time_from", "time_to", "PNH.settlement_date", "PNH.day.start", "PNH.day.end"),
        when=when,
        broken=broken,
        message=f"{name} {{time}} GMT is outside {{day}}, which runs from {{start}} to {{end}} GMT",
        evidence={
            "time": gmt_text(pl.col(item)),
            "day": pl.col("PNH.settlement_date").dt.strftime("%Y%m%d"),
            "start": gmt_text(_start),
            "end": gmt_text(_end),
        },
    )


PNS_07 = Rule(
    id="PNS-07",
    title="Every segment lies in the header's Settlement Day, which runs from London midnight to London midnight.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BSC; BC1",
    why="In summer time a day begins at 23:00 GMT; whoever writes midnight GMT leaves two periods out.",
    passes=Example(
        "PNH|20260915|\nPNU|T_DINO-1|\nPNL|20260914230000|45|20260915000000|45|",
        received_at="2026-09-14T09:30:00Z",
        flow=FLOW,
    ),
    fails=Example(
        "PNH|20260914|\nPNU|T_DINO-1|\nPNL|20260914220000|45|20260914230000|45|\nPNL|20260914230000|45|20260914233000|45|",
        breaks=(5,),
        received_at="2026-09-14T09:30:00Z",
        flow=FLOW,
    ),
    tests=(
        *(_outside_test(record, "time_from", "Time From", None, _begins_outside) for record in SEGMENTS),
        *(_outside_test(record, "time_to", "Time To", ~_begins_outside, _to > _end) for record in SEGMENTS),
    ),
)


def _sign_test(record: str, item: str, name: str) -> RecordTest:
    level, side = pl.col(item), "negative" if record == "MEL" else "positive"
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item,),
        broken=level < 0 if record == "MEL" else level > 0,
        message=f"{name} of {record} is {{level}} MW, {side}, its bound is 0 MW",
        evidence={"level": level},
    )


PNR_05 = Rule(
    id="PNR-05",
    title="MEL is zero or positive, MIL zero or negative.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BC1.A.1",
    why="MEL is the most that is exported, MIL the most that is imported: a limit has its side's sign.",
    passes=Example(HEAD + "MEL|20261103100000|50|20261103103000|50|", flow=FLOW),
    fails=Example(HEAD + "MEL|20261103100000|-50|20261103103000|50|", breaks=(4,), flow=FLOW),
    tests=tuple(
        _sign_test(record, item, name)
        for record in ("MEL", "MIL")
        for item, name in (("level_from", "Level From"), ("level_to", "Level To"))
    ),
)
