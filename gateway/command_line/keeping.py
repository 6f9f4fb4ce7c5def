"""`gridpost retention` and `backup`: what is kept, for how long, and where a second time."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import Format, FormatOption, print_rows, write, write_json
from gateway.command_line.place import Place
from market.clock import london_day, system_clock

RESTORE = "pg_restore --exit-on-error --no-owner --dbname=URL"
"""How the dump of a PostgreSQL store is restored; the dump's name stands behind it."""


def add_keeping(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("retention")(_retention)
    app.command("backup")(_backup)


def _retention(
    context: typer.Context,
    date_: Annotated[str | None, typer.Option("--date", metavar="D", help="a London day; today")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List what the next run of the check retention gives up; changes nothing."""
    from gateway import expired_sets
    from gateway.retention import expired
    from store import policy
    from store.database import reading

    place: Place = context.obj
    day = day_of(date_) if date_ else london_day(system_clock())
    with place.opened() as engine:
        with reading(engine) as session:
            in_force = policy.in_force(session).on(day)
            found = expired(session, in_force, day)
        sets = expired_sets.expired(engine, place.home, in_force, day).all
    rows = found.submissions.drop("sha256").to_dicts()
    if format_ is Format.JSON:
        told = {"submissions": rows, "record_sets": sets.to_dicts(), "answers": found.answers, "audit": found.audit}
        write_json({"date": day, **told})
        return
    print_rows(format_, rows, "the bytes of every submission are kept")
    write(f"record sets past their days: {sets.height:,}, {sets['size'].sum():,} bytes\n")
    write(f"answers whose bytes are past their days: {found.answers:,}; rows of the audit: {found.audit:,}\n")


def _backup(
    context: typer.Context, folder: Annotated[Path, typer.Argument(help="a folder that is not there yet")]
) -> None:
    """Copy the store and everything that it names into a new home; the gateway may go on working."""
    from gateway.backup import back_up

    place: Place = context.obj
    with place.opened() as engine:
        done = back_up(place.home, engine, folder)
    write(
        f"{folder}: a store of {done.submissions:,} submissions, {done.archived:,} archived files, "
        f"{done.record_sets:,} record sets, {done.uncollected:,} uncollected answers, {done.landed:,} landed files\n"
        + (
            f"restore the store into an empty database: {RESTORE} {done.dump}; name it with --store\n"
            if done.dump
            else ""
        )
    )
