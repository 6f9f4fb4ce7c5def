"""The log: one JSON object a line, whose event no party can name."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import gateway
import ingest
import store
from gateway.logs import JsonLine

LEVELS = ("debug", "info", "warning", "error", "exception", "critical")


def line_of(event: str, *values: object, fault: BaseException | None = None) -> dict[str, object]:
    told = (type(fault), fault, fault.__traceback__) if fault else None
    record = logging.LogRecord("gateway.x", logging.WARNING, "x.py", 1, event, values, told)
    text = JsonLine().format(record)
    assert text.isascii()
    assert text.isprintable()
    found: dict[str, object] = json.loads(text)
    return found


@given(st.text(), st.text())
def test_what_a_party_wrote_stands_in_values_alone(name: str, other: str) -> None:
    found = line_of("answer %s to %s waits", name, other)
    assert found["event"] == "answer %s to %s waits"
    assert found["values"] == [name, other]
    assert list(found)[:5] == ["at", "level", "logger", "process", "event"]


def test_a_mapping_names_its_values_and_replaces_no_event() -> None:
    found = line_of("session event", {"account": "acme", "event": "forged", "path": "/inbox/\x1b[2J\n"})
    assert found["event"] == "session event"
    assert (found["account"], found["path"]) == ("acme", "/inbox/\x1b[2J\n")


def test_a_fault_stands_in_the_line_of_its_event() -> None:
    try:
        raise OSError(28, "No space\nleft")
    except OSError as error:
        found = line_of("it waits", fault=error)
    assert "OSError: [Errno 28] No space\nleft" in str(found["fault"])
    assert "fault" not in line_of("it waits")


def calls() -> Iterator[tuple[str, ast.Call]]:
    for package in (gateway, ingest, store):
        for path in sorted(Path(package.__path__[0]).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr in LEVELS
                    and ast.unparse(node.func.value) == "_log"
                ):
                    yield f"{path}:{node.lineno}", node


def test_every_event_is_a_constant_that_says_something() -> None:
    found = list(calls())
    assert len(found) > 30
    for place, call in found:
        event = call.args[0]
        assert isinstance(event, ast.Constant), f"{place}: {ast.unparse(event)}"
        assert isinstance(event.value, str)
        assert event.value.replace("%s", "").strip(), place


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_a_process_logs_lines_to_stderr(level: int) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLine())
    logger = logging.Logger("gateway.test", level)
    logger.addHandler(handler)
    logger.info("%s is taken", "a\nb")
    logger.warning("%s is not taken", "a\nb")
    lines = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert [one["level"] for one in lines] == (["INFO", "WARNING"] if level == logging.INFO else ["WARNING"])
    assert all(one["values"] == ["a\nb"] for one in lines)
