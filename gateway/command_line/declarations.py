"""`gridpost declarations`: which facilities are declared, by whom, and what is held."""

from datetime import date
from typing import Annotated

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import Format, FormatOption, print_rows
from gateway.command_line.place import Place
from market.clock import london_day, system_clock


def add_declarations(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("declarations")(_declarations)


def _declarations(
    context: typer.Context,
    facility: Annotated[str | None, typer.Option(metavar="ID", help="one facility only")] = None,
    party: Annotated[str | None, typer.Option(metavar="ID", help="one Supplier only")] = None,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="as of a London day; today")] = None,
    all_: Annotated[bool, typer.Option("--all", help="those too that have ended")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the declarations of facilities that are held, in force or to come."""
    from gateway import declaration_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        rows = declaration_pages.listed(session, _day(day), facility_id=facility, party_id=party, ended=all_)
    if format_ is Format.TEXT:
        short = ("declaration_id", "facility_id", "declaration_set_id", "supplier_id", "standing")
        rows = [
            {**{name: row[name] for name in short}, "from": row["effective_from"], "to": row["effective_to"]}
            | {"systems": f"{row['metering_systems']} of {row['of_set']}", "submission": row["submission_ref"]}
            for row in rows
        ]
    print_rows(format_, rows, "nothing is declared")


def _day(text: str | None) -> date:
    return london_day(system_clock()) if text is None else day_of(text)
