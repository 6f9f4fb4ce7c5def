"""`gridpost demo`: three made-up parties exchange files with a real gateway over real SFTP.

The files are sample cases. Their gateway has a clock that begins at the moment of the cases, so that what is in time
for a season today is in time whenever the demo runs; everything else is as `gridpost serve` has it.
"""

import multiprocessing
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from multiprocessing.connection import Connection
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from rich.console import Console
from rich.live import Live

from gateway import demo_page
from gateway.office import Office
from gateway.sample_cases import MARKET, SAMPLES, Case, read_case, told
from gateway.serve import office_name, serve
from ingest.sftp.algorithms import host_keys
from ingest.sftp.limits import Limits
from market.clock import Clock, system_clock
from market.fault import Fault
from market.home import Home
from store import accounts, policy, reference_load
from store.database import open_store, store_url, writing

SHOWN = (
    "K0151001/seasonal_accepted",
    "K0151001/seasonal_with_a_slipped_sign",
    "envelope/same_file_again",
    "K0011001/bm_units_of_another_and_of_nobody",
    "P0328001/no_pair_with_indicator_s",
    "K0151001/bm_unit_of_another_party",
    "envelope/cut_off_before_its_footer",
    "K0151001/capacity_of_a_secondary_bm_unit",
    "envelope/spreadsheet_instead_of_records",
    "P0335001/accepted",
    "P0328001/bm_unit_baselined_since",
)
"""The cases that are shown, in their order; those of one party follow each other."""

PATIENCE_SECONDS = 60.0
"""How long the gateway may take to begin, and a file's answers to come, on a slow machine."""

Keys = Mapping[str, paramiko.PKey]


@dataclass(frozen=True)
class MovedClock:
    """The machine's clock, moved by a span: it goes on, and it pickles."""

    by: timedelta

    def __call__(self) -> datetime:
        """The present instant by this clock, in UTC."""
        return system_clock() + self.by


def run(console: Console, shown: Sequence[str] = SHOWN) -> bool:
    """Runs the demo and prints it; True where every file got exactly the answers that its case has.

    Receipt and response times and the submissions' references differ from the case's; all else is compared.
    """
    cases = [read_case(SAMPLES, name) for name in shown]
    clock = MovedClock(cases[0].received_at - system_clock())
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gridpost-demo-") as folder:
        home = Home(Path(folder) / "home")
        keys = make_exchange(home, cases, clock)
        console.print(demo_page.opening(cases, clock()))
        page = demo_page.Page()
        with _gateway_serving(home, clock, console) as (process, port), Live(page.table, console=console):
            for account, files in _by_account(cases).items():
                with _client(home, port, account, keys[account]) as client:
                    for case in files:
                        answers = exchange(client, case)
                        page.add(case, answers, as_expected=_same(case, answers))
        left = [path.name for account in keys for path in home.outbox(account).iterdir()]
    expected = page.as_expected and not left and process.exitcode == 0
    console.print()
    console.print(page.closing(left, process.exitcode, time.monotonic() - began))
    return expected


def make_exchange(home: Home, cases: Sequence[Case], clock: Clock) -> Keys:
    """Makes a home with the made-up market and an account with a new key for each party of the cases."""
    home.make()
    host_keys(home.keys)  # made before the gateway starts, for its clients know it by them
    engine = open_store(home.root)
    now, actor = clock(), "demo"
    keys = {case.account: _new_key() for case in cases}
    with writing(engine) as session:
        policy.load(session, (SAMPLES.parent / "policy.toml").read_text(), at=now, actor=actor)
        for kind, file in MARKET:
            reference_load.load(session, kind, SAMPLES / "market" / file, at=now, actor=actor)
        for name, party in {case.account: case.party_id for case in cases}.items():
            line = f"{keys[name].get_name()} {keys[name].get_base64()}"
            accounts.add(session, name, party, [line], actor=actor, at=now)
            home.make_account(name)
    engine.dispose()
    return keys


def exchange(client: paramiko.SFTPClient, case: Case) -> dict[str, bytes]:
    """Submits a case's file, waits for its answers and collects them: what came until then, by name."""
    with client.open(f"temp/{case.file_name}", "wb") as file:
        file.write(case.content)
    client.rename(f"temp/{case.file_name}", f"inbox/{case.file_name}")
    end = time.monotonic() + PATIENCE_SECONDS
    while not set(case.answers) <= set(client.listdir("outbox")) and time.monotonic() < end:
        time.sleep(0.02)
    answers = {}
    for name in sorted(client.listdir("outbox")):
        with client.open(f"outbox/{name}", "rb") as answer:
            answers[name] = answer.read()
        client.remove(f"outbox/{name}")
    return answers


def _same(case: Case, answers: Mapping[str, bytes]) -> bool:
    expected = {name: told(answer) for name, answer in case.answers.items()}
    return {name: told(answer) for name, answer in answers.items()} == expected


def _by_account(cases: Sequence[Case]) -> dict[str, list[Case]]:
    return {account: [one for one in cases if one.account == account] for account in [one.account for one in cases]}


def _new_key() -> paramiko.PKey:
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    return paramiko.Ed25519Key.from_private_key(StringIO(private.decode()))


@contextmanager
def _client(home: Home, port: int, account: str, key: paramiko.PKey) -> Iterator[paramiko.SFTPClient]:
    server_key, *_ = host_keys(home.keys)
    transport = paramiko.Transport(("127.0.0.1", port))
    transport.banner_timeout = PATIENCE_SECONDS
    try:
        transport.connect(hostkey=server_key, username=account, pkey=key)
        client = transport.open_sftp_client()
        assert client is not None
        yield client
    finally:
        transport.close()


@contextmanager
def _gateway_serving(
    home: Home, clock: MovedClock, console: Console
) -> Iterator[tuple[multiprocessing.process.BaseProcess, int]]:
    """A gateway in a process of its own, with its port; stopped as an operator would, and drained."""
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(home, clock, child), name="gateway")
    process.start()
    child.close()
    try:
        with console.status("the gateway starts"):
            port = _port(parent)
        yield process, port
    finally:
        process.terminate()
        process.join(PATIENCE_SECONDS)


def _port(gateway: Connection) -> int:
    if not gateway.poll(PATIENCE_SECONDS):
        raise Fault(f"the gateway does not serve after {PATIENCE_SECONDS:.0f} seconds")
    try:
        port: int = gateway.recv()
    except EOFError as error:
        raise Fault("the gateway ended before it served") from error
    return port


def _serve(home: Home, clock: MovedClock, told_to: Connection) -> None:
    location = store_url(home.root).render_as_string()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        office = Office(home, open_store(home.root), location, clock, office_name())
        serve(office, listening, Limits(disk_reserve=0), lambda: told_to.send(listening.getsockname()[1]))
