"""`gridpost schedule`, `run` and `summary`: what runs when, a start by hand, and the operator's day."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import (
    Format,
    FormatOption,
    console,
    plain,
    print_rows,
    shown,
    table,
    write,
    write_json,
)
from gateway.command_line.place import Place, operator
from market.clock import LONDON, london_day, system_clock

if TYPE_CHECKING:
    from rich.console import Console


def add_schedule(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("schedule")(_schedule)
    app.command("run")(_run)
    app.command("summary")(_summary)


def _schedule(
    context: typer.Context,
    check: Annotated[str | None, typer.Argument(help="show the runs of this check instead")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the scheduled runs with last and next times, or what became of those of one check."""
    from gateway.schedule import pages
    from gateway.schedule.catalogue import product_schedules
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        if check is not None:
            rows = pages.run_rows(session, check)
        else:
            rows = pages.schedule_rows(session, product_schedules(), system_clock())
    if format_ is Format.TEXT:
        rows = [_short_run(row) if check else _short(row) for row in rows]
    print_rows(format_, rows, f"{check} never ran" if check else "nothing is scheduled")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    last = row["last"]
    return {
        "check": row["check"],
        "cron": row["cron"],
        "missed": row["missed"],
        "last for": last and last["business_date"],
        "last finished (London)": _in_london(last and last["finished_at"]),
        "next due (London)": _in_london(row["next_due_at"]),
    }


def _short_run(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "for": row["business_date"],
        "attempt": row["attempt"],
        "state": row["state"],
        "finished (London)": _in_london(row["finished_at"]),
        "summary": row["fault"] or _told(row["summary"] or {}),
    }


def _in_london(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(LONDON):%Y-%m-%d %H:%M}"


def _told(summary: dict[str, Any]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in summary.items() if value not in (None, {}))


def _run(
    context: typer.Context,
    check: Annotated[str, typer.Argument(help="a check of schedules.toml, such as missing-notifications")],
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="the business date; today")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Start a scheduled run by hand; it adds an attempt at its business date, and tells no party anything twice."""
    from gateway.office import Office
    from gateway.schedule.carrying_out import carry_out
    from gateway.schedule.catalogue import check_named, product_schedules
    from gateway.schedule.pages import run_row
    from gateway.serve import office_name
    from store import audit, scheduled_runs
    from store.database import reading, writing

    check_named(check)
    place: Place = context.obj
    now = system_clock()
    wanted = day_of(day) if day else london_day(now)
    parameters = next((one.parameters for one in product_schedules() if one.check == check), {})
    with place.opened() as engine:
        office = Office(place.home, engine, place.location, system_clock, office_name())
        with writing(engine) as session:
            run = scheduled_runs.start_by_hand(session, check, wanted, owner=office.name, at=now)
            subject = f"{check} {wanted} {run.attempt}"
            audit.write(
                session, at=now, actor=operator(), action="start run", subject_kind="scheduled run", subject=subject
            )
        carry_out(office, run, parameters)
        with reading(engine) as session:
            assert run.id is not None
            row = run_row(session.get_one(type(run), run.id))
    if format_ is Format.JSON:
        write_json(row)
    else:
        write(plain(f"attempt {row['attempt']} at {check} for {wanted}: {_told(row['summary'])}") + "\n")


def _summary(
    context: typer.Context,
    day: Annotated[str | None, typer.Option("--date", metavar="DATE", help="a London day; today")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Sum up a day: received, refused by rule, late, held, faults, what is not collected, deadlines ahead."""
    from gateway.day_summary import summary
    from store.database import reading

    place: Place = context.obj
    now = system_clock()
    with place.opened() as engine, reading(engine) as session:
        found = summary(session, day_of(day) if day else london_day(now), now)
    if format_ is Format.JSON:
        write_json(found)
    else:
        _print(console(), found)


def _print(to: "Console", found: dict[str, Any]) -> None:
    write(f"{found['date']}: {found['received']['files']:,} files received\n")
    parts = {
        "received": found["received"]["by_flow"],
        "refused, by rule": found["refused_by_rule"],
        "late": found["late"],
        "held now": found["held"],
        "faults now": found["faults"],
        "outboxes not collected": found["outboxes"],
        "scheduled runs not finished": found["unfinished_runs"],
        "deadlines ahead": found["deadlines"],
    }
    for head, rows in parts.items():
        if rows:
            names = [name.replace("_", " ") for name in rows[0]]
            write(f"\n{head}\n\n")
            to.print(table(names, [[_cell(value) for value in row.values()] for row in rows]))
    ages = ", ".join(f"{count:,} {age}" for age, count in found["uncollected"].items() if age.startswith("over"))
    write(f"\n{found['uncollected']['all']:,} answers are not collected: {ages}\n")
    nothing = [head for head, rows in parts.items() if not rows]
    if nothing:
        write(f"none: {', '.join(nothing)}\n")


def _cell(value: object) -> object:
    return ", ".join(map(shown, value)) if isinstance(value, list) else value
