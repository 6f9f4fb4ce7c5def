"""`gridpost host-key`: the keys by which clients know the server."""

from typing import Annotated

import typer

from gateway.command_line.output import Format, FormatOption, print_rows, write
from gateway.command_line.place import Place

_keys = typer.Typer(no_args_is_help=True)

_Kind = Annotated[str, typer.Argument(metavar="TYPE", help="ed25519, ecdsa or rsa")]


def add_host_keys(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.add_typer(_keys, name="host-key", help="The keys by which clients know the server.")


@_keys.command("list")
def _list(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """List the current host keys, the announced next ones and the former ones; as JSON with their whole lines."""
    from ingest.sftp.host_key_rotation import listed

    place: Place = context.obj
    place.home.make()
    keys = [vars(key) for key in listed(place.home.keys)]
    if format_ is Format.TEXT:
        keys = [{name: text for name, text in key.items() if name != "line"} for key in keys]
    print_rows(format_, keys, "")


@_keys.command("announce")
def _announce(context: typer.Context, kind: _Kind) -> None:
    """Make the next host key of a type and print it, for parties to add to what they know."""
    from ingest.sftp.host_key_rotation import announce

    place: Place = context.obj
    place.home.make()
    key = announce(place.home.keys, kind)
    write(f"{key.line}\nfingerprint {key.fingerprint}; gridpost host-key switch {kind} makes it the current one\n")


@_keys.command("switch")
def _switch(context: typer.Context, kind: _Kind) -> None:
    """Make the announced host key the current one, from the next start of the gateway on."""
    from ingest.sftp.host_key_rotation import switch

    place: Place = context.obj
    place.home.make()
    key = switch(place.home.keys, kind)
    write(f"{key.fingerprint} is the {kind} host key from the next start of the gateway on\n")
