"""What answers say of units: of a refused one its first E breach, of an accepted one the warnings that are answered."""

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from market.severity import Severity
from rules.catalogue import all_rules
from rules.fused_pass import Place
from rules.units import Lines, Places, Units

_NONE = np.iinfo(np.uint64).max
_WHERE = ["line", "position", "rule", "unit"]


def refusals(units: Units, places: Sequence[Place], found: pl.DataFrame, lines: Lines, refused: Places) -> pl.Series:
    """The `reason` of each unit in `refused` (rows of the units that begin at `lines`): `PNT-01 received 09:00:00 ...`.

    It is the breach of the lowest line, item position and rule id. `found` (FOUND) gives the messages; of a breach
    beyond the store limit, which has none, the rule's title is told.
    """
    refusing = [place for place in places if place.check.severity is Severity.ERROR]
    kinds = sorted({_kind(place) for place in refusing})
    first = _first(units, refusing, kinds, lines)[refused]
    code = (first & np.uint64(0xFFFF)).astype(np.int64)
    known = pl.DataFrame(kinds, {"position": pl.UInt8, "rule": pl.String, "of_unit": pl.Boolean}, orient="row")
    asked = known[code].with_columns(
        pl.Series("line", (first >> np.uint64(16)).astype(np.uint32)), pl.Series("unit", refused.astype(np.uint32))
    )
    return _told(asked.with_columns(pl.when("of_unit").then("unit").alias("unit")), found)


def warnings(
    units: Units, places: Sequence[Place], found: pl.DataFrame, lines: Lines, rules: Collection[str]
) -> pl.DataFrame:
    """The breaches of some rules, unit by unit: `unit` (Int64, a row of the units), `rule` and `reason`."""
    pieces = []
    for place in places:
        if place.check.rule in rules:
            which, reached = _reached(units, place, lines)
            own = place.units[which] if place.units is not None else None
            piece = pl.DataFrame({"reached": reached.astype(np.int64), "line": place.lines[which]}).with_columns(
                pl.lit(place.check.position, pl.UInt8).alias("position"),
                pl.lit(place.check.rule).alias("rule"),
                pl.lit(None, pl.UInt32).alias("unit") if own is None else pl.Series("unit", own),
            )
            pieces.append(piece)
    if not pieces:
        return pl.DataFrame(schema={"unit": pl.Int64, "rule": pl.String, "reason": pl.String})
    asked = pl.concat(pieces).sort("reached", "line", "position", "rule")
    return asked.select(pl.col("reached").alias("unit"), "rule").with_columns(_told(asked, found))


def _kind(place: Place) -> tuple[int, str, bool]:
    return place.check.position, place.check.rule, place.units is not None


def _reached(units: Units, place: Place, lines: Lines) -> tuple[Places, Places]:
    """Pairs of a row of a place and a unit that its breach falls on."""
    if place.units is not None:
        return np.arange(len(place.units)), place.units.astype(np.int64)
    return units.reached(place.check.record, place.lines, lines)


def _first(
    units: Units, refusing: Sequence[Place], kinds: Sequence[tuple[int, str, bool]], lines: Lines
) -> npt.NDArray[np.uint64]:
    """By unit its first E breach: the line in the upper bits, below it the place in `kinds`."""
    first = np.full(len(lines), _NONE, np.uint64)
    for place in refusing:
        ranks = (place.lines.astype(np.uint64) << np.uint64(16)) | np.uint64(kinds.index(_kind(place)))
        which, reached = _reached(units, place, lines)
        np.minimum.at(first, reached, ranks[which])
    return first


def _told(asked: pl.DataFrame, found: pl.DataFrame) -> pl.Series:
    """Rule and message of each asked place, as `reason`."""
    told = found.select(*_WHERE, "message").unique(_WHERE, keep="first", maintain_order=True)
    titles = pl.DataFrame({"rule": [rule.id for rule in all_rules()], "title": [rule.title for rule in all_rules()]})
    shown = asked.join(told, on=_WHERE, how="left", nulls_equal=True, maintain_order="left")
    shown = shown.join(titles, on="rule", how="left", maintain_order="left")
    why = pl.concat_str("rule", pl.coalesce("message", "title"), separator=" ")
    return shown.select(why.alias("reason")).to_series()
