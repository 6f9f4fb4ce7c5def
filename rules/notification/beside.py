"""Segments of one BM Unit and record type beside each other (PNS-03, PNS-06, PNS-08)."""

import numpy as np
import polars as pl

from market.profile import Numbers, in_order, latest_end_before, seconds
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.notification import FLOW, SEGMENTS, gmt_text
from rules.notification.segment import HEAD
from rules.rule import Example, RecordTest, Rule

_TOLD = ("line", "time_from", "time_to")


def forward(rows: pl.DataFrame) -> pl.Series:
    """Whether the times of each segment can be read and are the right way round."""
    return rows.select((pl.col("time_from") < pl.col("time_to")).fill_null(False).alias("forward")).to_series()


def _spread(rows: pl.DataFrame, order: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Of the rows in an order by BM Unit and time: BM Unit, begin, end, and the place before that ends last or -1."""
    group = rows["up"].to_numpy()[order].astype(np.int64)
    begins, ends = seconds(rows["time_from"])[order], seconds(rows["time_to"])[order]
    return group, begins, ends, latest_end_before(group, ends)


def overlapped(rows: pl.DataFrame, order: Numbers) -> Numbers:
    """Of each row one that it overlaps, -1 where there is none; `order` are those to look at, by BM Unit and time."""
    found = np.full(rows.height, -1)
    if len(order):
        group, begins, ends, before = _spread(rows, order)
        behind = (before >= 0) & (ends[before] > begins)
        after = np.append(np.arange(1, len(order)), 0)
        ahead = (group[after] == group) & (begins[after] < ends) & (after > 0)
        found[order] = np.where(behind, order[before], np.where(ahead, order[after], -1))
    return found


def _touched(rows: pl.DataFrame, order: Numbers) -> Numbers:
    """Of each row the one that ends where it begins, -1 where there is none."""
    found = np.full(rows.height, -1)
    if len(order):
        _, begins, ends, before = _spread(rows, order)
        found[order] = np.where((before >= 0) & (ends[before] == begins), order[before], -1)
    return found


def timely(rows: pl.DataFrame) -> Numbers:
    """The rows whose times are the right way round, by BM Unit and time."""
    found = np.flatnonzero(forward(rows).to_numpy())
    group = rows["up"].to_numpy()[found].astype(np.int64)
    return found[in_order(group, seconds(rows["time_from"])[found])]


def _gathered(rows: pl.DataFrame, at: Numbers, columns: tuple[str, ...], prefix: str) -> list[pl.Series]:
    if np.all(at < 0):
        return [pl.Series(prefix + name, [None], rows.schema[name]).new_from_index(0, rows.height) for name in columns]
    where = pl.Series(at).replace(-1, None)
    return [rows[name].gather(where).alias(prefix + name) for name in columns]


def _beside(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    order = timely(rows)
    same = pl.col("up") == pl.col("up").shift(1)
    return rows.with_columns(
        *_gathered(rows, overlapped(rows, order), _TOLD, "beside.overlapped_"),
        *_gathered(rows, _touched(rows, order), ("level_to",), "beside.touched_"),
        pl.when(same).then(pl.col("time_from").shift(1)).alias("beside.previous_from"),
    )


BESIDE = tuple(Context("beside", FLOW, record, ("time_from", "time_to", "level_to"), _beside) for record in SEGMENTS)
"""Of each segment: one that it overlaps as `beside.overlapped_line`, `_time_from`, `_time_to`; the level with which the
one before it ends where it begins as `beside.touched_level_to`; `beside.previous_from` is the Time From of the segment
in front of it in the file. Null where there is none."""

_from, _to = gmt_text(pl.col("time_from")), gmt_text(pl.col("time_to"))

PNS_03 = Rule(
    id="PNS-03",
    title="Segments of one BM Unit and record type do not overlap.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="DVCDR; BC1.A.1",
    why="Where two segments overlap the BM Unit has two levels at once.",
    passes=Example(
        HEAD + "PNL|20261103100000|45|20261103101500|45|\nPNL|20261103101500|45|20261103103000|45|", flow=FLOW
    ),
    fails=Example(
        HEAD + "PNL|20261103100000|45|20261103102000|45|\nPNL|20261103101500|45|20261103103000|45|",
        breaks=(4, 5),
        flow=FLOW,
    ),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record=record,
            item="time_from",
            reads=("time_from", "time_to", "beside.overlapped_line"),
            broken=pl.lit(True),
            message="{time_from} to {time_to} overlaps {other_from} to {other_to} GMT on line {line}",
            evidence={
                "time_from": _from,
                "time_to": _to,
                "other_from": gmt_text(pl.col("beside.overlapped_time_from")),
                "other_to": gmt_text(pl.col("beside.overlapped_time_to")),
                "line": pl.col("beside.overlapped_line"),
            },
        )
        for record in SEGMENTS
    ),
)

PNS_06 = Rule(
    id="PNS-06",
    title="Segments of a BM Unit stand in time order.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A segment out of order is often one whose time has slipped.",
    passes=Example(
        HEAD + "PNL|20261103100000|45|20261103103000|45|\nPNL|20261103103000|45|20261103110000|45|", flow=FLOW
    ),
    fails=Example(
        HEAD + "PNL|20261103103000|45|20261103110000|45|\nPNL|20261103100000|45|20261103103000|45|",
        breaks=(5,),
        flow=FLOW,
    ),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record=record,
            item="time_from",
            reads=("time_from", "beside.previous_from"),
            broken=pl.col("time_from") < pl.col("beside.previous_from"),
            message="Time From {time_from} is before {previous} GMT, that of the segment in front of it",
            evidence={"time_from": _from, "previous": gmt_text(pl.col("beside.previous_from"))},
        )
        for record in SEGMENTS
    ),
)

PNS_08 = Rule(
    id="PNS-08",
    title="A step (touching levels differ) is legal and reported.",
    severity=Severity.INFORMATION,
    flows=(FLOW,),
    stage="cross",
    source="seen in published FPNs",
    why="No unit changes its power in no time: a step may be meant, or a level mistyped.",
    passes=Example(HEAD + "PNL|20261103223000|4|20261103224500|4|\nPNL|20261103224500|4|20261103230000|5|", flow=FLOW),
    fails=Example(
        HEAD + "PNL|20261103223000|4|20261103224500|4|\nPNL|20261103224500|5|20261103230000|5|",
        breaks=(5,),
        flow=FLOW,
    ),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record=record,
            item="level_from",
            reads=("time_from", "level_from", "beside.touched_level_to"),
            broken=pl.col("level_from") != pl.col("beside.touched_level_to"),
            message="a step at {time_from} GMT from {before} to {level} MW",
            evidence={
                "time_from": _from,
                "before": pl.col("beside.touched_level_to"),
                "level": pl.col("level_from"),
            },
        )
        for record in SEGMENTS
    ),
)
