"""The records above the lines of a CSV file: lines with the same parent items have the same parent.

A spreadsheet's rows may be sorted by anything. Lines of one parent belong together wherever they stand: the body is
what an IDD file would be in which each parent stands once, where its first line stands.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.csv_profile_cells import Cells
from ingest.csv_profile_columns import TEST_FLAG
from ingest.records import SLICE_RECORDS
from ingest.structure import Place, Rows

Order = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Parents:
    """In which order lines stand under their parents, and where each parent begins.

    `order` are the rows of the lines (None: as they stand). `begins` has for each record above the lines, the root
    first, the places in that order at which a new one begins. `test_flag` is the file's, `places` what is wrong.
    """

    order: Order | None
    begins: tuple[Rows, ...]
    test_flag: str
    places: tuple[Place, ...]


def parents_of(cells: Cells) -> Parents:
    """The parents of a file's lines; STR-03 where one of a kind is due and there are more, or too many lines stand."""
    above = cells.csv.chain[:-1]
    columns = [item.column for record in above for item in record.items]
    wanted = [*columns, *([TEST_FLAG] if TEST_FLAG in cells.columns else [])]
    if not wanted:
        return Parents(None, (), "", ())
    changes = _changes(cells, wanted)
    rows = changes["row"].to_numpy()
    test_flag = str(changes[TEST_FLAG][0] or "") if TEST_FLAG in wanted else ""
    keys = list(accumulate([item.column for item in record.items] for record in above))
    ids = [changes.select(pl.col("row").first().over(key)).to_series().to_numpy() for key in keys]
    once = [[TEST_FLAG]] * (TEST_FLAG in wanted) + [
        key for key, record in zip(keys, above, strict=True) if record.occurs_range[1] == 1
    ]
    places = [place for key in once for place in _differing(cells, changes, key)]
    if places or not ids:
        return Parents(None, (), test_flag, tuple(sorted(places, key=lambda place: place.line)))
    order, begins = _ordered(ids, rows, cells.height)
    return Parents(order, begins, test_flag, tuple(_too_many(cells, order, begins[-1])))


def _changes(cells: Cells, wanted: list[str]) -> pl.DataFrame:
    """The rows on which any wanted column differs from the row above, with the number of each as `row`."""
    found = []
    for first in range(0, cells.height, SLICE_RECORDS):
        texts = cells.texts(first, min(first + SLICE_RECORDS, cells.height), wanted)
        differs = [pl.col(name).ne_missing(pl.col(name).shift()) for name in wanted]
        begins = pl.int_range(pl.len()) == 0
        found.append(texts.with_row_index("row", first).filter(pl.any_horizontal(begins, *differs)))
    return pl.concat(found)


def _differing(cells: Cells, changes: pl.DataFrame, key: list[str]) -> list[Place]:
    """The first row on which a record that stands once in a file has other items than on the first."""
    head = changes.row(0, named=True)
    other = changes.filter(pl.any_horizontal(pl.col(name).ne_missing(pl.lit(head[name])) for name in key)).head(1)
    if other.is_empty():
        return []
    found = other.row(0, named=True)
    name = next(name for name in key if found[name] != head[name])
    line = int(cells.records.numbers[found["row"] + 1])
    above = int(cells.records.numbers[1])
    message = f"{name} is {found[name] or 'empty'}, on line {above} {head[name] or 'empty'}: 1 due"
    return [Place(line, "STR-03", message)]


def _ordered(ids: list[npt.NDArray[np.uint32]], rows: Rows, height: int) -> tuple[Order | None, tuple[Rows, ...]]:
    """The order of the rows by their parents, each numbered by its first row, and where each parent begins."""
    order: Order | None = None
    if any((each[1:] < each[:-1]).any() for each in ids):
        lengths = np.diff(rows, append=np.uint32(height))
        spread = [np.repeat(each, lengths) for each in ids]
        order = np.lexsort(spread[::-1])
        ids, rows = [each[order] for each in spread], np.arange(height, dtype=np.uint32)
    changed = [np.concatenate([[True], each[1:] != each[:-1]]) for each in ids]
    return order, tuple(rows[each] for each in changed)


def _too_many(cells: Cells, order: Order | None, begins: Rows) -> list[Place]:
    """Parents with more lines than fit."""
    least, most = cells.csv.record.occurs_range
    if most is None:
        return []
    counts = np.diff(begins.astype(np.int64), append=cells.height)
    places = []
    for at in np.flatnonzero(counts > most).tolist():
        row = int(begins[at]) + most
        line = int(cells.records.numbers[1 + (row if order is None else int(order[row]))])
        above = cells.csv.chain[-2].type
        places.append(
            Place(line, "STR-03", f"{counts[at]} {cells.csv.record.type} under {above}, {least} to {most} due")
        )
    return places
