"""`gridpost template`: an empty CSV file of a flow, and what its columns hold."""

from typing import Any

import polars as pl

from ingest.csv_profile_columns import TEST_FLAG, CsvFlow, csv_flows
from market.item_type import Kind
from market.layout import TEST_FLAGS, file_types
from outbound.csv_writer import csv_lines
from store.refused import RefusedError

_FORMS = {
    Kind.DATE: "date, 2026-12-01 or 20261201",
    Kind.DATETIME: "GMT time, 2026-09-15T10:00Z or 20260915100000",
}


def csv_flows_of(name: str) -> list[CsvFlow]:
    """What can be written for a file type, such as K0011001, or a prefix, such as pn; RefusedError where nothing."""
    found = [one for one in csv_flows().values() if name.upper() == one.flow.file_type or name.lower() == one.prefix]
    if found:
        return found
    if name.upper() in file_types():
        raise RefusedError(f"{name.upper()} has no CSV files: it comes in IDD only")
    raise RefusedError(f"{name} is no flow; `gridpost flows` lists them")


def template_name(csv: CsvFlow) -> str:
    """The name of the empty file; any other of the form `<prefix>_<anything>.csv` does as well."""
    return f"{csv.prefix}_template.csv"


def template(csv: CsvFlow) -> bytes:
    """The empty file: its first line names all columns but `test_flag`."""
    return csv_lines(pl.DataFrame(schema=dict.fromkeys(csv.items, pl.String)), ",")


def template_page(csv: CsvFlow) -> dict[str, Any]:
    """What stands on a line of a flow's CSV file, column by column."""
    columns = [
        {
            "column": item.column,
            "record": record.name,
            "type": _FORMS.get(item.type.kind, str(item.type)),
            "mandatory": item.presence == "M",
            "valid": list(item.valid),
            "note": item.note,
        }
        for record in csv.chain
        for item in record.items
    ]
    flag = {
        "column": TEST_FLAG,
        "record": "",
        "type": "text(4)",
        "mandatory": False,
        "valid": list(TEST_FLAGS),
        "note": "not in the empty file: a column of this name makes the file test traffic",
    }
    return {
        "file_type": csv.flow.file_type,
        "name": csv.flow.name,
        "file": template_name(csv),
        "line": csv.record.name,
        "computed": [record.name for record in csv.totals],
        "columns": [*columns, flag],
    }
