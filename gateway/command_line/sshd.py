"""`gridpost sshd-config` and `sshd-keys`: a plain sshd as the front door."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.command_line.output import write
from gateway.command_line.place import NotPossibleError, Place
from market.clock import system_clock


def add_sshd(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("sshd-config")(_sshd_config)
    app.command("sshd-keys")(_sshd_keys)


def _sshd_config(
    context: typer.Context,
    folders: Annotated[
        bool, typer.Option("--folders", help="the commands that make users, folders and rights, instead")
    ] = False,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="where sshd listens")] = "0.0.0.0:2222",
    user: Annotated[str, typer.Option(help="the user as which the gateway runs")] = "gridpost",
    group: Annotated[str, typer.Option(help="its group")] = "gridpost",
    chroots: Annotated[
        Path, typer.Option(metavar="DIR", help="where each account has a link to its root; root's, and all above it")
    ] = Path("/srv/gridpost"),
) -> None:
    """Print the configuration of an sshd that stands in front of `serve --no-sftp`."""
    from sqlalchemy import make_url

    from gateway.sshd_config import SshdPlace, configuration, folder_commands
    from store import accounts
    from store.database import reading

    place: Place = context.obj
    if place.store and make_url(place.store).password is not None:
        raise NotPossibleError(f"the store's URL holds a password, which others would read; {user}'s ~/.pgpass can")
    program = Path(sys.executable).with_name("gridpost")
    sshd = SshdPlace(place.home.root, program, place.store, user, group, chroots, listen)
    if not folders:
        write(configuration(sshd))
        return
    with place.opened() as engine, reading(engine) as session:
        live = [one.name for one in accounts.listed(session) if one.ended_at is None]
    write(folder_commands(sshd, live))


def _sshd_keys(context: typer.Context, name: str) -> None:
    """Print the public keys that open an account now, as sshd's AuthorizedKeysCommand."""
    from store import accounts
    from store.database import reading

    place: Place = context.obj
    now = system_clock()
    with place.opened() as engine, reading(engine) as session:
        account = accounts.find(session, name)
        keys = [] if account is None or account.ended_at is not None else accounts.keys_of(session, name)
        valid = [key for key in keys if key.valid_from <= now and (key.valid_to is None or now < key.valid_to)]
    write("".join(f"restrict {key.key_type} {key.key_base64}\n" for key in valid))
