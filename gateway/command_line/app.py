"""All commands of `gridpost`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from gateway.command_line.accounts import add_accounts
from gateway.command_line.baselines import add_baselines
from gateway.command_line.breaches import add_breaches
from gateway.command_line.checking import add_checking
from gateway.command_line.decisions import add_decisions
from gateway.command_line.declarations import add_declarations
from gateway.command_line.host_keys import add_host_keys
from gateway.command_line.inspection import add_inspection
from gateway.command_line.keeping import add_keeping
from gateway.command_line.members import add_members
from gateway.command_line.mending import add_mending
from gateway.command_line.pages import add_pages
from gateway.command_line.parameters import add_parameters
from gateway.command_line.place import Place
from gateway.command_line.profiles import add_profiles
from gateway.command_line.receipts import add_receipts
from gateway.command_line.root import Commands
from gateway.command_line.schedule import add_schedule
from gateway.command_line.serving import add_serving
from gateway.command_line.spreadsheets import add_spreadsheets
from gateway.command_line.sshd import add_sshd

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="The gateway for regulated files of the GB electricity market.",
)


@app.callback()
def _place(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="the home folder; GRIDPOST_HOME where it is not given")] = None,
    store: Annotated[
        str | None, typer.Option(help="the store's URL; GRIDPOST_STORE, or else SQLite in the home folder")
    ] = None,
) -> None:
    root = home or (Path(os.environ["GRIDPOST_HOME"]) if os.environ.get("GRIDPOST_HOME") else None)
    context.obj = Place(root, store or os.environ.get("GRIDPOST_STORE") or None)


add_serving(app)
add_checking(app)
add_inspection(app)
add_profiles(app)
add_declarations(app)
add_baselines(app)
add_decisions(app)
add_breaches(app)
add_mending(app)
add_keeping(app)
add_schedule(app)
add_members(app)
add_accounts(app)
add_receipts(app)
add_host_keys(app)
add_parameters(app)
add_pages(app)
add_spreadsheets(app)
add_sshd(app)
