"""Where a gateway can be killed: before and after each named step, at its nth time."""

import importlib
import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

VARIABLE = "GRIDPOST_TEST_KILL"
"""`step:time`, such as `keep after:2`."""

STEPS = {
    "take": "ingest.landing Landing.take",
    "keep": "gateway.archive keep",
    "copied": "gateway.archive _copied",
    "enter": "gateway.steps enter",
    "acknowledged": "gateway.steps acknowledged",
    "receipt added": "gateway.steps _answer_receipt",
    "let_go": "gateway.archive let_go",
    "decided": "gateway.steps decided",
    "in force": "gateway.steps put_in_force",
    "answers added": "gateway.answers_out add",
    "outbox.stage": "outbound.outbox stage",
    "answers.stage": "store.answers stage",
    "publish": "outbound.outbox publish",
    "renamed": "outbound.outbox rename_without_replacing",
    "answers.deliver": "store.answers deliver",
    "delivered": "gateway.delivery _record",
    "remove": "ingest.sftp.session Session.remove",
    "collect": "store.answers collect",
}
"""Each step and the function that does it. After a function that works in a transaction, nothing is committed yet."""

POINTS = [f"{step} {side}" for step in STEPS for side in ("before", "after")]


def arm() -> None:
    """Sets the trap that the environment names."""
    order = os.environ.get(VARIABLE)
    if not order:
        return
    point, _, time = order.partition(":")
    step, _, side = point.rpartition(" ")
    module_name, _, name = STEPS[step].partition(" ")
    holder: Any = importlib.import_module(module_name)
    *outer, last = name.split(".")
    for part in outer:
        holder = getattr(holder, part)
    setattr(holder, last, _trapped(getattr(holder, last), side, int(time)))


def _trapped(step: Callable[..., Any], side: str, time: int) -> Callable[..., Any]:
    begun, done = itertools.count(1), itertools.count(1)

    def trapped(*args: Any, **kwargs: Any) -> Any:
        # Several threads take a step at once, and some calls raise: what begins and what ends is counted apart.
        if next(begun) == time and side == "before":
            end_all()
        result = step(*args, **kwargs)
        if next(done) == time and side == "after":
            end_all()
        return result

    return trapped


def end_all() -> None:
    """Kills the gateway with all its processes, which are one process group."""
    os.killpg(0, signal.SIGKILL)
