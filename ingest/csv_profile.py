"""The CSV profile: what a person exports from a spreadsheet, read into the same typed frames as an IDD body.

The first line names the columns, each other line is one record with its parents' items repeated. Lines of the frames
count as in the IDD file that would say the same; `CsvBody.file_lines` gives the physical lines of the CSV file.
"""

import re
from dataclasses import dataclass

import numpy as np

from ingest.csv_profile_cells import Cells
from ingest.csv_profile_columns import TEST_FLAG, CsvFlow
from ingest.csv_profile_parents import Parents, parents_of
from ingest.csv_profile_records import CsvRecords, index_records, told_at
from ingest.envelope import DATA_LENGTH, Refusal, refusal
from ingest.lines import BYTE_ORDER_MARK
from ingest.structure import Place
from market.layout import TEST_FLAGS

WIDEST = 1000
"""The most columns whose names are looked at: no flow has a tenth of it."""

_END = re.compile(rb'"?#end"?[,;]"?(0|[1-9][0-9]{0,9})"?[,;]*')
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class CsvTable:
    """A CSV file that can be read: its cells and the parents of its lines."""

    cells: Cells
    parents: Parents

    @property
    def test_flag(self) -> str:
        """The file's test flag; empty for live traffic."""
        return self.parents.test_flag


def read_table(received: bytes, csv: CsvFlow, receipt_limit: int) -> CsvTable | Refusal:
    """The table of a file as received, or why it cannot be read.

    In this order: emptiness, footer (the last line end and `#end`), count, character set, columns, cells, parents,
    test flag.
    """
    if received in (b"", BYTE_ORDER_MARK):
        return refusal("ENV-01", 1, "the file is empty")
    if received.startswith(_UTF_16):
        return told_at(1, "ENV-11", "the file is UTF-16, UTF-8 due")
    if not received.endswith(b"\n"):
        return refusal("ENV-08", 5, "the last line has no line end")
    records = index_records(received)
    if isinstance(records, Refusal):
        return records
    height = _height(records)
    if isinstance(height, Refusal):
        return height
    strange = _strange(records, height, receipt_limit)
    if strange:
        return strange
    columns = _columns(records, csv, receipt_limit)
    if isinstance(columns, Refusal):
        return columns
    ragged = np.flatnonzero(records.separators[: height + 1] != len(columns) - 1)[:receipt_limit]
    if len(ragged):
        return _refused([_ragged(records, int(row), len(columns)) for row in ragged])
    if height == 0:
        return told_at(1, "STR-03", f"0 {csv.record.type} under the header, at least 1 due")
    cells = Cells(csv, records, columns, height)
    parents = parents_of(cells)
    if parents.places:
        return _refused(list(parents.places[:receipt_limit]))
    if parents.test_flag not in ("", *TEST_FLAGS):
        return refusal("ENV-02", 1, f"{TEST_FLAG} {parents.test_flag} is none of {', '.join(TEST_FLAGS[:3])}, ...")
    return CsvTable(cells, parents)


def _refused(places: list[Place]) -> Refusal:
    return Refusal(places[0].rule, tuple((4, place.data[:DATA_LENGTH]) for place in places))


def _height(records: CsvRecords) -> int | Refusal:
    """How many data lines a file has; ENV-08 and ENV-09 where its `#end` is not the last line or counts others."""
    last = records.count - 1
    data = records.lines.data
    ends = [at for mark in (b"\n#end", b'\n"#end') if (at := data.find(mark)) >= 0]
    if not ends:
        return last
    text = records.bytes_of(last, last + 1).rstrip(b"\n")
    if not text.removeprefix(b'"').startswith(b"#end"):
        return last
    match = _END.fullmatch(text)
    if match is None:
        return refusal("ENV-08", 5, "#end is not followed by the number of data lines")
    counted, found = int(match[1]), last - 1
    if counted != found:
        return refusal("ENV-09", 6, f"#end counts {counted} data lines, the file has {found}")
    return found


def _strange(records: CsvRecords, height: int, limit: int) -> Refusal | None:
    """ENV-11: bytes that are no text, and lines without any cell filled in."""
    data = records.lines.data
    places = []
    wrong = data.find(b"\0")
    if wrong >= 0:
        places.append(Place(_line(records, wrong), "ENV-11", "character 0x00 is no text"))
    if not data.isascii():
        try:
            data.decode()
        except UnicodeDecodeError as error:
            why = f"byte 0x{data[error.start]:02X} is not UTF-8"
            places.append(Place(_line(records, error.start), "ENV-11", why))
    ends = records.ends[: height + 1].astype(np.int64)
    lengths = np.diff(ends, prepend=-1) - 1
    for row in np.flatnonzero(lengths == records.separators[: height + 1])[:limit].tolist():
        places.append(Place(int(records.numbers[row]), "ENV-11", "blank line"))
    return _refused(sorted(places, key=lambda place: place.line)[:limit]) if places else None


def _line(records: CsvRecords, offset: int) -> int:
    return int(np.searchsorted(records.lines.ends, offset)) + 1


def _columns(records: CsvRecords, csv: CsvFlow, limit: int) -> tuple[str, ...] | Refusal:
    """The names of the columns; STR-02 where one is not known, stands twice, or is missing and mandatory."""
    count = int(records.separators[0]) + 1
    if count > WIDEST:
        return told_at(1, "STR-02", f"{count} columns, at most {len(csv.items) + 1} due")
    header = records.bytes_of(0, 1).decode().rstrip("\n")
    names = [name.strip(' "') for name in header.split(records.separator)]
    known = {*csv.items, TEST_FLAG}
    wrong = [f"{name[:20] or 'an empty name'} is no column of {csv.prefix}" for name in names if name not in known]
    wrong += [f"{name} stands {names.count(name)} times" for name in known if names.count(name) > 1]
    wrong += [
        f"{name} is mandatory and missing"
        for name, item in csv.items.items()
        if item.presence == "M" and name not in names
    ]
    return _refused([Place(1, "STR-02", why) for why in wrong[:limit]]) if wrong else tuple(names)


def _ragged(records: CsvRecords, row: int, due: int) -> Place:
    return Place(int(records.numbers[row]), "STR-02", f"{records.separators[row] + 1} cells, {due} columns are named")
