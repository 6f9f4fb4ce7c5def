"""`gridpost account`: SFTP accounts and the public keys that open them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.command_line.output import Format, FormatOption, plain, print_rows, write
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock

if TYPE_CHECKING:
    from store.tables import AccountKey

_account = typer.Typer(no_args_is_help=True)


def add_accounts(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.add_typer(_account, name="account", help="SFTP accounts and their keys.")


@_account.command("add")
def _add_account(
    context: typer.Context,
    name: str,
    party: Annotated[str, typer.Option(metavar="ID", help="the party that the account is of")],
    key: Annotated[list[Path], typer.Option(help="a file with OpenSSH public keys, a line each; may be repeated")],
    notices: Annotated[bool, typer.Option("--notices", help="the party's notices come to this account")] = False,
) -> None:
    """Add an account of a party, which opens with the given public keys."""
    from store import accounts
    from store.database import writing

    place: Place = context.obj
    lines = [line for path in key for line in _key_lines(path)]
    with place.opened() as engine, writing(engine) as session:
        at, actor = system_clock(), operator()
        accounts.add(session, name, party, lines, notices=notices, actor=actor, at=at)
        # Inside the transaction: an account whose folders cannot be made is not there.
        place.home.make_account(name)
    write(f"account {name} of {plain(party)} opens with {len(lines)} key{'s' if len(lines) > 1 else ''}\n")


@_account.command("list")
def _list_accounts(
    context: typer.Context,
    party: Annotated[str | None, typer.Option(metavar="ID", help="of this party only")] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """List the accounts with their keys."""
    from store import accounts
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        known = accounts.listed(session, party)
        keys: dict[str, Sequence[AccountKey | None]] = {one.name: accounts.keys_of(session, one.name) for one in known}
        rows = [
            {
                "account": account.name,
                "party_id": account.party_id,
                "notices": account.notices,
                "ended_at": account.ended_at,
                "valid_from": key.valid_from if key else None,
                "valid_to": key.valid_to if key else None,
                "last_used_at": key.last_used_at if key else None,
                "key_type": key.key_type if key else None,
                "fingerprint": key.fingerprint if key else None,
            }
            for account in known
            for key in keys[account.name] or [None]
        ]
    print_rows(format_, rows, "no account is known")


@_account.command("end")
def _end_account(
    context: typer.Context, name: str, reason: Annotated[str, typer.Option(help="why, for the audit")] = ""
) -> None:
    """End an account now; what it did stays."""
    from store import accounts
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        accounts.end(session, name, actor=operator(), at=system_clock(), why=reason)
    write(f"account {plain(name)} opens no more\n")


@_account.command("add-key")
def _add_key(
    context: typer.Context,
    name: str,
    key: Annotated[Path, typer.Option(help="a file with OpenSSH public keys, a line each")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="a London day, or a time of ISO 8601; now")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="the same; without it, until it is ended")] = None,
) -> None:
    """Let an account open with further public keys."""
    from gateway.command_line.inspection import moment
    from store import accounts
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        at, actor = system_clock(), operator()
        dates = {"valid_from": moment(from_, last=False), "valid_to": moment(until, last=True)}
        lines = _key_lines(key)
        added = [accounts.add_key(session, name, line, **dates, actor=actor, at=at).fingerprint for line in lines]
    write("".join(f"account {plain(name)} opens with {fingerprint}\n" for fingerprint in added))


@_account.command("end-key")
def _end_key(context: typer.Context, name: str, fingerprint: str) -> None:
    """End a key of an account now, named by its fingerprint (SHA256:...)."""
    from store import accounts
    from store.database import writing

    place: Place = context.obj
    with place.opened() as engine, writing(engine) as session:
        accounts.end_key(session, name, fingerprint, actor=operator(), at=system_clock())
    write(f"account {plain(name)} opens no more with {plain(fingerprint)}\n")


@_account.command("sign-receipts")
def _sign_receipts(
    context: typer.Context,
    name: str,
    end: Annotated[bool, typer.Option("--end", help="sign them no longer")] = False,
) -> None:
    """Sign the receipts of an account; the page of keys goes into its outbox."""
    from gateway.signed_receipts import publish, signing_key
    from store import signed_receipts
    from store.database import reading, writing

    place: Place = context.obj
    with place.opened() as engine:
        with writing(engine) as session:
            at, actor = system_clock(), operator()
            if end:
                signed_receipts.end(session, name, actor=actor, at=at)
            else:
                signed_receipts.begin(session, name, actor=actor, at=at)
                signing_key(session, place.home, at=at)
        with reading(engine) as session:
            publish(session, place.home)
    write(f"receipts of account {plain(name)} are {'no longer signed' if end else 'signed from now on'}\n")


def _key_lines(path: Path) -> list[str]:
    found = path.read_text(encoding="ascii", errors="replace").splitlines()
    lines = [line for line in found if line.strip() and not line.startswith("#")]
    if not lines:
        raise NotPossibleError(f"{path} holds no public key")
    return lines
