"""`gridpost serve` and `gridpost demo`."""

import socket
from typing import Annotated

import typer

from gateway.command_line.output import console, write
from gateway.command_line.place import NotPossibleError, Place


def add_serving(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("serve")(_serve)
    app.command("demo")(_demo)


def _serve(
    context: typer.Context,
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="port 0 takes a free one")] = "127.0.0.1:2222",
    no_sftp: Annotated[bool, typer.Option("--no-sftp", help="watch the inboxes that an sshd writes instead")] = False,
    older_clients: Annotated[
        bool, typer.Option("--older-clients", help="offer NIST curves and plain HMAC-SHA2 too, as JSch 0.1 needs them")
    ] = False,
) -> None:
    """Serve SFTP, judge what arrives and answer it, until stopped by SIGTERM or Ctrl-C."""
    from gateway.logs import log_to_stderr
    from gateway.office import Office
    from gateway.serve import office_name, serve
    from ingest.sftp.limits import Limits
    from market.clock import system_clock

    place: Place = context.obj
    log_to_stderr()
    home = place.home
    home.make()
    limits = Limits(older_clients=older_clients)
    with place.opened() as engine:
        listening = None if no_sftp else _listening(listen)
        said: list[str] = []

        def ready() -> None:
            if not said:
                said.append(_said(home.accounts, listening))
                write(said[0])

        serve(Office(home, engine, place.location, system_clock, office_name()), listening, limits, ready)


def _said(accounts: object, listening: socket.socket | None) -> str:
    if listening is None:
        return f"watching the inboxes in {accounts}\n"
    host, port = listening.getsockname()[:2]
    return f"serving SFTP on {f'[{host}]' if ':' in host else host}:{port}\n"


def _listening(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise NotPossibleError(f"{listen} is not HOST:PORT")
    host = host.removeprefix("[").removesuffix("]")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, int(port)), family=family, backlog=128)
    except OSError as error:
        raise NotPossibleError(f"{listen} cannot be listened on: {error.strerror or error}") from error


def _demo() -> None:
    """Show three made-up parties exchanging files with a real gateway over real SFTP."""
    from gateway.demo import run

    if not run(console()):
        raise typer.Exit(1)
