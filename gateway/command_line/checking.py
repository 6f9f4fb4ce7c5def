"""`gridpost check`: what would become of files, without any effect."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.output import Format, FormatOption, console, plain, table, write
from gateway.command_line.place import NotPossibleError, Place
from market.clock import system_clock, whole_second

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.dry_run import Checked

SCREENFUL = 20
"""How many breaches of a file the text lists."""

LARGE_BYTES = 4 << 20
"""From this size on a file's progress is shown."""

_BREACH = ("rule", "severity", "line", "record", "item", "value", "message")

_PIECE = 50_000

_Judged = Callable[[int, int], None]


def add_checking(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("check")(_check)


def _check(
    context: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE...")],
    party: Annotated[str | None, typer.Option(metavar="ID", help="who sends them; else the header says it")] = None,
    received_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="ISO 8601 with an offset or Z; now where it is not given")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Judge files as if they came now: receipt, outcome, breaches. Nothing is stored, nobody is answered."""
    from gateway.dry_run import check

    place: Place = context.obj
    at = _instant(received_at)
    checked: list[Checked] = []
    listed = SCREENFUL if format_ is Format.TEXT else None
    with place.opened() as engine:
        for file in files:
            with _progress(file) as judged:
                checked.append(check(engine, place.home_if_named, file, party, at, judged, listed))
            if format_ is Format.TEXT:
                _print(console(), checked[-1], first=len(checked) == 1)
    if format_ is Format.JSON:
        _write_json(checked)
    if any(one.refused for one in checked):
        raise typer.Exit(1)


def _instant(text: str | None) -> datetime:
    if text is None:
        return whole_second(system_clock())
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotPossibleError(f"{text} is no time of ISO 8601") from error
    if instant.tzinfo is None:
        raise NotPossibleError(f"{text} has neither an offset nor Z")
    return whole_second(instant)


def _write_json(found: Sequence["Checked"]) -> None:
    """Prints an array of what was found, with a breach a line: there may be millions."""
    for number, checked in enumerate(found):
        head = json.dumps(_facts(checked), indent=2).removesuffix("\n}")
        write(f'{"[" if number == 0 else ","}\n{head},\n  "breaches": [')
        between = "\n"
        for piece in checked.breaches.select(_BREACH).iter_slices(_PIECE):
            text = piece.write_ndjson()
            if not text.isascii():
                text = "".join(f"{json.dumps(json.loads(line))}\n" for line in text.splitlines())
            write(between + text.rstrip("\n").replace("\n", ",\n"))
            between = ",\n"
        write("]\n}")
    write("\n]\n")


def _facts(checked: "Checked") -> dict[str, Any]:
    """What was found but the breaches, with the keys that programs know."""
    units = checked.units
    return {
        "file": str(checked.path),
        "profile": "CSV" if checked.reading.separator else "IDD",
        "file_type": checked.file_type,
        "receipt": [{"code": code, "data": data} for code, data in checked.receipt],
        "outcome": checked.outcome,
        "units": {"in": units.all, "accepted": units.accepted, "rejected": units.rejected, "held": units.held},
    }


@contextmanager
def _progress(file: Path) -> Iterator[_Judged]:
    """A bar on the terminal for a large file; nothing for others."""
    if not (shown := console(stderr=True)).is_terminal or file.stat().st_size < LARGE_BYTES:
        yield lambda done, records: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True) as progress:
        task = progress.add_task(f"reading {plain(file.name)}", total=None)

        def judged(done: int, records: int) -> None:
            progress.update(task, description=f"judging {plain(file.name)}", completed=done, total=records)

        yield judged


def _print(to: "Console", checked: "Checked", *, first: bool) -> None:
    from rich.text import Text

    from gateway.demo_page import RECEIPTS

    colour = {"ACCEPTED": "green", "PARTIAL": "yellow", "DUPLICATE": "yellow", "HELD": "yellow"}.get(
        checked.outcome, "red"
    )
    what, units = checked.reading, checked.units
    facts = [checked.file_type or "no flow", f"{what.records:,} records", f"{what.size:,} bytes"]
    if not first:
        to.print()
    to.print(Text.assemble((plain(str(checked.path)), "bold"), ("  " + ", ".join(facts), "dim")))
    for code, data in checked.receipt:
        said = f"{code} {RECEIPTS.get(code, '')}"
        told = f"  {plain(data)}" if data else ""
        to.print(Text.assemble("  receipt  ", (said, "green" if code == 100 else "red"), told))
    counted = [f"{units.accepted:,} of {units.all:,} units accepted"] if units.all else []
    counted += [f"{n:,} {name}" for n, name in ((units.rejected, "rejected"), (units.held, "held")) if n]
    to.print(Text.assemble("  outcome  ", (checked.outcome, f"bold {colour}"), f"  {', '.join(counted)}"))
    _print_breaches(to, checked)


def _print_breaches(to: "Console", checked: "Checked") -> None:
    total, listed = sum(checked.counts.values()), checked.breaches.head(SCREENFUL)
    if not total:
        return
    to.print()
    rows = listed.select("line", "rule", "severity", "item", "value", "message").iter_rows()
    to.print(table(["line", "rule", "", "item", "value", "message"], rows))
    if total > listed.height:
        by_rule = ", ".join(f"{rule} {count:,}" for rule, count in sorted(checked.counts.items()))
        to.print(f"\n{listed.height} of {total:,} breaches are listed; in all: {by_rule}")
