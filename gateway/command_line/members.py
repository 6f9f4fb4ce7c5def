"""`gridpost party` and `signatory`: who may send what, and who may sign it."""

from datetime import date
from typing import Annotated

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import Format, FormatOption, plain, print_rows, write
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import london_day, system_clock

_Day = Annotated[str | None, typer.Option(metavar="YYYY-MM-DD")]
_Reason = Annotated[str, typer.Option(help="why, for the audit")]
_OfParty = Annotated[str | None, typer.Option(metavar="ID", help="of this party only")]

_party = typer.Typer(no_args_is_help=True)
_signatory = typer.Typer(no_args_is_help=True)


def add_members(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.add_typer(_party, name="party", help="Parties and the roles that they hold.")
    app.add_typer(_signatory, name="signatory", help="Who may sign for a party, and in which category.")


def _day(text: str | None, default: date) -> date:
    return default if text is None else day_of(text)


def _last_day(text: str | None) -> date:
    """The last day: as given, or today in London."""
    return _day(text, london_day(system_clock()))


@_party.command("add")
def _add_party(
    context: typer.Context,
    party_id: str,
    name: Annotated[str, typer.Option(help="the party's name; its id where it is not given")] = "",
    role: Annotated[list[str], typer.Option(metavar="BP", help="a role that it holds; may be repeated")] = [],  # noqa: B006
    since: _Day = None,
    until: _Day = None,
) -> None:
    """Add a party with its roles, or give a known one further roles."""
    from market.frames import OPEN_END
    from market.reference import MARKET_START
    from store import parties
    from store.database import writing
    from store.refused import RefusedError

    place: Place = context.obj
    days = {"effective_from": _day(since, MARKET_START), "effective_to": _day(until, OPEN_END)}
    if not role:
        raise NotPossibleError("no role is named: --role BP")
    with place.opened() as engine, writing(engine) as session:
        at, actor = system_clock(), operator()
        try:
            parties.get(session, party_id)
        except RefusedError:
            parties.add(session, party_id, name or party_id, role, **days, actor=actor, at=at)
        else:
            parties.add_roles(session, party_id, role, **days, actor=actor, at=at)
    write(f"party {plain(party_id)} holds {' '.join(map(plain, role))}\n")


@_party.command("list")
def _list_parties(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """List the parties with their roles."""
    from store import parties
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        names = {party.party_id: party.name for party in parties.listed(session)}
        rows = [
            {
                "party_id": party_id,
                "role": held.role,
                "effective_from": held.effective_from,
                "effective_to": held.effective_to,
                "name": name,
            }
            for party_id, name in names.items()
            for held in parties.roles(session, party_id)
        ]
    print_rows(format_, rows, "no party is known")


@_party.command("end")
def _end_party(
    context: typer.Context,
    party_id: str,
    role: Annotated[str | None, typer.Option(help="this role only")] = None,
    last_day: _Day = None,
    reason: _Reason = "",
) -> None:
    """End a party's roles after a day, today if none is given."""
    from store import parties
    from store.database import writing

    place: Place = context.obj
    day = _last_day(last_day)
    with place.opened() as engine, writing(engine) as session:
        ended = parties.end(session, party_id, day, role=role, actor=operator(), at=system_clock(), why=reason)
    write(f"{ended} role rows of party {plain(party_id)} end on {day}\n")


@_signatory.command("add")
def _add_signatory(
    context: typer.Context,
    name: str,
    party: Annotated[str, typer.Option(metavar="ID")],
    category: Annotated[list[str], typer.Option(help="a category (BSCP38); may be repeated")],
    since: _Day = None,
    until: _Day = None,
) -> None:
    """Let a person sign for a party."""
    from market.frames import OPEN_END
    from market.reference import MARKET_START
    from store import signatories
    from store.database import writing

    place: Place = context.obj
    days = {"effective_from": _day(since, MARKET_START), "effective_to": _day(until, OPEN_END)}
    with place.opened() as engine, writing(engine) as session:
        at, actor = system_clock(), operator()
        for each in category:
            signatories.add(session, party, name, each, **days, actor=actor, at=at)
    write(f"{plain(name)} signs for {plain(party)} in {' '.join(map(plain, category))}\n")


@_signatory.command("list")
def _list_signatories(context: typer.Context, party: _OfParty = None, format_: FormatOption = Format.TEXT) -> None:
    """List who signs for whom."""
    from store import signatories
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        rows = [
            {
                "party_id": row.party_id,
                "category": row.category,
                "effective_from": row.effective_from,
                "effective_to": row.effective_to,
                "name": row.name,
            }
            for row in signatories.listed(session, party)
        ]
    print_rows(format_, rows, "no signatory is known")


@_signatory.command("end")
def _end_signatory(
    context: typer.Context,
    name: str,
    party: Annotated[str, typer.Option(metavar="ID")],
    category: Annotated[str | None, typer.Option(help="this category only")] = None,
    last_day: _Day = None,
    reason: _Reason = "",
) -> None:
    """End what a person signs for a party after a day, today if none is given."""
    from store import signatories
    from store.database import writing

    place: Place = context.obj
    day = _last_day(last_day)
    with place.opened() as engine, writing(engine) as session:
        ended = signatories.end(
            session, party, name, day, category=category, actor=operator(), at=system_clock(), why=reason
        )
    write(f"{ended} rows of {plain(name)} for {plain(party)} end on {day}\n")
