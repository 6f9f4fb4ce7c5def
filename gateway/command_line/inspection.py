"""`gridpost submissions`, `show` and `status`: what came in, what became of it, how the gateway stands."""

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from gateway.command_line.place import NotPossibleError, Place
from market.clock import LONDON, system_clock
from store.states import Outcome, SubmissionState

if TYPE_CHECKING:
    from rich.console import Console

Ref = Annotated[str, typer.Argument(help="a reference, its beginning, or ACCOUNT/FILE NAME")]
"""Names one submission."""

SCREENFUL = 20
"""How many breaches of a run the text lists."""


def add_inspection(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("submissions")(_submissions)
    app.command("show")(_show)
    app.command("status")(_status)


def _submissions(
    context: typer.Context,
    flow: Annotated[str | None, typer.Option(metavar="TYPE")] = None,
    party: Annotated[str | None, typer.Option(metavar="ID")] = None,
    state: Annotated[SubmissionState | None, typer.Option(case_sensitive=False)] = None,
    outcome: Annotated[Outcome | None, typer.Option(case_sensitive=False)] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="a London day, or a time of ISO 8601")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="TIME", help="the same, included")] = None,
    limit: Annotated[int, typer.Option(min=1)] = 50,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List submissions, newest first."""
    from gateway import submission_pages
    from store import submissions
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        found = submissions.find(
            session,
            file_type=flow,
            party_id=party,
            state=state,
            outcome=outcome,
            received_from=moment(from_, last=False),
            received_until=moment(to, last=True),
            limit=limit,
        )
        rows = [submission_pages.row(one) for one in found]
    if format_ is Format.TEXT:
        rows = [_short(row) for row in rows]
    print_rows(format_, rows, "no submission fits")


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """A submission in one line of a terminal: its outcome stands in place of its state where it has one."""
    flag = row["test_flag"] if row["test_flag"] not in (None, "OPER") else ""
    return {
        "ref": row["ref"],
        "received_at": row["received_at"],
        "party": row["party_id"],
        "flow": f"{row['file_type'] or ''} {flag}".strip(),
        "receipt": row["receipt"],
        "outcome": row["outcome"] or row["state"],
        "file_name": row["file_name"],
    }


def moment(text: str | None, *, last: bool) -> datetime | None:
    """A time of ISO 8601; of a London day its first second, or its last."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotPossibleError(f"{text} is neither a day YYYY-MM-DD nor a time of ISO 8601") from error
    if len(text) == len("2026-03-29"):
        day = moment.date() + timedelta(days=last)
        return datetime.combine(day, time(), LONDON) - timedelta(seconds=last)
    if moment.tzinfo is None:
        raise NotPossibleError(f"{text} has neither an offset nor Z")
    return moment


def _show(context: typer.Context, ref: Ref, format_: FormatOption = Format.TEXT) -> None:
    """Show everything about a submission: history, runs, breaches, answers."""
    from gateway import submission_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        page = submission_pages.page(session, place.home_if_named, submission_pages.named(session, ref))
    if format_ is Format.JSON:
        write_json(page)
    else:
        _print(console(), page)


def _print(to: "Console", page: dict[str, Any]) -> None:
    many = ("history", "runs", "answers", "notified", "declared")
    facts = [(name.replace("_", " "), value) for name, value in page.items() if name not in many and value is not None]
    to.print(table(["submission", page["ref"]], facts[1:]))
    for name in ("history", "answers", "notified", "declared"):
        if page[name]:
            rows = [[value for key, value in row.items() if key not in ("id", "redelivery_of")] for row in page[name]]
            keys = [key for key in page[name][0] if key not in ("id", "redelivery_of")]
            to.print(f"\n{name}\n")
            to.print(table([key.replace("_", " ") for key in keys], rows))
    for run in page["runs"]:
        to.print(
            f"\nrun {run['number']}, {run['kind']}, {shown(run['finished_at'])}: {run['outcome']}, "
            f"{run['units_accepted']:,} of {run['units_in']:,} units accepted, {run['units_rejected']:,} rejected, "
            f"{run['units_held']:,} held; {run['breaches_total']:,} breaches\n"
            f"policy {run['policy_version']}, rules {run['rules_version']}, reference {run['reference_version']}"
        )
        _print_breaches(to, run)


def _print_breaches(to: "Console", run: dict[str, Any]) -> None:
    names = ("line", "rule", "severity", "unit_key", "item", "value", "message")
    listed = run["breaches"][:SCREENFUL]
    if listed:
        to.print()
        to.print(table([name.replace("_", " ") for name in names], [[row[name] for name in names] for row in listed]))
    if run["breaches_total"] > len(listed):
        to.print(f"\n{len(listed)} of {run['breaches_total']:,} breaches are listed")


def _status(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """Show whether a gateway works, and what waits."""
    from gateway import submission_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        disk = place.space_if_named
        found = submission_pages.status(session, system_clock(), disk)
    if format_ is Format.JSON:
        write_json(found)
        return
    gateway = found["gateway"]
    working = f"{gateway['name']} works" if gateway else "none works"
    write(f"gateway      {plain(working)}\n")
    write(f"policy       {found['policy']}\nreference    version {found['reference_version']}\n")
    for name in ("submissions", "answers"):
        counted = ", ".join(f"{count:,} {state}" for state, count in found[name].items() if count)
        write(f"{name:12} {counted or 'none'}\n")
    for gap in found["gaps"]:
        write(f"held         {gap['held']:,} of {plain(gap['channel'])}, which expects {gap['expects']}\n")
    if disk is not None:
        write(f"disk         {disk}\n")
    write(f"faults       {found['faults']:,}\n")
    uncollected = dict(found["uncollected"])
    oldest = uncollected.pop("oldest_delivered_at")
    ages = ", ".join(f"{count:,} {age}" for age, count in uncollected.items() if age != "all" and count)
    write(f"uncollected  {uncollected['all']:,}" + (f" ({ages})" if ages else ""))
    write(f", the oldest of {shown(oldest)} GMT\n" if oldest else "\n")
