"""The command line as a person runs it, and homes for it: a copy of one that is made once."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.command_line.app import app
from gateway.sample_cases import SAMPLES
from market.home import Home
from tests.samples.exchange import make_market


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Gridpost = Callable[..., Said]


@pytest.fixture
def gridpost() -> Gridpost:
    """Runs a command line in this process."""

    def run(*args: object, env: dict[str, str] | None = None) -> Said:
        cleared = {"GRIDPOST_HOME": None, "GRIDPOST_STORE": None, "COLUMNS": "160"}
        done = CliRunner().invoke(app, list(map(str, args)), env=cleared | (env or {}))
        return Said(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def made_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample market and an account for each of its parties, not to be changed."""
    root = tmp_path_factory.mktemp("market") / "home"
    make_market(root)
    for account in ("acme", "othr", "ukdc", "volt"):
        Home(root).make_account(account)
    return root


@pytest.fixture
def market(made_market: Path, tmp_path: Path) -> Path:
    """A home with the sample market."""
    return shutil.copytree(made_market, tmp_path / "home")


@pytest.fixture
def samples() -> Path:
    return SAMPLES
