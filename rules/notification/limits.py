"""A PN beside the limits of the same file (PNR-02): at every breakpoint of either profile, exactly."""

import polars as pl

from market.profile import INSTANT, difference, level, level_text, meetings
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.notification import FLOW, gmt_text
from rules.notification.beside import overlapped, timely
from rules.notification.segment import HEAD
from rules.rule import Example, RecordTest, Rule

_BEYOND = {"mel": 1, "mil": -1}
"""The limits, and the sign of the difference of a PN that is beyond them."""

_READ = ("line", "up", "time_from", "level_from", "time_to", "level_to")
_TOLD = pl.Schema({"line": pl.UInt32(), "at": INSTANT, "level": pl.String(), "limit": pl.String()})


def _narrow(rows: pl.DataFrame, limit: pl.DataFrame, sign: int) -> pl.Series:
    """Which PN segments are of a BM Unit with some level beyond its narrowest limit: in others none can be beyond."""
    levels = (pl.col("level_from") * sign, pl.col("level_to") * sign)
    narrowest = limit.group_by("up").agg(pl.min_horizontal(*levels).min().alias("narrowest"))
    most = rows.group_by("up").agg(pl.max_horizontal(*levels).max().alias("most"))
    narrow = narrowest.join(most, on="up").filter(pl.col("most") > pl.col("narrowest"))
    return rows["up"].is_in(narrow["up"].implode())


def _sound(rows: pl.DataFrame, start: pl.Series, end: pl.Series) -> pl.DataFrame:
    """The segments that lie in the day, can be read and do not overlap, by BM Unit and time: each is one piece."""
    order = timely(rows)
    sound = rows[order].filter(pl.Series(overlapped(rows, order)[order] < 0))
    return sound.filter(
        (pl.col("time_from") >= pl.lit(start.first(), INSTANT)) & (pl.col("time_to") <= pl.lit(end.first(), INSTANT)),
        pl.col("level_from").is_not_null() & pl.col("level_to").is_not_null(),
    ).select(
        *_READ,
        *(pl.col("time_from").alias("piece_from"), pl.col("time_to").alias("piece_to")),
    )


def _first_beyond(pn: pl.DataFrame, limit: pl.DataFrame, sign: int) -> pl.DataFrame:
    """Of each PN segment that is beyond a limit the first instant where it is, with both levels: as _TOLD."""
    met = meetings(pn, limit, "up")
    at = [
        met.select("line", pl.col(name).alias("at"), difference(name).alias("by"), *_segments())
        for name in ("meet_from", "meet_to")
    ]
    beyond = pl.concat(at).filter(pl.col("by") * sign > 0).sort("line", "at")
    first = beyond.unique("line", keep="first", maintain_order=True)
    if first.is_empty():
        return _TOLD.to_frame()
    levels = first.select(
        *(part.alias(f"{of}{place}") for of in ("", "_other") for place, part in enumerate(level("at", of)))
    )
    return first.select("line", "at").with_columns(
        level_text(levels["0"], levels["1"]).alias("level"),
        level_text(levels["_other0"], levels["_other1"]).alias("limit"),
    )


def _segments() -> list[str]:
    return [f"{name}{of}" for of in ("", "_other") for name in ("time_from", "level_from", "time_to", "level_to")]


def _limits(rows: pl.DataFrame, _: FileFacts, mel: pl.DataFrame, mil: pl.DataFrame) -> pl.DataFrame:
    bounds = rows["PNH.day.start"], rows["PNH.day.end"]
    for (name, sign), limit in zip(_BEYOND.items(), (mel, mil), strict=True):
        pn = _sound(rows.filter(_narrow(rows, limit, sign)), *bounds)
        beyond = _first_beyond(pn, _sound(limit, *bounds), sign)
        told = beyond.select("line", pl.exclude("line").name.prefix(f"limits.{name}_"))
        if told.is_empty():
            empty = told.drop("line").schema.items()
            rows = rows.with_columns(pl.lit(None, dtype).alias(column) for column, dtype in empty)
        else:
            rows = rows.join(told, on="line", how="left", maintain_order="left")
    return rows


limits = Context(
    "limits",
    FLOW,
    "PNL",
    ("time_from", "level_from", "time_to", "level_to", "PNH.day.start", "PNH.day.end"),
    _limits,
    others=("MEL", "MIL"),
)
"""Where a PN segment is first above the BM Unit's MEL of the same file: `limits.mel_at`, and both levels as texts,
`limits.mel_level` and `limits.mel_limit`; where it is below the MIL `limits.mil_at` and so on. Null where it is not."""


def _limit_test(name: str, side: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record="PNL",
        item=None,
        reads=(f"limits.{name}_at",),
        broken=pl.lit(True),
        message=f"the PN is {{level}} MW at {{at}} GMT, {side} the {name.upper()} of {{limit}} MW",
        evidence={
            "level": pl.col(f"limits.{name}_level"),
            "at": gmt_text(pl.col(f"limits.{name}_at")),
            "limit": pl.col(f"limits.{name}_limit"),
        },
    )


PNR_02 = Rule(
    id="PNR-02",
    title="A PN level is within MEL and MIL of the same file at every breakpoint.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="BC1.A.1",
    why="A plan beyond what the BM Unit can do is no plan.",
    passes=Example(
        HEAD + "PNL|20261103100000|45|20261103103000|45|\nMEL|20261103100000|50|20261103103000|45|", flow=FLOW
    ),
    fails=Example(
        HEAD + "PNL|20261103100000|45|20261103103000|45|\nMEL|20261103100000|40|20261103103000|50|",
        breaks=(4,),
        flow=FLOW,
    ),
    tests=(_limit_test("mel", "above"), _limit_test("mil", "below")),
)
