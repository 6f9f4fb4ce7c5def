"""`gridpost pn`: what is notified of a BM Unit for a Settlement Day, drawn and listed."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import Format, FormatOption, console, table, write, write_json
from gateway.command_line.place import Place
from market.clock import LONDON, system_clock

if TYPE_CHECKING:
    from gateway.terminal_plot import Profile


def add_profiles(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("pn")(_pn)


def _pn(
    context: typer.Context,
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="a BM Unit, by its BSC id or NETSO name")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="a Settlement Day, YYYY-MM-DD")],
    test_flag: Annotated[str, typer.Option(metavar="FLAG", help="the test traffic that counts besides")] = "OPER",
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the PN, MEL and MIL in force of a BM Unit and day, and the submissions they come from."""
    from gateway import notification_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        page = notification_pages.page(session, place.home, unit, day_of(day), system_clock(), test_flag)
    if format_ is Format.JSON:
        write_json(page)
    elif not page["profile"]:
        write(f"nothing is notified of {page['bm_unit_id']} for {page['settlement_date']}\n")
    else:
        _print(page)


def _print(page: dict[str, Any]) -> None:
    from gateway.terminal_plot import day_plot

    profiles: dict[str, Profile] = {}
    for piece in page["profile"]:
        ends = [(piece["piece_from"], _power(piece["mw_from"])), (piece["piece_to"], _power(piece["mw_to"]))]
        profiles[piece["kind"]] = [*profiles.get(piece["kind"], []), *ends]
    write(f"{page['bm_unit_id']} on {page['settlement_date']}, local time\n\n")
    write(f"{day_plot(page['settlement_date'], profiles)}\n\n")
    names = ("kind", "period", "from", "to", "MW from", "MW to", "final", "submission", "line")
    rows = [
        (
            *(piece["kind"], piece["settlement_period"], _local(piece["piece_from"]), _local(piece["piece_to"])),
            *(piece["mw_from"], piece["mw_to"], piece["final"], piece["submission_ref"], piece["line"]),
        )
        for piece in page["profile"]
    ]
    console().print(table(names, rows))
    write("\nsubmissions\n\n")
    history = [list(row.values()) for row in page["history"]]
    console().print(table(("received at", "submission", "kind", "periods", "in force"), history))


def _local(instant: datetime) -> str:
    return f"{instant.astimezone(LONDON):%H:%M}"


def _power(text: str) -> float:
    """A level as a binary float, for drawing alone; it may be a fraction such as 100/3."""
    over, _, under = text.partition("/")
    return float(over) / float(under or 1)
