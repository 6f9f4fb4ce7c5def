"""How commands print: texts and tables for people, JSON for programs; nothing that a party wrote is ever obeyed."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

WIDTH = 120
"""The columns of output that goes to no terminal."""


SHORT = 20
"""Values up to this length stand in one line."""


class Format(StrEnum):
    """For people or for programs."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option("--format", help="text for people, json for programs")]


def console(*, stderr: bool = False) -> "Console":
    """A console that highlights nothing and takes no markup from texts."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


def plain(text: str) -> str:
    """A text without any character that a terminal would obey: those that do not print are shown by their code."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def write(text: str) -> None:
    """Prints a text that ends in a line end."""
    sys.stdout.write(text)


def write_json(value: Any) -> None:
    """Prints a value as JSON."""
    sys.stdout.write(json.dumps(value, indent=2, default=_told))
    sys.stdout.write("\n")


def shown(value: object) -> str:
    """A value as people read it: times in GMT, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return plain(str(value))


def table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> "Table":
    """A table of values: numbers stand on the right, long values go on in the next line, nothing is cut."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    found = [list(row) for row in rows]
    longest = [max([len(name), *(len(shown(row[at])) for row in found)]) for at, name in enumerate(names)]
    # Where the short columns leave no room for the others, all of them wrap.
    roomy = sum(length + 3 if length <= SHORT else SHORT for length in longest) <= console().width
    made = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for at, name in enumerate(names):
        kinds = {type(row[at]) for row in found} - {type(None)}
        justify: Literal["left", "right"] = "right" if kinds == {int} else "left"
        made.add_column(name, justify=justify, no_wrap=roomy and longest[at] <= SHORT, overflow="fold")
    for row in found:
        made.add_row(*(Text(shown(value)) for value in row))
    return made


def print_rows(format_: Format, rows: Sequence[dict[str, Any]], nothing: str) -> None:
    """Prints rows that have the same keys: as a table named by them, or as a JSON array."""
    if format_ is Format.JSON:
        write_json(rows)
    elif not rows:
        write(f"{nothing}\n")
    else:
        console().print(table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows]))


def _told(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
