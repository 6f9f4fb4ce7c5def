"""Power over time as notified in segments: whole MW at two instants and linear between them.

A frame of segments has `time_from`, `time_to` (Datetime in UTC, whole seconds), `level_from` and `level_to` (Int64,
whole MW, export positive), and any other columns. Levels and energies are exact: whole numerators over whole
denominators, for segments of up to a few days.
"""

from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from market.number_text import decimal_text
from market.settlement_period import PERIOD, day_start, periods_in_day

Numbers = npt.NDArray[np.int64]

INSTANT = pl.Datetime("us", "UTC")
_SECOND = 1_000_000


def seconds(instants: pl.Series) -> Numbers:
    """Instants as whole seconds since 1970; 0 where null."""
    return np.asarray(instants.to_physical().fill_null(0).to_numpy() // _SECOND, np.int64)


def instants(since_1970: Numbers, name: str) -> pl.Series:
    """Whole seconds since 1970 as Datetime in UTC."""
    return pl.Series(name, since_1970 * _SECOND).cast(INSTANT)


def touched_periods(segments: pl.DataFrame, day: date) -> tuple[Numbers, Numbers]:
    """Pairs of a segment's row and the number of a Settlement Period of a London day that it touches, by row.

    A segment whose times are missing or the wrong way round touches none.
    """
    start, length = int(day_start(day).timestamp()), int(PERIOD.total_seconds())
    end = start + length * periods_in_day(day)
    time_from, time_to = seconds(segments["time_from"]), seconds(segments["time_to"])
    first = (np.maximum(time_from, start) - start) // length
    after = (np.minimum(time_to, end) - start + length - 1) // length
    forward = (segments["time_from"] < segments["time_to"]).fill_null(False).to_numpy()
    row, period = spans(first, np.where(forward, after, first))
    return row, period + 1


def pieces(segments: pl.DataFrame, day: date) -> pl.DataFrame:
    """The segments split at the starts of the Settlement Periods of a London day: a row a segment and period.

    Adds `settlement_period` (Int64), `piece_from` and `piece_to`, in the order of the segments and by period. What lies
    outside the day is cut off; a segment whose times are missing or the wrong way round has no pieces.
    """
    row, period = touched_periods(segments, day)
    begins = int(day_start(day).timestamp()) + (period - 1) * int(PERIOD.total_seconds())
    piece_from = np.maximum(seconds(segments["time_from"])[row], begins)
    piece_to = np.minimum(seconds(segments["time_to"])[row], begins + int(PERIOD.total_seconds()))
    return segments[row].with_columns(
        pl.Series("settlement_period", period), instants(piece_from, "piece_from"), instants(piece_to, "piece_to")
    )


def spans(first: Numbers, after: Numbers) -> tuple[Numbers, Numbers]:
    """Pairs of a row and each whole number from its `first` up to before its `after`."""
    counts = np.maximum(after - first, 0)
    row = np.repeat(np.arange(len(first)), counts)
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return row, first[row] + within


def _since(instant: str, other: str) -> pl.Expr:
    return (pl.col(instant) - pl.col(other)).dt.total_seconds()


def level(at: str, suffix: str = "") -> tuple[pl.Expr, pl.Expr]:
    """The level in MW at the instants of a column that lie in the segment: numerator and denominator (Int64).

    `suffix` is that of the columns of the segment.
    """
    time_from, time_to = f"time_from{suffix}", f"time_to{suffix}"
    rising = pl.col(f"level_to{suffix}") * _since(at, time_from)
    return pl.col(f"level_from{suffix}") * _since(time_to, at) + rising, _since(time_to, time_from)


def energy() -> tuple[pl.Expr, pl.Expr]:
    """The energy in MWh of each piece: numerator and denominator (Int64)."""
    at_start, length = level("piece_from")
    at_end, _ = level("piece_to")
    return (at_start + at_end) * _since("piece_to", "piece_from"), length * 7200


def level_text(numerator: pl.Series, denominator: pl.Series) -> pl.Series:
    """Levels as messages show them: `45`, `33.25`, and where three decimals do not tell it all `100/3`."""
    common = np.gcd(numerator.to_numpy(), denominator.to_numpy())
    over, under = numerator // pl.Series(common), denominator // pl.Series(common)
    shown = pl.DataFrame({"over": over, "under": under}).select(
        pl.when(1000 % pl.col("under") == 0)
        .then(decimal_text(pl.col("over") * (1000 // pl.col("under")), 3))
        .otherwise(pl.concat_str("over", "under", separator="/"))
    )
    return shown.to_series()


def in_order(group: Numbers, time_from: Numbers) -> npt.NDArray[np.int64]:
    """The rows by group and time; those of one group and time stay in their order."""
    if len(group) < 2:
        return np.arange(len(group))
    step = np.diff(group)
    if np.all((step > 0) | ((step == 0) & (np.diff(time_from) >= 0))):
        return np.arange(len(group))
    return np.lexsort((time_from, group))


def latest_end_before(group: Numbers, time_to: Numbers) -> Numbers:
    """Of rows by group and time the row before that ends last in the group; -1 where it is the group's first."""
    if not len(group):
        return np.empty(0, np.int64)
    rows = np.arange(len(group))
    starts = np.concatenate([[True], np.diff(group) != 0])
    since = time_to - time_to.min()
    ends = np.cumsum(starts) * (since.max() + 1) + since
    latest = np.maximum.accumulate(ends)
    holder = np.maximum.accumulate(np.where(np.concatenate([[True], latest[1:] > latest[:-1]]), rows, 0))
    return np.where(starts, -1, np.concatenate([[-1], holder[:-1]]))


def first_gaps(unit: Numbers, piece_from: Numbers, piece_to: Numbers, start: Numbers, end: Numbers) -> pl.DataFrame:
    """Where pieces leave a part of their unit's time without a level: `unit`, `gap_from` and `gap_to` of its first gap.

    Pieces stand by unit and time; units count from 0 without a hole; `start` and `end` are those of each unit's time.
    """
    if not len(unit):
        return pl.DataFrame(schema={"unit": pl.Int64, "gap_from": INSTANT, "gap_to": INSTANT})
    least = piece_to.min()
    base = unit * (piece_to.max() - least + 1) - least
    reached = np.maximum.accumulate(base + piece_to) - base
    first = np.diff(unit, prepend=-1) != 0
    before = np.where(first, start[unit], np.roll(reached, 1))
    inside, last = before < piece_from, np.append(first[1:], True)
    after = last & (reached < end[unit])
    rows = np.concatenate([unit[inside], unit[after]])
    gaps = pl.DataFrame(
        [
            pl.Series("unit", rows),
            instants(np.concatenate([before[inside], reached[after]]), "gap_from"),
            instants(np.concatenate([piece_from[inside], end[rows[inside.sum() :]]]), "gap_to"),
        ]
    )
    return gaps.unique("unit", keep="first", maintain_order=True)


def meetings(one: pl.DataFrame, other: pl.DataFrame, group: str) -> pl.DataFrame:
    """The times that two profiles share: a row a pair of pieces of one group that overlap, `meet_from` to `meet_to`.

    The columns of `other` have the suffix `_other`. In both, pieces of a group stand by time and do not overlap;
    groups are whole numbers, in order. All breakpoints of either are ends of a row, as far as both have a level there.
    """
    if one.is_empty() or other.is_empty():
        one, other = one.clear(), other.clear()
    times = [seconds(frame[name]) for frame in (one, other) for name in ("piece_from", "piece_to")]
    least = min((int(time.min()) for time in times if len(time)), default=0)
    length = max((int(time.max()) for time in times if len(time)), default=0) - least + 1
    groups = [frame[group].cast(pl.Int64).to_numpy() for frame in (one, one, other, other)]
    one_from, one_to, other_from, other_to = (
        number * length + time - least for number, time in zip(groups, times, strict=True)
    )
    first = np.searchsorted(other_to, one_from, side="right")
    left, right = spans(first, np.searchsorted(other_from, one_to))
    return pl.concat([one[left], other[right].select(pl.all().name.suffix("_other"))], how="horizontal").with_columns(
        pl.max_horizontal("piece_from", "piece_from_other").alias("meet_from"),
        pl.min_horizontal("piece_to", "piece_to_other").alias("meet_to"),
    )


def difference(at: str) -> pl.Expr:
    """By how much the level of one profile is above the other's at an instant of meetings: the sign counts (Int64)."""
    numerator, denominator = level(at)
    other_numerator, other_denominator = level(at, "_other")
    return numerator * other_denominator - other_numerator * denominator
