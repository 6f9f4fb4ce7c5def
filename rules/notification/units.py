"""The acceptance units of notifications: one BM Unit, kind and Settlement Period, with the pieces of its segments."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from market.profile import INSTANT, first_gaps, in_order, pieces, seconds
from market.reference import MARKET_START
from market.settlement_period import GATE, PERIOD, day_start
from rules.acceptance import Acceptance, UnitRows
from rules.context import FileFacts
from rules.identity.bm_unit import LED_BY_SENDER
from rules.notification import FLOW, KINDS, SEGMENTS
from rules.notification.day import settlement_day
from rules.notification.effect import PIECES_IN_FORCE
from rules.notification.period import unchanged

_DAY = "PNH.settlement_date"
_PERIODS = 64
"""More than a day has, so that BM Unit, kind and period make one number."""
_PN = KINDS.index("PN")

PIECE = {
    "line": pl.UInt32(),
    "time_from": INSTANT,
    "level_from": pl.Int64(),
    "time_to": INSTANT,
    "level_to": pl.Int64(),
    "piece_from": INSTANT,
    "piece_to": INSTANT,
}
"""A piece of a unit: the line and what stands on it, and what of it lies in the period."""

UNIT = pl.Schema(
    {
        "line": pl.UInt32(),
        "key": pl.String(),
        "bm_unit_id": pl.String(),
        "kind": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_period": pl.Int64(),
        "pieces": pl.List(pl.Struct(PIECE)),
        "gate_closure": INSTANT,
        "gap_from": INSTANT,
        "gap_to": INSTANT,
        "unchanged": pl.Boolean(),
    }
)
"""One row a unit. `bm_unit_id` is the BSC id. Of a row that is a unit of its own all but `line`, `key` and `unchanged`
is null. A PN has its `gate_closure`, and in `gap_from` and `gap_to` the first part of its period without a level."""

_BY_LINE = pl.concat_str(pl.lit("line "), "line")


def notified_units(frames: Mapping[str, pl.DataFrame], facts: FileFacts) -> UnitRows:
    """The units of a slice: the periods that segments touch, segments that touch none, BM Units without segments."""
    named, segments = frames["PNU"], _segments(frames)
    day = settlement_day(named, _DAY)
    readable = named["bm_unit_id"].is_not_null().gather(segments["up"])
    placed = _placed(segments.filter(readable) if day is not None else segments.clear(), day or MARKET_START)
    unread = segments.filter(pl.any_horizontal(pl.col("time_from", "time_to").is_null()))
    loose = segments.filter(pl.Series(~_standing_in(segments.height, placed["row"])))
    bare = named.filter(pl.Series(~_standing_in(named.height, segments["up"])))
    own = pl.concat(
        [
            loose.select("line", _BY_LINE.alias("key")),
            bare.select("line", pl.coalesce("bm_unit_id__text", _BY_LINE).alias("key")),
        ]
    ).with_columns(pl.lit(False).alias("unchanged"))
    periods = _periods(placed, named, day or MARKET_START, facts, unread["up"])
    links = placed.select("line", "unit")
    if own.height:
        numbers = pl.Series("unit", np.arange(periods.height, periods.height + own.height), pl.UInt32)
        links = pl.concat([links, own.select("line", numbers), _of_whole_bm_unit(unread, placed)])
    return _by_line(pl.concat([UNIT.to_frame(), periods, own], how="diagonal"), links)


def _segments(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The segments of all kinds by line: `kind` is the place in KINDS, `row` the place here."""
    found = [
        frames[record].select(
            "line", "time_from", "level_from", "time_to", "level_to", "up", pl.lit(kind).alias("kind")
        )
        for kind, record in enumerate(SEGMENTS)
        if record in frames
    ]
    schema = {**PIECE, "up": pl.UInt32(), "kind": pl.Int32()}
    empty = pl.DataFrame(schema=schema).drop("piece_from", "piece_to")
    segments = pl.concat([empty, *found])
    return (segments.sort("line") if len(found) > 1 else segments).with_row_index("row")


def _standing_in(height: int, rows: pl.Series) -> npt.NDArray[np.bool_]:
    """Which of so many rows stand among `rows`."""
    found = np.zeros(height, np.bool_)
    found[rows.to_numpy()] = True
    return found


def _placed(segments: pl.DataFrame, day: date) -> pl.DataFrame:
    """The pieces of segments by unit and time, with the number of their `unit`."""
    found = pieces(segments, day)
    kind = found["up"].to_numpy().astype(np.int64) * len(KINDS) + found["kind"].to_numpy()
    code = kind * _PERIODS + found["settlement_period"].to_numpy()
    order = in_order(code, seconds(found["piece_from"]))
    code = code[order]
    unit = np.cumsum(np.diff(code, prepend=code[:1]) != 0).astype(np.uint32)
    ordered = found if np.array_equal(order, np.arange(len(order))) else found[order]
    return ordered.with_columns(pl.Series("unit", unit).set_sorted())


