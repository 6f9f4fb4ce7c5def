"""Why a unit is refused: the rule and the message of its first E breach, for each refused unit of a file."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from rules.catalogue import all_rules
from rules.fused_pass import Refusing
from rules.units import Lines, Places, Units

_NONE = np.iinfo(np.uint64).max
_PLACE = ["line", "position", "rule", "unit"]


def reasons(
    units: Units, refusing: Sequence[Refusing], found: pl.DataFrame, lines: Lines, refused: Places
) -> pl.Series:
    """The reason of each unit in `refused` (rows of the units that begin at `lines`): `PNT-01 received 09:00:00 ...`.

    The first breach is that of the lowest line, item position and rule id. `found` (FOUND) gives the messages; of a
    breach beyond the store limit, which has none, the rule's title is told.
    """
    kinds = sorted({(each.check.position, each.check.rule, each.units is not None) for each in refusing})
    first = _first(units, refusing, kinds, lines)[refused]
    code = (first & np.uint64(0xFFFF)).astype(np.int64)
    known = pl.DataFrame(kinds, {"position": pl.UInt8, "rule": pl.String, "of_unit": pl.Boolean}, orient="row")
    asked = known[code].with_columns(
        pl.Series("line", (first >> np.uint64(16)).astype(np.uint32)), pl.Series("unit", refused.astype(np.uint32))
    )
    asked = asked.with_columns(pl.when("of_unit").then("unit").alias("unit"))
    told = found.select(*_PLACE, "message").unique(_PLACE, keep="first", maintain_order=True)
    titles = pl.DataFrame({"rule": [rule.id for rule in all_rules()], "title": [rule.title for rule in all_rules()]})
    shown = asked.join(told, on=_PLACE, how="left", nulls_equal=True, maintain_order="left")
    shown = shown.join(titles, on="rule", how="left", maintain_order="left")
    why = pl.concat_str("rule", pl.coalesce("message", "title"), separator=" ")
    return shown.select(why.alias("reason")).to_series()


def _first(
    units: Units, refusing: Sequence[Refusing], kinds: Sequence[tuple[int, str, bool]], lines: Lines
) -> npt.NDArray[np.uint64]:
    """By unit its first E breach: the line in the upper bits, below it the place in `kinds`."""
    first = np.full(len(lines), _NONE, np.uint64)
    for each in refusing:
        code = kinds.index((each.check.position, each.check.rule, each.units is not None))
        ranks = (each.lines.astype(np.uint64) << np.uint64(16)) | np.uint64(code)
        if each.units is not None:
            np.minimum.at(first, each.units, ranks)
        else:
            which, reached = units.reached(each.check.record, each.lines, lines)
            np.minimum.at(first, reached, ranks[which])
    return first
