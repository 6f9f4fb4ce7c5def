"""Made CSV files, and the IDD bodies that say the same."""

import csv
import io
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

from ingest.csv_profile_columns import CsvFlow
from market.layout import Item

Row = dict[str, str]


def written(
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    separator: str = ",",
    line_end: str = "\n",
    quote_all: bool = False,
    mark: bool = False,
    end: bool = False,
) -> bytes:
    """A CSV file as Python's own writer writes it."""
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=separator, lineterminator=line_end, quoting=quoting)
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    if end:
        text.write(f"#end{separator}{len(rows)}{line_end}")
    return ("\ufeff" if mark else "").encode() + text.getvalue().encode()


def idd_body(flow: CsvFlow, rows: Sequence[Row]) -> tuple[str, list[int]]:
    """The records of the IDD file that says the same, and by each line from 2 the number of the row it comes from.

    Rows of one parent stand together where its first row stands; written row by row, as the contract says it.
    """
    records: list[str] = []
    source: list[int] = []

    def put(record: str, items: Sequence[Item], row: Row, number: int) -> None:
        records.append("|".join([record, *(row.get(item.column, "") for item in items), ""]))
        source.append(number)

    def key(row: Row, depth: int) -> tuple[str, ...]:
        return tuple(row.get(item.column, "") for item in flow.chain[depth].items)

    def group(numbers: list[int], depth: int) -> None:
        record = flow.chain[depth]
        if record is flow.record:
            for number in numbers:
                put(record.type, record.items, rows[number], number)
            for total in flow.totals:
                put(total.type, total.items, _sums(total.items, [rows[number] for number in numbers]), numbers[-1])
            return
        parents: dict[tuple[str, ...], list[int]] = {}
        for number in numbers:
            parents.setdefault(key(rows[number], depth), []).append(number)
        for below in parents.values():
            put(record.type, record.items, rows[below[0]], below[0])
            group(below, depth + 1)

    group([*range(len(rows))], 0)
    return "\n".join(records), source


def _sums(items: Sequence[Item], rows: Sequence[Row]) -> Row:
    return {item.column: _sum(item, [row.get(item.column, "") for row in rows]) for item in items}


def _sum(item: Item, texts: Sequence[str]) -> str:
    if item.presence == "O" and not any(texts):
        return ""
    total = Decimal(0)
    for text in texts:
        try:
            total += Decimal(text)
        except InvalidOperation:
            continue
    return f"{total:f}".rstrip("0").rstrip(".") if "." in f"{total:f}" else f"{total:f}"