def _periods(placed: pl.DataFrame, named: pl.DataFrame, day: date, facts: FileFacts, unread: pl.Series) -> pl.DataFrame:
    """The units that pieces make, by BM Unit, kind and period. `unread` are BM Units with times that cannot be read."""
    unit = placed["unit"].to_numpy().astype(np.int64)
    first = np.flatnonzero(np.diff(unit, prepend=-1))
    lines = placed["line"].to_numpy()
    units = placed.select("up", "kind", "settlement_period")[first].select(
        pl.Series("line", np.minimum.reduceat(lines, first) if len(first) else lines),
        "up",
        "kind",
        pl.lit(day).alias("settlement_date"),
        "settlement_period",
        (pl.lit(day_start(day)).cast(INSTANT) + PERIOD * (pl.col("settlement_period") - 1)).alias("start"),
    )
    pn = pl.col("kind") == _PN
    late = pn & (pl.col("start") - GATE <= facts.received_at)
    closed = units.select(late.alias("closed")).to_series()
    led = named.select(pl.when(LED_BY_SENDER).then("registration.bm_unit_id")).to_series()
    return units.select(
        "line",
        *_names(units, named),
        pl.Series(KINDS).gather(units["kind"]).alias("kind"),
        "settlement_date",
        "settlement_period",
        placed.group_by("unit", maintain_order=True).agg(pl.struct(*PIECE).alias("pieces"))["pieces"],
        pl.when(pn).then(pl.col("start") - GATE).alias("gate_closure"),
        *_gaps(placed, units, unread),
        unchanged(placed, units, closed, led, facts),
    )


def _names(units: pl.DataFrame, named: pl.DataFrame) -> tuple[pl.Series, pl.Series]:
    """The key of each unit, with the name as written, and the BSC id."""
    endings = pl.Series([f" {kind} {period}" for kind in KINDS for period in range(_PERIODS)])
    ending = endings.gather(units.select(pl.col("kind") * _PERIODS + pl.col("settlement_period")).to_series())
    written = named["bm_unit_id"].gather(units["up"])
    return (written + ending).alias("key"), named["registration.bm_unit_id"].gather(units["up"]).alias("bm_unit_id")


def _gaps(placed: pl.DataFrame, units: pl.DataFrame, unread: pl.Series) -> tuple[pl.Series, ...]:
    """`gap_from` and `gap_to` of each PN; null where its pieces cover the period, or where more may stand unread."""
    pn = np.flatnonzero((units["kind"] == _PN).to_numpy())
    mine = placed.select("unit", "piece_from", "piece_to").filter(placed["kind"] == _PN)
    start = seconds(units["start"].gather(pn))
    number = mine["unit"].to_numpy().astype(np.int64)
    gaps = first_gaps(
        np.cumsum(np.diff(number, prepend=number[:1]) != 0),
        *(seconds(mine["piece_from"]), seconds(mine["piece_to"])),
        *(start, start + int(PERIOD.total_seconds())),
    )
    gaps = gaps.with_columns(unit=pl.Series(pn).gather(gaps["unit"]))
    gaps = gaps.filter(~units["up"].gather(gaps["unit"]).is_in(unread.implode()))
    none = pl.Series([None], dtype=INSTANT).new_from_index(0, units.height)
    return tuple(none.scatter(gaps["unit"], gaps[name]).alias(name) for name in ("gap_from", "gap_to"))


def _of_whole_bm_unit(unread: pl.DataFrame, placed: pl.DataFrame) -> pl.DataFrame:
    """Links of each BM Unit's first segment with unreadable times to all of its units: `line`, `unit`.

    One refuses them all; a link of each would be a product of rows.
    """
    first = unread.select("line", "up").unique("up", keep="first", maintain_order=True)
    return first.join(placed.select("up", "unit").unique(), on="up").select("line", "unit")


def _by_line(units: pl.DataFrame, links: pl.DataFrame) -> UnitRows:
    """Units and links by line, the links with the units' rows as they then stand."""
    lines = units["line"].to_numpy()
    if len(lines) > 1 and np.any(np.diff(lines.astype(np.int64)) < 0):
        order = np.argsort(lines, kind="stable")
        place = np.empty(len(order), np.uint32)
        place[order] = np.arange(len(order), dtype=np.uint32)
        units = units[order]
        links = links.with_columns(pl.Series("unit", place[links["unit"].to_numpy()]))
    linked = links["line"].to_numpy()
    if len(linked) > 1 and np.any(np.diff(linked.astype(np.int64)) < 0):
        links = links[np.argsort(linked, kind="stable")]
    return UnitRows(units, links)


NOTIFIED = Acceptance(
    flow=FLOW,
    units=tuple(SEGMENTS),
    effect=("bm_unit_id", "kind", "settlement_date", "settlement_period", "pieces"),
    derive=notified_units,
    reads={"PNU": (_DAY, "registration.bm_unit_id", "registration.lead_party_id")},
    frames=("notifications",),
    days=("settlement_date", "settlement_date"),
    puts=PIECES_IN_FORCE,
)
"""One BM Unit, kind and Settlement Period."""
