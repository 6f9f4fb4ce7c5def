"""Of all that was accepted, what is in force: frames of market.reference in, the rows that count out.

What was received last counts: by `received_at`, then `submission_ref`, then `line`. No function depends on the order of
its rows; none promises one.
"""

from collections.abc import Iterable
from datetime import date

import polars as pl

from market.frames import OPEN_END
from market.settlement_period import periods_in_day, periods_in_day_expr
from market.settlement_run import run_order_expr

NOTIFIED = ("bm_unit_id", "kind", "settlement_date", "settlement_period")
"""What a notification is about: all of its pieces are of one submission."""

DELIVERED = ("bm_unit_id", "settlement_date", "import_msid", "import_amsid", "settlement_period")
"""What a delivered volume is about: a pair and a period."""

EXPECTED = ("bm_unit_id", "settlement_period", "effective_from")
"""What a Submitted Expected Volume is about, dated ones and Default ones apart."""

METERED = ("import_msid", "import_amsid", "settlement_date", "settlement_period")
"""What a metered volume of a pair is about."""

METERED_UNIT = ("bm_unit_id", "settlement_date", "settlement_period")
"""What a metered volume of a BM Unit is about, whichever Settlement Run it is of."""

PAIR = ("bm_unit_id", "pair_indicator", "import_msid", "import_amsid")
"""What names a pair in a BM Unit."""


AGGREGATED = ("bm_unit_id", "measurement_class", "settlement_date", "settlement_run_type")
"""What a day of aggregated demand is about."""


def notifications_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each BM Unit, kind, day and period the pieces of the last submission: NOTIFICATIONS in and out."""
    return _with_rank(frame).filter(pl.col("rank") == pl.col("rank").max().over(NOTIFIED)).drop("rank")


def delivered_volumes_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each BM Unit, day, pair and period the last volume: DELIVERED_VOLUMES in and out."""
    return _last(frame, DELIVERED)


def expected_volumes_in_force(frame: pl.DataFrame, days: Iterable[date]) -> pl.DataFrame:
    """The Submitted Expected Volume of each day, BM Unit and period: EXPECTED_VOLUMES with `settlement_date`.

    It is the last dated one of that day; where there is none, the last Default one of the latest `effective_from` that
    is not after the day. A Default one says nothing of a period that the day does not have.
    """
    wanted = pl.DataFrame({"settlement_date": pl.Series(list(days), dtype=pl.Date).unique()})
    default = pl.col("effective_to") == OPEN_END
    if wanted.height == 1:
        return _expected_on(frame, wanted.item())
    dated = frame.filter(~default).join(wanted, left_on="effective_from", right_on="settlement_date", how="semi")
    dated = _last(dated, EXPECTED).with_columns(settlement_date=pl.col("effective_from"))
    standing = _until_the_next(_last(frame.filter(default), EXPECTED), EXPECTED[:2], "__until")
    spread = wanted.join_where(
        standing,
        pl.col("settlement_date") >= pl.col("effective_from"),
        pl.col("settlement_date") <= pl.col("__until"),
    ).filter(pl.col("settlement_period") <= periods_in_day_expr(pl.col("settlement_date")))
    undated = spread.join(dated, on=["bm_unit_id", "settlement_date", "settlement_period"], how="anti")
    return pl.concat([dated, undated.select(dated.columns)])


def pair_volumes_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each pair, day and period the last metered volume: PAIR_VOLUMES in and out."""
    return _last(frame, METERED)


def metered_volumes_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each BM Unit, day and period the volume of the latest Settlement Run, and of that run the last received.

    METERED_VOLUMES in and out.
    """
    if frame.select(METERED_UNIT).is_unique().all():
        return frame
    ranked = _with_rank(frame).with_columns(run_order=run_order_expr(pl.col("run_type")))
    return ranked.sort("run_order", "rank", "line").unique(METERED_UNIT, keep="last").drop("rank", "run_order")


def aggregated_demand_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each BM Unit, measurement class, day and Settlement Run the last: AGGREGATED_DEMAND in and out."""
    return _last(frame, AGGREGATED)


def default_volumes_in_force(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """The Default Submitted Expected Volume of each BM Unit and period on a day: EXPECTED_VOLUMES in and out.

    It is the last of the latest `effective_from` that is not after the day; of periods that the day does not have too.
    """
    standing = frame.filter((pl.col("effective_to") == OPEN_END) & (pl.col("effective_from") <= day))
    if standing.select(EXPECTED[:2]).is_unique().all():
        return standing
    ranked = _with_rank(standing).sort("effective_from", "rank", "line")
    return ranked.unique(EXPECTED[:2], keep="last").drop("rank")


def _expected_on(frame: pl.DataFrame, day: date) -> pl.DataFrame:
    """As expected_volumes_in_force, for one day: most files are of one."""
    dated = _last(frame.filter((pl.col("effective_to") != OPEN_END) & (pl.col("effective_from") == day)), EXPECTED)
    standing = default_volumes_in_force(frame, day).filter(pl.col("settlement_period") <= periods_in_day(day))
    undated = standing.join(dated, on=list(EXPECTED[:2]), how="anti") if dated.height else standing
    return pl.concat([dated, undated]).with_columns(settlement_date=pl.lit(day))


def event_days_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each pair and day the last word on it, where it does not delete the event day: EVENT_DAYS in and out."""
    return _last(frame, (*PAIR, "event_day")).filter(pl.col("event_day_type") != "D")


def baselining_statuses_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """The changes of BM Units' baselining status as ranges: BASELINING_STATUSES in, out with `effective_to` too.

    Each holds until the day before the next, the last until OPEN_END; of one day it is the last received. Before the
    first of them the registration's own flag holds.
    """
    return _ranges(frame, ("bm_unit_id",))


def baselining_details_in_force(frame: pl.DataFrame) -> pl.DataFrame:
    """The changes of how pairs are baselined as ranges: BASELINING_DETAILS in, out with `effective_to` too.

    Each holds until the day before the pair's next, the last until OPEN_END; of one day it is the last received. Before
    the first of them the pair's own indicator and methodology hold.
    """
    return _ranges(frame, PAIR)


def _ranges(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    return _until_the_next(_last(frame, (*key, "effective_from")), key, "effective_to")


def _until_the_next(rows: pl.DataFrame, key: tuple[str, ...], column: str) -> pl.DataFrame:
    """Adds the last day on which each row holds: the day before the next `effective_from` of its key, or OPEN_END."""
    until = pl.col("effective_from").shift(-1).over(key).dt.offset_by("-1d").fill_null(OPEN_END)
    return rows.sort("effective_from").with_columns(until.alias(column))


def _last(frame: pl.DataFrame, key: tuple[str, ...]) -> pl.DataFrame:
    """Of each key the row received last."""
    if frame.select(key).is_unique().all():
        return frame
    return _with_rank(frame).sort("rank", "line").unique(key, keep="last").drop("rank")


def _with_rank(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds `rank`: the place of a row's submission among all in the frame, in order of receipt."""
    submission = ["received_at", "submission_ref"]
    ranks = frame.select(submission).unique().sort(submission).with_row_index("rank")
    return frame.join(ranks, on=submission, how="left")
