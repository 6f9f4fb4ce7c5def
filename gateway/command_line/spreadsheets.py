"""`gridpost template` and `convert`: what people with spreadsheets need, without a home."""

from pathlib import Path
from typing import Annotated, Any

import typer

from gateway.command_line.output import Format, FormatOption, console, plain, table, write, write_json
from gateway.command_line.place import POLICY_FILE
from market.clock import london_day, system_clock, whole_second


def add_spreadsheets(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("template")(_template)
    app.command("convert")(_convert)


def _template(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="a file type or a prefix, such as K0151001 or gcdc")],
    format_: FormatOption = Format.TEXT,
) -> None:
    """Write an empty CSV file of a flow into the current folder, and show what its columns hold."""
    from gateway.template import csv_flows_of, template, template_name, template_page

    found = csv_flows_of(flow)
    for csv in found:
        _write_new(Path(template_name(csv)), template(csv))
    if format_ is Format.JSON:
        write_json([template_page(csv) for csv in found])
        return
    for csv in found:
        _print_page(template_page(csv))


def _print_page(page: dict[str, Any]) -> None:
    computed = "".join(f" {name} is computed by the gateway." for name in page["computed"])
    write(f"{page['file']}  {page['file_type']} {page['name']}\neach line is one {page['line']}.{computed}\n\n")
    rows = [
        (one["column"], "mandatory" if one["mandatory"] else "", one["type"], ", ".join(one["valid"]), one["note"])
        for one in page["columns"]
    ]
    console().print(table(["column", "", "type", "values", "note"], rows))
    write("\n")


def _convert(
    file: Path,
    party: Annotated[str, typer.Option(metavar="ID", help="from CSV: who sends the IDD file")] = "",
    role: Annotated[str, typer.Option(metavar="CODE", help="from CSV: in which role; else the flow's first")] = "",
    sequence: Annotated[int, typer.Option(min=0, max=999_999_999, help="from CSV: its sequence number")] = 1,
) -> None:
    """Turn a CSV file into the IDD file that says the same, or an IDD file into CSV; written beside it."""
    from gateway.convert import convert
    from market.header import Header
    from market.policy import read_policy

    now = whole_second(system_clock())
    policy = read_policy(POLICY_FILE.read_text()).on(london_day(now))
    header = Header("", "D", now, role, party, "", policy.gateway_id, sequence)
    converted = convert(file, policy, header)
    for name, content in converted.files.items():
        path = file.with_name(name)
        _write_new(path, content)
        write(f"{plain(str(path))}: {len(content)} bytes\n")
    for difference in converted.differences:
        write(f"{difference}\n")
    if converted.differences:
        raise typer.Exit(1)


def _write_new(path: Path, content: bytes) -> None:
    """Writes a file under a name that no other has; FileExistsError where one has it."""
    with path.open("xb") as file:
        file.write(content)
