"""Real gateways with a made-up market, and the parties that send to them over SFTP."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from market.home import Home
from tests.exchange import market_time
from tests.exchange.client import Client
from tests.exchange.made_market import ACCOUNTS, copy_home, make_home
from tests.exchange.running import Gateway

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def party_keys() -> dict[str, paramiko.PKey]:
    return {name: paramiko.ECDSAKey.generate(bits=256) for name in ACCOUNTS}


@pytest.fixture(scope="session")
def template_home(tmp_path_factory: pytest.TempPathFactory, party_keys: dict[str, paramiko.PKey]) -> Home:
    """A home that no gateway has worked on."""
    market_time.set_opening()
    return make_home(tmp_path_factory.mktemp("market") / "home", party_keys, market_time.OPENING)


@pytest.fixture(scope="module")
def shared_gateway(template_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A whole gateway for the tests of one module that leave each other alone."""
    gateway = Gateway(copy_home(template_home, tmp_path_factory.mktemp("shared") / "home"))
    gateway.start()
    yield gateway
    gateway.kill()


@pytest.fixture
def gateway(template_home: Home, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of a test's own, not started."""
    made = Gateway(copy_home(template_home, tmp_path / "home"))
    yield made
    made.kill()


@pytest.fixture
def client_of(party_keys: dict[str, paramiko.PKey]) -> Iterator[Callable[[Gateway, str], Client]]:
    """Makes the connection of an account to a gateway."""
    opened: list[Client] = []

    def make(gateway: Gateway, account: str) -> Client:
        client = Client(gateway, account, party_keys[account])
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def name() -> str:
    """A file name that no other test uses."""
    return f"BP{next(_numbers):012d}"
