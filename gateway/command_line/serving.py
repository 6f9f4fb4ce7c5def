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
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="[HOST:]PORT", help="answer /metrics and /health over HTTP, on loopback where no HOST is named"
        ),
    ] = None,
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
        monitored = None if metrics is None else _listening(metrics if ":" in metrics else f"127.0.0.1:{metrics}")
        said: list[str] = []

        def ready() -> None:
            if not said:
                said.append(f"{_said(home.accounts, listening)}{_monitored(monitored)}\n")
                write(said[0])

        office = Office(home, engine, place.location, system_clock, office_name(), disk_reserve=limits.disk_reserve)
        serve(office, listening, limits, ready, monitored)


def _said(accounts: object, listening: socket.socket | None) -> str:
    if listening is None:
        return f"watching the inboxes in {accounts}"
    return f"serving SFTP on {_address(listening)}"


def _monitored(monitored: socket.socket | None) -> str:
    return "" if monitored is None else f", monitors on http://{_address(monitored)}"


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


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
