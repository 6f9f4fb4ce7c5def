"""`gridpost reference` and `policy`: the dated data and decisions that files are judged by."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.output import Format, FormatOption, console, plain, shown, table, write, write_json
from gateway.command_line.place import Place, operator
from market.clock import london_day, system_clock

if TYPE_CHECKING:
    from market.policy import PolicyTable
    from store.reference_load import Summary

_TOLD = 20
"""How many told and skipped rows the text of a load names."""

_reference = typer.Typer(no_args_is_help=True)
_KINDS = "parties, signatories, bm-units, msid-pairs, distributors, calendar, pair-volumes, metered-volumes"
_policy = typer.Typer(invoke_without_command=True)


def add_parameters(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.add_typer(_reference, name="reference", help="Dated reference data.")
    app.add_typer(_policy, name="policy")


@_reference.command("load")
def _load_reference(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help=_KINDS)],
    file: Path,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Load a file of reference data; rows are added, corrected and ended, never overwritten.

    It is CSV but for the calendar, which is an S0161001, and metered volumes, which may be a C0421002.
    """
    from gateway.metered_volumes import load as load_metered_volumes
    from gateway.settlement_calendar import load as load_calendar
    from store import metered_volumes, pair_volumes, settlement_calendar
    from store.database import writing
    from store.reference_load import load

    place: Place = context.obj
    if kind == metered_volumes.KIND:
        with place.opened() as engine, writing(engine) as session:
            metered = load_metered_volumes(session, place.home, file, at=system_clock(), actor=operator())
        if format_ is Format.JSON:
            write_json({"kind": kind, **vars(metered)})
        else:
            told = f"{metered.volumes} volumes of {metered.bm_units} BM Units on {metered.days} days"
            write(f"{kind}: {told}, as {metered.ref}\n")
        return
    if kind == pair_volumes.KIND:
        with place.opened() as engine, writing(engine) as session:
            done = pair_volumes.load(session, place.home, file, at=system_clock(), actor=operator())
        if format_ is Format.JSON:
            write_json({"kind": kind, **vars(done)})
        else:
            write(f"{kind}: {done.volumes} volumes of {done.pairs} pairs on {done.days} days, as {done.ref}\n")
        return
    with place.opened() as engine, writing(engine) as session:
        if kind == settlement_calendar.KIND:
            summary = load_calendar(session, file, at=system_clock(), actor=operator())
        else:
            summary = load(session, kind, file, at=system_clock(), actor=operator())
    if format_ is Format.JSON:
        write_json(_summary(summary))
        return
    write(
        f"{summary.kind}: {summary.added} rows added, {summary.corrected} corrected, {summary.ended} ended, "
        f"{summary.unchanged} unchanged, {summary.skipped.height} skipped; {summary.parties_added} parties added; "
        f"reference version {summary.version}\n"
    )
    for name, frame in (("skipped", summary.skipped), ("told", summary.told)):
        lines = [f"{name}: line {line}: {plain(message)}\n" for line, message in frame.head(_TOLD).iter_rows()]
        more = [f"{name}: and {frame.height - _TOLD} more\n"] if frame.height > _TOLD else []
        write("".join([*lines, *more]))


def _summary(summary: "Summary") -> dict[str, Any]:
    counted = {name: value for name, value in vars(summary).items() if isinstance(value, int | str)}
    return {**counted, "skipped": summary.skipped.to_dicts(), "told": summary.told.to_dicts()}


@_policy.callback()
def _show_policy(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """Show the policy in force; `policy load` puts another in force."""
    if context.invoked_subcommand is not None:
        return
    from store import policy
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        version, known = policy.version(session), policy.in_force(session)
    today = known.on(london_day(system_clock()))
    limits = {f"{season} {year}": asdict(limit) for (season, year), limit in known.capacity_limits.items()}
    if format_ is Format.JSON:
        write_json({"version": version, "policy": asdict(today), "capacity_limits": limits})
        return
    write(f"policy {version}, as it holds today; {len(known.policies)} dated in all\n")
    flows = {f"{flow}.{name}": value for flow, limit in today.flows.items() for name, value in vars(limit).items()}
    baseline = {f"baseline.{name}": value for name, value in vars(today.baseline).items()}
    values = {name: value for name, value in vars(today).items() if name not in ("flows", "baseline")}
    values |= baseline | flows
    console().print(table(["name", "value"], [(name, shown(value)) for name, value in values.items()]))
    for season, limit in limits.items():
        sides = [f"{side} {one['absolute_kw']} kW or {one['percent']} %" for side, one in limit.items()]
        write(f"{season}: {', '.join(sides)}, the larger\n")


@_policy.command("load")
def _load_policy(context: typer.Context, file: Path) -> None:
    """Put the policy of a file in force."""
    from store import policy
    from store.database import writing

    place: Place = context.obj
    text = file.read_text(encoding="utf-8")
    with place.opened() as engine, writing(engine) as session:
        before = policy.in_force(session) if policy.loaded(session) else None
        version = policy.load(session, text, at=system_clock(), actor=operator())
        seasons = _newly_limited(before, policy.in_force(session))
    write(f"policy {version} is in force\n")
    if seasons:
        write(
            f"the GC and DC Limits of {', '.join(seasons)} are new: past days are held against them by hand, each with "
            "`gridpost run gcdc-breaches --date D`\n"
        )


def _newly_limited(before: "PolicyTable | None", now: "PolicyTable") -> list[str]:
    """The seasons that have begun and whose limits differ from those before."""
    from market.season import Season

    known = before.capacity_limits if before else {}
    today = london_day(system_clock())
    changed = [Season(*key) for key, limits in now.capacity_limits.items() if known.get(key) != limits]
    return [str(season) for season in changed if season.first_day <= today]
