"""What of a file stays when its slices are gone: the columns that rules over the whole file and the effect read."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from market.frames import UNITS
from market.layout import Layout
from rules.catalogue import acceptance_of
from rules.compile import file_checks
from rules.fused_pass import ours

Pieces = list[pl.DataFrame]

_APPLIES = "check.applies"


@dataclass
class Kept:
    """Columns kept slice by slice: of each file check those of its rows, of unit records those of the effect."""

    layout: Layout
    checked: dict[str, Pieces] = field(default_factory=dict)
    effect: dict[str, Pieces] = field(default_factory=dict)

    def add(self, record_type: str, frame: pl.DataFrame) -> None:
        """Takes a slice of a record type's joined frame."""
        for file_check in file_checks(self.layout, record_type):
            with ours(f"rule {file_check.check.rule}"):
                rows = frame.select(*file_check.reads, file_check.applies.fill_null(False).alias(_APPLIES))
            applies = rows.drop_in_place(_APPLIES)
            # rows kept whole share their memory with the effect and with other checks
            self.checked.setdefault(file_check.key, []).append(rows if applies.all() else rows.filter(applies))
        acceptance = acceptance_of(self.layout)
        if record_type in acceptance.units and acceptance.effect and acceptance.derive is None:
            self.effect.setdefault(record_type, []).append(frame.select("line", *acceptance.effect))

    def add_units(self, frame: pl.DataFrame) -> None:
        """Takes a slice of units that are no rows of one record type."""
        effect = acceptance_of(self.layout).effect
        if effect:
            self.effect.setdefault("", []).append(frame.select("line", *effect))

    def looked_at(self, key: str, repeated: tuple[str, ...]) -> pl.DataFrame | None:
        """The rows that a file check looks at: of those to which it applies the repeated ones. None where none came."""
        pieces = self.checked.pop(key, None)
        if pieces is None:
            return None
        rows = pl.concat(pieces)
        if not repeated:
            return rows
        if rows.height < 2:
            return rows.clear()
        # equal rows have equal hashes, so most rows are told apart by a number alone
        alike = rows.filter(rows.select(repeated).hash_rows().is_duplicated())
        return alike.filter(pl.struct(repeated).is_duplicated())

    def of(self, units: pl.DataFrame, *wanted: npt.NDArray[np.bool_]) -> list[pl.DataFrame]:
        """The effect columns of the rows of `units` (market.frames.UNITS) that are wanted, of each choice by itself.

        Beside them stand `line`, `key` and `outcome`.
        """
        if not self.effect:
            return [pl.DataFrame(schema={name: UNITS[name] for name in ("line", "key", "outcome")}) for _ in wanted]
        rows = pl.concat([piece for pieces in self.effect.values() for piece in pieces])
        if len(self.effect) > 1:
            rows = rows.sort("line")
        rows = rows.with_columns(units["key"], units["outcome"])
        return [rows.filter(pl.Series(chosen)) if chosen.any() else rows.clear() for chosen in wanted]
