"""Operator decisions: `gridpost rerun`, `withdraw`, `release`, `reset-sequence`, each with its reason in the audit."""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gateway.command_line.inspection import Ref, moment
from gateway.command_line.output import Format, FormatOption, console, plain, table, write, write_json
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock
from store.states import Outcome

if TYPE_CHECKING:
    from gateway.reruns import Difference

SCREENFUL = 20
"""How many breaches and units of a difference the text lists."""

_Reason = Annotated[str, typer.Option(metavar="TEXT", help="why, for the audit")]


def add_decisions(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("rerun")(_rerun)
    app.command("withdraw")(_withdraw)
    app.command("release")(_release)
    app.command("reset-sequence")(_reset_sequence)


def _rerun(
    context: typer.Context,
    refs: Annotated[list[str] | None, typer.Argument(metavar="REF...")] = None,
    flow: Annotated[str | None, typer.Option(metavar="TYPE")] = None,
    party: Annotated[str | None, typer.Option(metavar="ID")] = None,
    outcome: Annotated[Outcome | None, typer.Option(case_sensitive=False)] = None,
    rule: Annotated[str | None, typer.Option(metavar="ID", help="those that broke this rule")] = None,
    from_: Annotated[str | None, typer.Option("--from", metavar="TIME", help="a London day, or ISO 8601")] = None,
    to: Annotated[str | None, typer.Option(metavar="TIME", help="the same, included")] = None,
    as_received: Annotated[
        bool, typer.Option("--as-received", help="by the policy and reference data of the first run")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show what would change, change nothing")] = False,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="why, for the audit")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Judge decided submissions once more; show what changes and why, and put it into effect."""
    from gateway import reruns, selected_reruns
    from store.database import reading

    if not dry_run and not reason:
        raise NotPossibleError("a rerun needs its --reason; --dry-run shows what it would change")
    place: Place = context.obj
    told: list[dict[str, Any]] = []
    differing = False
    with place.opened() as engine:
        with reading(engine) as session:
            wanted = _wanted(session, refs or [], flow, party, outcome, rule, from_, to)
        compared = selected_reruns.compare_each(
            place.home, engine, place.location, wanted, system_clock, as_received=as_received
        )
        if reason is not None and not dry_run:
            shown = selected_reruns.settle_each(
                place.home,
                engine,
                compared,
                system_clock,
                as_received=as_received,
                actor=operator(),
                reason=reason,
            )
        else:
            shown = compared
        with closing(compared), closing(shown):
            for found in shown:
                if dry_run:
                    reruns.discard(place.home, engine, found)
                differing |= found.changes
                told.append(_page(found))
                if format_ is Format.TEXT:
                    _print(found, applied=not dry_run)
    if format_ is Format.JSON:
        write_json(told)
    elif not wanted:
        write("no submission fits\n")
    if differing:
        raise typer.Exit(1)


def _wanted(
    session: Any,
    refs: list[str],
    flow: str | None,
    party: str | None,
    outcome: Outcome | None,
    rule: str | None,
    from_: str | None,
    to: str | None,
) -> list[str]:
    """The submissions that are named, or the decided ones that fit the selection, in order of receipt.

    Those whose bytes were given up cannot be judged again: they fit none.
    """
    from gateway import submission_pages
    from store import retention, search, submissions
    from store.states import SubmissionState

    selection = (flow, party, outcome, rule, from_, to)
    if refs:
        if any(selection):
            raise NotPossibleError("submissions are named or selected, not both")
        return [submission_pages.named(session, ref).ref for ref in refs]
    if not any(selection):
        raise NotPossibleError("name submissions, or select some by --flow, --party, --outcome, --rule, --from, --to")
    found = submissions.find(
        session,
        file_type=flow,
        party_id=party,
        state=SubmissionState.VALIDATED,
        outcome=outcome,
        received_from=moment(from_, last=False),
        received_until=moment(to, last=True),
    )
    given_up = retention.given_up(session)
    chosen = [one.ref for one in reversed(found) if one.ref not in given_up]
    return chosen if rule is None else search.that_broke(session, chosen, rule)


def _page(found: "Difference") -> dict[str, Any]:
    return {
        "ref": found.submission.ref,
        "file_name": found.submission.file_name,
        "outcome": {"before": found.before.outcome if found.before else None, "now": found.outcome},
        "changes": found.changes,
        "because": list(found.because),
        "breaches_gone": found.gone.drop("position").to_dicts(),
        "breaches_new": found.new.drop("position").to_dicts(),
        "units_refused": found.refused["key"].to_list(),
        "units_accepted": found.accepted["key"].to_list(),
        "built_on_by": list(found.built_on),
    }


def _print(found: "Difference", *, applied: bool) -> None:
    before = found.before.outcome if found.before else "undecided"
    write(f"{found.submission.ref}  {plain(found.submission.file_name)}\n")
    if not found.changes:
        write(f"  {found.outcome} as before: nothing changes\n")
        return
    write(f"  {before} {'became' if applied else 'would become'} {found.outcome}\n")
    write(f"  because of {'; '.join(found.because) or 'what is in force since'}\n")
    for what, units in (("accepted now", found.accepted), ("refused now", found.refused)):
        if units.height:
            more = f" and {units.height - SCREENFUL:,} more" if units.height > SCREENFUL else ""
            write(f"  {units.height:,} {what}: {plain(', '.join(units['key'].head(SCREENFUL)))}{more}\n")
    names = ("line", "rule", "severity", "unit_key", "value", "message")
    for what, rows in (("breaches gone", found.gone), ("breaches new", found.new)):
        if rows.height:
            write(f"  {rows.height:,} {what}\n\n")
            console().print(
                table([name.replace("_", " ") for name in names], rows.head(SCREENFUL).select(names).rows())
            )
            write("\n")
    if found.built_on:
        write(f"  received later, about the same: {', '.join(found.built_on)}\n")


def _withdraw(context: typer.Context, ref: Ref, reason: _Reason, format_: FormatOption = Format.TEXT) -> None:
    """Take back what a submission put in force; the values before it hold again."""
    from gateway.withdrawal import withdraw

    done = _decided(context, ref, reason, withdraw)
    if format_ is Format.JSON:
        write_json(done)
        return
    write(
        f"submission {done['ref']} is withdrawn: {done['rows']:,} values and {done['sets']:,} record sets taken back\n"
    )
    if done["untold"]:
        write(f"no registration report goes out: {plain(done['untold'])}\n")
    if done["built_on_by"]:
        write(f"received later, about the same: {', '.join(done['built_on_by'])}\n")


def _release(context: typer.Context, ref: Ref, reason: _Reason, format_: FormatOption = Format.TEXT) -> None:
    """Give up the numbers that are missing before a held submission: it is decided, and what is held before it."""
    from gateway.gaps import release

    done = _decided(context, ref, reason, release)
    if format_ is Format.JSON:
        write_json(done)
        return
    write(f"submission {done['ref']} is released; given up: {done['given_up']}\n")


def _decided(context: typer.Context, ref: str, reason: str, decide: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """What an operator's decision on one submission did, in one transaction."""
    from gateway import submission_pages
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        submission = submission_pages.named(session, ref)
        return decide(session, submission, actor=operator(), reason=reason, at=system_clock())


def _reset_sequence(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="as `gridpost show` tells it")],
    reason: _Reason,
    to: Annotated[
        int | None, typer.Option(min=0, max=999_999_999, help="the last number received; none lets it begin again")
    ] = None,
) -> None:
    """Set the last sequence number of a channel, so that the next file carries the one after it."""
    from gateway import gaps
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        gaps.reset(session, channel, to, actor=operator(), reason=reason, at=system_clock())
    write(f"channel {plain(channel)} goes on after {'nothing' if to is None else to}\n")
