"""`gridpost breaches`, `breach` and `challenge`: GC/DC breaches, the life of one, and the decision on its challenge."""

from datetime import date
from decimal import Decimal
from pathlib import Path
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
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock

if TYPE_CHECKING:
    from gateway.terminal_plot import Profile

_challenge = typer.Typer(no_args_is_help=True)

_Ref = Annotated[str, typer.Argument(metavar="REF", help="the reference of a breach, such as GCB00000000001")]

_FACTS = (
    *(
        "reference",
        "bm_unit_id",
        "party_id",
        "side",
        "season",
        "state",
        "periods",
        "worst",
        "metered_mwh",
        "metered_mw",
    ),
    *("declared_mw", "limit_mw", "estimate_mw", "effective_from", "challenge_by", "value_mw", "opened_at", "closed_at"),
)


def add_breaches(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("breaches")(_breaches)
    app.command("breach")(_breach)
    app.add_typer(_challenge, name="challenge", help="Challenges of the values estimated after GC/DC breaches.")


def _breaches(
    context: typer.Context,
    only_open: Annotated[bool, typer.Option("--open", help="those that are not decided")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the GC/DC breaches."""
    from gateway import breach_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        rows = breach_pages.rows(session, only_open=only_open)
    print_rows(format_, rows, "no GC/DC breach is open" if only_open else "no GC/DC breach is known")


def _breach(
    context: typer.Context,
    ref: _Ref,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="draw the worst day as a picture too")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the life of a GC/DC breach, and its worst day drawn against the declared value and the limit."""
    from gateway import breach_pages
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        page = breach_pages.page(session, place.home, ref)
    if png is not None:
        _write_picture(png, page)
    if format_ is Format.JSON:
        write_json(page)
    else:
        _print(page)


def _write_picture(path: Path, page: dict[str, Any]) -> None:
    from gateway.day_picture import write_png

    if not page["metered"]:
        raise NotPossibleError(f"no metered volume of the worst day of {page['reference']} is in force")
    day, profiles = _profiles(page)
    try:
        write_png(path, f"{page['bm_unit_id']} on {day}, breach {page['reference']}", day, profiles)
    except OSError as error:
        raise NotPossibleError(f"{path} cannot be written: {error.strerror}") from error


def _print(page: dict[str, Any]) -> None:
    write("".join(f"{name.replace('_', ' '):15} {shown(page[name])}\n" for name in _FACTS))
    challenge = page["challenge"]
    if challenge:
        told = f"{challenge['proposed_mw']} MW proposed in {challenge['submission_ref']}, {plain(challenge['reason'])}"
        write(f"{'challenge':15} {told}\n")
    if page["metered"]:
        write(f"\n{_drawn(page)}\n")
    write("\ndays in breach\n\n")
    names = ("settlement date", "periods", "worst period", "metered MW")
    console().print(table(names, [list(day.values()) for day in page["days"]]))
    write("\nhistory\n\n")
    events = [list(event.values()) for event in page["history"]]
    console().print(table(("at", "by", "what", "state", "why"), events))


def _drawn(page: dict[str, Any]) -> str:
    from gateway.terminal_plot import day_plot

    day, profiles = _profiles(page)
    return f"{page['bm_unit_id']} on {day}, local time\n\n{day_plot(day, profiles)}"


def _profiles(page: dict[str, Any]) -> tuple[date, "dict[str, Profile]"]:
    """The worst day, and on it the metered power, the declared value and the value with its limit."""
    from market.clock import london_day

    metered: Profile = [
        (instant, float(period["mw"])) for period in page["metered"] for instant in (period["from"], period["to"])
    ]
    ends = (metered[0][0], metered[-1][0])
    return london_day(ends[0]), {
        "metered": metered,
        page["side"]: [(end, float(page["declared_mw"])) for end in ends],
        f"{page['side']} and limit": [(end, float(page["bound_mw"])) for end in ends],
    }


@_challenge.command("decide")
def _decide(
    context: typer.Context,
    ref: _Ref,
    decision: Annotated[str, typer.Option(metavar="U|R|P", help="upheld, rejected, upheld in part")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="why, for the party and the audit")],
    value: Annotated[
        str | None, typer.Option(metavar="MW", help="what takes effect where it is upheld in part")
    ] = None,
) -> None:
    """Decide on the challenge of a breach: its value takes effect, and the Lead Party is told (K0155001)."""
    from gateway.gcdc_decisions import Decision, decide
    from market.number_text import number_text
    from store.database import writing

    if decision not in list(Decision):
        raise NotPossibleError(f"{decision} is no decision: U is upheld, R rejected, P upheld in part")
    place: Place = context.obj
    kilowatts = None if value is None else _kilowatts(value)
    with place.opened() as engine, writing(engine) as session:
        done = decide(session, ref, Decision(decision), kilowatts, reason=reason, actor=operator(), at=system_clock())
    told = f"{ref} is decided {decision}: {number_text(done.value_kw, 3)} MW; {done.why}"
    write(f"{plain(told)}\n")
    if done.untold:
        write(f"no registration report goes out: {plain(done.untold)}\n")


def _kilowatts(text: str) -> int:
    import re

    if not re.fullmatch(r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,3})?", text):
        raise NotPossibleError(f"{text} is not MW with at most three decimals")
    return int(Decimal(text) * 1000)
