"""The acceptance units of expected volumes: a BM Unit, date and period; of a Default SEV a BM Unit and period.

Rows are laid against the days of the file in arrays: a file of one day, or a Default, has a unit a row without more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl

from market.frames import OPEN_END, text_column
from market.in_force import PAIR, baselining_details_in_force
from market.settlement_period import GATE, day_start_expr, periods_in_day_expr
from rules.acceptance import Acceptance, PutInForce, UnitRows
from rules.context import Dated, FileFacts
from rules.expected import FLOW, MOST_PERIODS
from rules.expected.contexts import TYPES
from rules.expected.stretches import dated, days_with
from rules.expected.unchanged import volumes_in_force
from rules.identity.bm_unit import LED_BY_SENDER

Places = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

_PERIOD, _VOLUME = "settlement_period_id", "submitted_expected_volume"
_ITEMS = (_PERIOD, text_column(_PERIOD), _VOLUME, text_column(_VOLUME))
_GATE = pl.Datetime("us", "UTC")


@dataclass(frozen=True)
class Days:
    """The days of a file: those of its range, of a Default SEV its first.

    None where the dates cannot be read, are the wrong way round, or make more units than policy allows.
    """

    days: tuple[date, ...]
    default: bool
    sent_from: date | None
    sent_to: date | None

    @property
    def width(self) -> int:
        """How many days stand beside each row; one, which has no periods, where there are none."""
        return max(len(self.days), 1)


def days_of(ranges: pl.DataFrame) -> Days:
    """The days that the joined frame of BSD names, of which a file has one row."""
    row = ranges.row(0, named=True)
    length = row["range.days"]
    known = length is not None and row["range.units"] <= row["range.most_units"]
    days = tuple(row["range.first"] + timedelta(days=n) for n in range(length)) if known else ()
    return Days(days, row["range.default"], row["sev_effective_from_date"], row["sev_effective_to_date"])


def units(frames: Mapping[str, pl.DataFrame], facts: FileFacts) -> UnitRows:
    """The units of a slice: one a row and day on which its period exists; `line N` for a row that names no such day."""
    days, rows = days_of(frames["BSD"]), frames["BSP"]
    unit_days = _unit_days(frames["BSB"], days, facts)
    row, place, named = _laid(rows, unit_days["periods"].to_numpy(), days.width)
    rows = rows.select("line", *_ITEMS) if row is None else rows.select("line", *_ITEMS)[row]
    frame = _named_units(rows.hstack(unit_days.drop("day", "periods")[place]), named, days)
    in_force = volumes_in_force(facts, days.days, days.default, unit_days["bm_unit_id"])
    if in_force is None:
        frame = frame.with_columns(unchanged=pl.lit(False))
    else:
        period = np.where(named, frame[_PERIOD].fill_null(0).to_numpy(), 0)
        frame = frame.with_columns(in_force.equal(in_force.places(unit_days)[place], period, frame[_VOLUME]))
    frame = frame.with_columns((pl.col("gate.closure") <= facts.received_at).alias("late"))
    return UnitRows(frame, frame.select("line", pl.int_range(pl.len(), dtype=pl.UInt32).alias("unit")))


def in_force_rows(effect: pl.DataFrame) -> pl.DataFrame:
    """What accepted units put in force, as market.reference.EXPECTED_VOLUMES without the columns of the submission.

    Late ones repeat what is in force and put nothing; those in time count though they repeat it, so that a volume that
    was sent for a day stays when the Default that it equals changes.
    """
    day = pl.col("settlement_date")
    return effect.filter(~pl.col("late").fill_null(False)).select(
        "bm_unit_id",
        pl.coalesce(day, "sev_effective_from_date").alias("effective_from"),
        day.fill_null(OPEN_END).alias("effective_to"),
        pl.col(_PERIOD).alias("settlement_period"),
        pl.col(_VOLUME).alias("volume"),
        "line",
    )


def _unit_days(bm_units: pl.DataFrame, days: Days, facts: FileFacts) -> pl.DataFrame:
    """The days of each BM Unit of a slice, one after the other, each with what its units have in common.

    `periods` is how many it may have, none without a readable BM Unit Id; `called` begins their keys. Of a Default
    `settlement_date` and `gate.first`, Gate Closure of the first period, are null. `pair.found` tells whether a pair
    has Baselining Indicator S; it is null where the sender does not lead the BM Unit, or it is of a
    type that has no expected volumes.
    """
    day = pl.col("day")
    each = pl.DataFrame({"day": pl.Series(days.days or (None,), dtype=pl.Date)}).with_columns(
        (pl.lit(None, pl.Date) if days.default else day).alias("settlement_date"),
        (pl.lit(None, _GATE) if days.default else day_start_expr(day) - pl.lit(GATE)).alias("gate.first"),
        pl.when(day.is_not_null()).then(MOST_PERIODS if days.default else periods_in_day_expr(day)).alias("periods"),
        (pl.lit(" ") if days.default else day.dt.strftime(" %Y%m%d ")).alias("called"),
    )
    height, width = bm_units.height, days.width
    may_submit = LED_BY_SENDER & pl.col("registration.bm_unit_type").is_in(TYPES)
    led = bm_units.select("bm_unit_id", may_submit.alias("led"))
    laid = led[np.repeat(np.arange(height), width)].hstack(each[np.tile(np.arange(width), height)])
    with_pair = facts.once("days with an S pair", _days_with_s_pair).join(laid, "pair", ("bm_unit_id",), "day")
    unit = pl.col("bm_unit_id")
    return with_pair.select(
        *("bm_unit_id", "day", "settlement_date", "gate.first"),
        pl.when(unit.is_not_null()).then("periods").fill_null(0).cast(pl.Int64).alias("periods"),
        pl.concat_str(unit, "called").alias("called"),
        pl.when("led").then("pair.found").alias("pair.found"),
    )


def _days_with_s_pair(facts: FileFacts) -> Dated:
    changed = baselining_details_in_force(facts.references["baselining_details"])
    return dated(days_with(facts.references["msid_pairs"], changed, PAIR, "baselining_indicator", "S"))


def _laid(rows: pl.DataFrame, periods: npt.NDArray[np.int64], width: int) -> tuple[Places | None, Places, Flags]:
    """Of each unit the row it is of (None: each row has one), the place of its day, and whether its day has its period.

    A row whose period no day has is one unit, of its first day.
    """
    up = rows["up"].to_numpy()
    period = rows[_PERIOD].fill_null(0).to_numpy()
    if width == 1:
        return None, up, (period >= 1) & (period <= periods[up])
    place = (up[:, None] * np.uint32(width) + np.arange(width, dtype=np.uint32)).astype(np.uint32)
    exists: Flags = (period >= 1)[:, None] & (period[:, None] <= periods[place])
    nowhere: Flags = np.logical_not(np.any(exists, axis=1))
    exists[nowhere, 0] = True
    row = np.repeat(np.arange(rows.height, dtype=np.uint32), exists.sum(axis=1))
    return row, place[exists], ~nowhere[row]


def _named_units(frame: pl.DataFrame, named: Flags, days: Days) -> pl.DataFrame:
    """Units with their keys, dates as sent and Gate Closure; without day and key where `named` is false."""
    gate = pl.col("gate.first") + pl.duration(minutes=30 * (pl.col(_PERIOD) - 1))
    frame = frame.with_columns(
        pl.concat_str("called", text_column(_PERIOD)).alias("key"),
        (pl.lit(None, _GATE) if days.default else gate).alias("gate.closure"),
        pl.lit(days.sent_from, pl.Date).alias("sev_effective_from_date"),
        pl.lit(days.sent_to, pl.Date).alias("sev_effective_to_date"),
    ).drop("called", "gate.first")
    if named.all():
        return frame
    known = frame.with_columns(pl.Series("named", named))
    by_line = pl.concat_str(pl.lit("line "), "line")
    return known.with_columns(
        pl.when("named").then("key").otherwise(by_line).alias("key"),
        *(pl.when("named").then(column).alias(column) for column in ("settlement_date", "gate.closure", "pair.found")),
    ).drop("named")


EXPECTED = Acceptance(
    flow=FLOW,
    units=("BSP",),
    derive=units,
    reads={"BSD": ("range.days",), "BSB": ("registration.lead_party_id", "registration.bm_unit_type")},
    frames=("expected_volumes", "msid_pairs", "baselining_details"),
    effect=(
        *("bm_unit_id", "sev_effective_from_date", "sev_effective_to_date", "settlement_date"),
        *("settlement_period_id", "submitted_expected_volume", "late"),
    ),
    warned=("SEV-08",),
    days=("sev_effective_from_date", "sev_effective_to_date"),
    puts=PutInForce("expected_volumes", in_force_rows),
)
"""One volume of a BM Unit, date and period; of a range of dates one for each of its days."""
