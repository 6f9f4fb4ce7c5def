"""The root of the command line: its global options, and what becomes of errors."""

import sys
import traceback
from typing import Any

import typer
from typer.core import TyperGroup

from gateway.command_line.output import plain
from gateway.command_line.place import NotPossibleError
from market.fault import Fault
from market.policy import PolicyError
from store.refused import RefusedError

FAILED = 2
"""The exit code of what could not be done."""

_TOLD = (NotPossibleError, RefusedError, PolicyError, Fault, OSError)
_GLOBAL = ("--home", "--store")


class Commands(TyperGroup):
    """All commands: `--home` and `--store` may stand behind a command's name too; errors end with exit code 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes the global options from wherever they stand."""
        return super().parse_args(ctx, _global_first(args))

    def invoke(self, ctx: Any) -> Any:
        """Runs a command; tells what cannot be done in one line, and shows where a failure of ours comes from."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise
        except _TOLD as error:
            sys.stderr.write(f"{_one_line(error)}\n")
        except Exception as error:
            if _is_usage(error):
                raise
            traceback.print_exc()
        raise typer.Exit(FAILED)


def _is_usage(error: Exception) -> bool:
    """Whether the command line library itself tells this error: an unknown option, or a way to end."""
    return type(error).__module__.startswith(("typer.", "click."))


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename is not None:
        return f"gridpost: {plain(str(error.filename))}: {error.strerror}"
    lines = [plain(line) for line in str(error).splitlines()] or [type(error).__name__]
    return "\n".join([f"gridpost: {lines[0]}", *(f"  {line}" for line in lines[1:])])


def _global_first(args: list[str]) -> list[str]:
    first: list[str] = []
    rest: list[str] = []
    waiting = list(args)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            rest += [argument, *waiting]
            break
        if argument in _GLOBAL and waiting:
            first += [argument, waiting.pop(0)]
        elif argument.startswith(tuple(f"{name}=" for name in _GLOBAL)):
            first.append(argument)
        else:
            rest.append(argument)
    return [*first, *rest]
