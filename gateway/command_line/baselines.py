"""`gridpost baseline`: what BL01 expects of a Party's Baselined BM Units, its working, and the P0333002 telling it."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.days import day_of
from gateway.command_line.output import Format, FormatOption, console, plain, table, write, write_json
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock

if TYPE_CHECKING:
    import polars as pl

    from market.baseline.bl01 import Baseline

RUN_TYPES = ("II", "SF", "R1", "R2", "R3", "RF", "D", "DF")
ROLES = ("BP", "VP", "AV")
"""The roles in which a Party has Baselined BM Units."""


def add_baselines(app: typer.Typer) -> None:
    """Adds the command of this module."""
    app.command("baseline")(_baseline)


def _baseline(
    context: typer.Context,
    party: Annotated[str, typer.Argument(metavar="PARTY", help="the Lead Party of the Baselined BM Units")],
    day: Annotated[str, typer.Argument(metavar="DATE", help="the Settlement Date, YYYY-MM-DD")],
    event: Annotated[
        list[str] | None,
        typer.Option(metavar="BM_UNIT=PERIOD", help="the period in which a BM Unit's event begins; may stand again"),
    ] = None,
    send: Annotated[
        str | None, typer.Option(metavar="RUN", help="send the P0333002 of this settlement run to the party")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Show the baseline of a Party's BM Units with its working; with --send, report it to the party."""
    from gateway.baseline_report import baselined_units, stored_baseline
    from store.database import reading

    if send is not None and send not in RUN_TYPES:
        raise NotPossibleError(f"{send} is no settlement run; there are {', '.join(RUN_TYPES)}")
    place: Place = context.obj
    wanted, begins = day_of(day), dict(_event(text) for text in event or [])
    with place.opened() as engine:
        with reading(engine) as session:
            units = baselined_units(session, party, wanted)
            strangers = sorted(begins.keys() - set(units))
            if strangers:
                raise NotPossibleError(f"{strangers[0]} is no Baselined BM Unit of {party} on {wanted}")
            found = stored_baseline(session, place.home, units, wanted, begins)
        _tell(format_, party, found)
        if send is not None:
            _send(engine, party, send, found)


def _event(text: str) -> tuple[str, int]:
    unit, _, period = text.partition("=")
    if not period.isdigit() or not 1 <= int(period) <= 50:
        raise NotPossibleError(f"{text} is not BM_UNIT=PERIOD with a period from 1 to 50")
    return unit, int(period)


def _send(engine: Any, party: str, run_type: str, found: "Baseline") -> None:
    from gateway.baseline_report import baseline_report
    from gateway.notices import add_notice
    from store import audit
    from store.database import writing

    now = system_clock()
    with writing(engine) as session:
        sent = add_notice(
            session,
            party,
            "P0333002",
            "G",
            now,
            lambda header: baseline_report(header, run_type, found),
            to_roles=ROLES,
        )
        if sent is None:
            raise NotPossibleError(f"no BM Unit of {party} has a pair on {found.day}: there is nothing to report")
        audit.write(
            session,
            at=now,
            actor=operator(),
            action="report baseline",
            subject_kind="answer",
            subject=f"{sent.account}/{sent.name}",
            detail={"settlement_date": found.day.isoformat(), "run_type": run_type},
        )
        told = f"P0333002 {plain(sent.name)} goes to {plain(sent.account)}\n"
    console(stderr=True).print(told, end="")


def _tell(format_: Format, party: str, found: "Baseline") -> None:
    if format_ is Format.JSON:
        frames = {name: _in_mwh(getattr(found, name)).to_dicts() for name in ("units", "volumes", "days")}
        write_json({"party_id": party, "settlement_date": found.day, **frames})
    elif found.units.is_empty():
        write(f"{party} leads no Baselined BM Unit with a pair on {found.day}\n")
    else:
        write(f"expected volumes of {found.day} in MWh; baselined ones have import positive, the others export\n\n")
        _print(_in_mwh(found.units))
        write("\nworking of each pair\n\n")
        _print(_in_mwh(found.volumes))
        write("\ndays chosen, and why others are left out\n\n")
        _print(found.days)


def _print(frame: "pl.DataFrame") -> None:
    console().print(table([name.replace("_", " ") for name in frame.columns], frame.rows()))


def _in_mwh(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Volumes, which stand scaled by 10,000, as texts in MWh."""
    import polars as pl

    from market.number_text import decimal_text

    scaled = ("submitted", "baselined", "expected", "volume", "metered", "day_sum", "adjustment_sum")
    return frame.with_columns(decimal_text(pl.col(name), 4).alias(name) for name in scaled if name in frame.columns)
