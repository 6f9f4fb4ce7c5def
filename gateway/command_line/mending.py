"""`gridpost redeliver`, `faults` and `doctor`: what an operator does when something went wrong."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.command_line.inspection import Ref
from gateway.command_line.output import Format, FormatOption, plain, print_rows, write, write_json
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gateway.doctor import Difference

_faults = typer.Typer(invoke_without_command=True)


def add_mending(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("redeliver")(_redeliver)
    app.add_typer(_faults, name="faults")
    app.command("doctor")(_doctor)


def _redeliver(
    context: typer.Context,
    ref: Ref,
    reason: Annotated[str, typer.Option(help="why, for the audit")],
    format_: FormatOption = Format.TEXT,
) -> None:
    """Send the answers of a submission again, byte for byte, under new names."""
    from gateway import submission_pages
    from gateway.redelivery import redeliver
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        submission = submission_pages.named(session, ref)
        again = redeliver(session, place.home, submission, actor=operator(), why=reason, at=system_clock())
        rows = [submission_pages.answer(one) for one in again]
    if format_ is Format.JSON:
        write_json(rows)
    else:
        write("".join(f"{plain(row['name'])} goes to {plain(again[0].account)}\n" for row in rows))


@_faults.callback()
def _list_faults(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """List what is undecided because of the gateway; retry or quarantine it."""
    if context.invoked_subcommand is None:
        _print_faults(context.obj, format_)


@_faults.command("list")
def _list_faults_too(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """List what is undecided because of the gateway."""
    _print_faults(context.obj, format_)


def _print_faults(place: Place, format_: Format) -> None:
    from gateway import submission_pages
    from store.database import reading

    with place.opened() as engine, reading(engine) as session:
        rows = submission_pages.faults(session)
    print_rows(format_, rows, "nothing is undecided because of the gateway")


@_faults.command("retry")
def _retry(context: typer.Context, ref: Ref) -> None:
    """Let the gateway try a submission again now."""
    from gateway import submission_pages
    from store import audit, submissions
    from store.database import writing
    from store.refused import RefusedError
    from store.states import UNDECIDED

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        submission = submission_pages.named(session, ref)
        if submission.state not in UNDECIDED or submission.fault is None:
            raise RefusedError(f"submission {submission.ref} is {submission.state} and has no fault")
        at, actor = system_clock(), operator()
        submissions.record(session, submission.ref, submission.state, next_try_at=at)
        audit.write(session, at=at, actor=actor, action="retry", subject_kind="submission", subject=submission.ref)
    write(f"submission {submission.ref} is tried again\n")


@_faults.command("quarantine")
def _quarantine(
    context: typer.Context, ref: Ref, reason: Annotated[str, typer.Option(help="why, for the audit")]
) -> None:
    """Keep a submission from the workers; its channel goes on."""
    from gateway import gaps, submission_pages
    from store import submissions
    from store.database import writing
    from store.refused import RefusedError
    from store.states import SubmissionState

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        submission = submission_pages.named(session, ref)
        if submission.state is not SubmissionState.ACKED:
            raise RefusedError(f"submission {submission.ref} is {submission.state}; quarantined is what is ACKED")
        actor, at = operator(), system_clock()
        before, kept = SubmissionState.ACKED, SubmissionState.QUARANTINED
        submission = submissions.change_state(session, submission.ref, before, kept, actor=actor, why=reason, at=at)
        gaps.go_on(session, submission, actor=actor, at=at)
    write(f"submission {submission.ref} is quarantined\n")


def _doctor(
    context: typer.Context,
    repair: Annotated[bool, typer.Option("--repair", help="mend what the recovery at a start mends")] = False,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Compare store, archive, landing, staging and outboxes; print what differs, which is nothing when all is well."""
    place: Place = context.obj
    place.home.make()
    with place.opened() as engine:
        if repair:
            _repair(place, engine)
        found = [*_settled(place, engine), *_short_of_space(place)]
    if format_ is Format.JSON:
        write_json([vars(one) for one in found])
    else:
        write("".join(f"{one.place:8}  {plain(one.subject)}  {plain(one.what)}\n" for one in found))
    if found:
        raise typer.Exit(1)


def _short_of_space(place: Place) -> list["Difference"]:
    from gateway.doctor import Difference

    disk = place.space_if_named
    return [Difference("disk", str(place.home.root), str(disk))] if disk is not None and disk.is_short else []


def _settled(place: Place, engine: "Engine") -> list["Difference"]:
    """What differs; while a gateway works, what differs still at a second look."""
    from gateway.doctor import SECOND_LOOK, differences
    from gateway.office import LEASE
    from store.database import reading
    from store.search import holder

    found = differences(place.home, engine)
    with reading(engine) as session:
        working = holder(session, LEASE) is not None
    if not found or not working:
        return found
    time.sleep(SECOND_LOOK)
    again = differences(place.home, engine)
    return [one for one in again if one in found]


def _repair(place: Place, engine: "Engine") -> None:
    from gateway.doctor import repair
    from gateway.office import Office
    from gateway.serve import office_name
    from store.database import reading
    from store.search import holder

    office = Office(place.home, engine, place.location, system_clock, office_name())
    if not office.claim():
        from gateway.office import LEASE

        with reading(engine) as session:
            held = holder(session, LEASE)
        raise NotPossibleError(
            f"gateway {held.owner if held else 'unknown'} holds the lease: stop it first, or wait until it ends"
        )
    try:
        repair(office)
    finally:
        office.release()
