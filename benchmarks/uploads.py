"""How fast files come in, beside a bare OpenSSH server: the same clients send the same files to both, in one run.

Small files: 20 parties at once, each with one OpenSSH `sftp` that writes every file to temp and renames it into inbox.
gridpost is a whole `serve`, which judges and answers what it takes while more comes; it is stopped once everything is
answered, and what it answered is compared with what was sent. internal-sftp syncs nothing and answers nothing: it is
measured before and after gridpost, and its mean counts. Large files: four uploads at once.

    python benchmarks/uploads.py [--files 10000] [--parties 20] [--large-mib 256] [--only small|large] [--cipher NAME]
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path

from capacity_files import declaration, write_register
from sqlmodel import col, select

from market.home import Home
from store import accounts, parties, signatories
from store.database import connect, open_store, reading, writing
from store.states import AnswerKind, Outcome
from store.tables import Answer, Run, Submission

SSHD = "/usr/sbin/sshd"
GRIDPOST = [sys.executable, "-m", "gateway.command_line"]
LARGE_FILES = 4
PATIENCE_SECONDS = 3600.0
TICKS = os.sysconf("SC_CLK_TCK")
VALUES = 4


@dataclass(frozen=True)
class Server:
    """A server under load: its name, port and process, and where a client finds the folders of a party."""

    name: str
    port: int
    process: subprocess.Popen[str]
    user: str
    root: str

    def user_of(self, party: str) -> str:
        return self.user.format(party=party)

    def root_of(self, party: str) -> str:
        return self.root.format(party=party)


@dataclass(frozen=True)
class Sent:
    """One load: how much in how many seconds, and the CPU seconds of both sides meanwhile."""

    server: str
    files: int
    size: int
    seconds: float
    clients_cpu: float
    server_cpu: float

    def __str__(self) -> str:
        return (
            f"{self.server:9} {self.files / self.seconds:8.1f} files/s {self.size / self.seconds / 2**20:8.1f} MiB/s"
            f"   {self.seconds:6.1f} s   CPU: clients {self.clients_cpu:.1f} s, server {self.server_cpu:.1f} s"
        )


def party(number: int) -> str:
    return f"BENCH{number:02d}"


def make_home(folder: Path, senders: Sequence[str]) -> Home:
    """A home with those parties; all their accounts open with one key."""
    home = Home(folder / "home")
    home.make()
    key = (folder / "key.pub").read_text()
    now = datetime.now(UTC)
    engine = open_store(home.root)
    with writing(engine) as session:
        for sender in senders:
            parties.add(session, sender, "", ["BP"], actor="benchmark", at=now)
            signatories.add(session, sender, "Ann Archer", "F", actor="benchmark", at=now)
            accounts.add(session, sender.lower(), sender, [key], actor="benchmark", at=now)
    engine.dispose()
    write_register(folder / "units.csv", senders, VALUES)
    load = [*GRIDPOST, "--home", str(home.root), "reference", "load", "bm-units", str(folder / "units.csv")]
    subprocess.run(load, check=True, capture_output=True)
    return home


@contextmanager
def gridpost(home: Home) -> Iterator[Server]:
    serve = [*GRIDPOST, "--home", str(home.root), "serve", "--listen", "127.0.0.1:0"]
    log = home.root.with_name("gridpost.log")
    with log.open("w") as told, subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=told, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rpartition(":")[2])
            yield Server("gridpost", port, process, "{party}", "")
        finally:
            process.terminate()


@contextmanager
def openssh(folder: Path, senders: Sequence[str]) -> Iterator[Server]:
    """A bare sshd, with internal-sftp and its defaults, for the user who runs this."""
    shutil.rmtree(folder / "openssh", ignore_errors=True)
    for sender in senders:
        for name in ("temp", "inbox"):
            (folder / "openssh" / sender.lower() / name).mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    if not (folder / "host_key").exists():
        make_key(folder / "host_key")
    (folder / "sshd_config").write_text(
        f"ListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/key.pub\nPidFile none\n"
        "StrictModes no\nPasswordAuthentication no\nMaxStartups 200\nSubsystem sftp internal-sftp\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [SSHD, "-D", "-e", "-f", f"{folder}/sshd_config", "-p", str(port)]
    with (folder / "sshd.log").open("w") as told, subprocess.Popen(command, stderr=told, text=True) as process:
        try:
            wait_for_port(port)
            yield Server("OpenSSH", port, process, getuser(), f"{folder}/openssh/{{party}}/")
        finally:
            process.terminate()


def wait_for_port(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except ConnectionError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def make_key(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)


def upload(server: Server, folder: Path, files: dict[str, list[Path]], cipher: str | None) -> Sent:
    """All parties at once, each its files in their order; ends when the last client has its last answer."""
    before, clients_before = cpu_seconds(server.process.pid), sum(os.times()[2:4])
    began = time.perf_counter()
    clients = [start_client(server, folder, sender, paths, cipher) for sender, paths in files.items()]
    failed = [client.args for client in clients if client.wait() != 0]
    seconds = time.perf_counter() - began
    assert not failed, f"{len(failed)} clients of {server.name} fail"
    clients_cpu = sum(os.times()[2:4]) - clients_before
    server_cpu = cpu_seconds(server.process.pid) - before
    sizes = [path.stat().st_size for paths in files.values() for path in paths]
    return Sent(server.name, len(sizes), sum(sizes), seconds, clients_cpu, server_cpu)


def start_client(
    server: Server, folder: Path, sender: str, paths: Sequence[Path], cipher: str | None
) -> subprocess.Popen[bytes]:
    root = server.root_of(sender.lower())
    batch = folder / f"{sender}.batch"
    lines = (
        f"put {path} {root}temp/{path.name}\nrename {root}temp/{path.name} {root}inbox/{path.name}\n" for path in paths
    )
    batch.write_text("".join(lines))
    wanted = [] if cipher is None else ["-c", cipher]
    known = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR"]
    where = ["-i", f"{folder}/key", "-P", str(server.port), *known, *wanted]
    command = ["sftp", "-q", "-F", "none", "-b", str(batch), *where, f"{server.user_of(sender.lower())}@127.0.0.1"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def cpu_seconds(pid: int) -> float:
    """Of a process, its ended children and, one by one, its living ones."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        living = sum(cpu_seconds(int(child)) for child in children)
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it has ended since its parent was asked
    return living + sum(map(int, fields[11:15])) / TICKS


def wait_for_answers(home: Home, senders: Sequence[str], each: int) -> None:
    """Until every party has a report for each of its files."""
    end = time.monotonic() + PATIENCE_SECONDS
    pending = set(senders)
    while pending:
        assert time.monotonic() < end, f"answers are missing: {sorted(pending)}"
        time.sleep(0.5)
        pending = {one for one in pending if answered(home, one) < each}


def answered(home: Home, sender: str) -> int:
    return sum(name.endswith(".VAL") for name in os.listdir(home.outbox(sender.lower())))


def check(home: Home, files: dict[str, list[Path]]) -> None:
    """Every file once, accepted, in the order of its channel, with one receipt and one report in its outbox."""
    with reading(connect(home.root)) as session:
        for sender, paths in files.items():
            mine = select(Submission).where(Submission.party_id == sender)
            received = session.exec(mine.order_by(col(Submission.arrival))).all()
            names = [path.name for path in paths]
            assert [one.file_name for one in received] == names, f"{sender}: files are lost, doubled or out of order"
            assert [one.sequence for one in received] == list(range(1, len(names) + 1)), sender
            assert all(one.receipt_code == 100 and one.skipped == 0 for one in received), sender
            assert all(one.outcome is Outcome.ACCEPTED for one in received), sender
            refs = [one.ref for one in received]
            runs = session.exec(
                select(Run.submission_ref).join(Submission).where(Submission.party_id == sender).order_by(col(Run.id))
            ).all()
            assert list(runs) == refs, f"{sender}: decided out of order"
            for kind in (AnswerKind.RECEIPT, AnswerKind.REPORT):
                wanted = (Answer.account == sender.lower(), Answer.kind == kind)
                told = session.exec(select(Answer.name).where(*wanted).order_by(col(Answer.id))).all()
                suffix = "ADT" if kind is AnswerKind.RECEIPT else "VAL"
                assert list(told) == [f"{name}.{suffix}" for name in names], f"{sender}: answers differ from files"
                missing = set(told) - set(os.listdir(home.outbox(sender.lower())))
                assert not missing, f"{sender}: {len(missing)} answers are in no outbox"
    doctor = subprocess.run([*GRIDPOST, "--home", str(home.root), "doctor"], capture_output=True, text=True)
    assert doctor.returncode == 0, doctor.stdout


def small(folder: Path, files: int, senders: Sequence[str], cipher: str | None) -> None:
    each = files // len(senders)
    size = len(declaration(senders[0], 1, VALUES))
    print(f"{each * len(senders)} files of {size} bytes from {len(senders)} parties at once")
    sent: dict[str, list[Path]] = {}
    for sender in senders:
        (folder / "files" / sender).mkdir(parents=True)
        sent[sender] = [folder / "files" / sender / f"{sender[-2:]}{n:012d}" for n in range(1, each + 1)]
        for number, path in enumerate(sent[sender], 1):
            path.write_bytes(declaration(sender, number, VALUES))
    home = make_home(folder, senders)
    loads = [measure_openssh(folder, sent, cipher)]
    with gridpost(home) as server:
        began = time.perf_counter()
        loads.append(upload(server, folder, sent, cipher))
        print(loads[-1])
        wait_for_answers(home, senders, each)
        seconds = time.perf_counter() - began
    check(home, sent)
    loads.append(measure_openssh(folder, sent, cipher))
    print(f"gridpost has answered all after {seconds:.1f} s, {each * len(senders) / seconds:.1f} files/s; ", end="")
    print("all accepted and in order, none lost, none twice")
    print_ratio(loads)


def large(folder: Path, mib: int, senders: Sequence[str], cipher: str | None) -> None:
    senders = senders[:LARGE_FILES]
    print(f"{len(senders)} files of {mib} MiB at once")
    sent: dict[str, list[Path]] = {}
    piece = os.urandom(1 << 20)
    for sender in senders:
        (folder / "files" / sender).mkdir(parents=True)
        sent[sender] = [folder / "files" / sender / "large"]
        with sent[sender][0].open("wb") as file:
            for _ in range(mib):
                file.write(piece)
    home = make_home(folder, senders)
    loads = [measure_openssh(folder, sent, cipher)]
    with gridpost(home) as server:
        loads.append(upload(server, folder, sent, cipher))
        print(loads[-1])
    loads.append(measure_openssh(folder, sent, cipher))
    print_ratio(loads)


def measure_openssh(folder: Path, sent: dict[str, list[Path]], cipher: str | None) -> Sent:
    with openssh(folder, list(sent)) as server:
        load = upload(server, folder, sent, cipher)
    print(load)
    return load


def print_ratio(loads: Sequence[Sent]) -> None:
    bare = [load.seconds for load in loads if load.server == "OpenSSH"]
    mine = [load.seconds for load in loads if load.server == "gridpost"]
    print(f"gridpost's rate is {sum(bare) / len(bare) / (sum(mine) / len(mine)):.2f} of OpenSSH's")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--parties", type=int, default=20)
    parser.add_argument("--large-mib", type=int, default=256)
    parser.add_argument("--only", choices=("small", "large"))
    parser.add_argument("--cipher", help="what the clients ask both servers for; otherwise their own choice")
    chosen = parser.parse_args()
    senders = [party(number) for number in range(1, chosen.parties + 1)]
    for what in ("small", "large"):
        if chosen.only not in (None, what):
            continue
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            make_key(folder / "key")
            if what == "small":
                small(folder, chosen.files, senders, chosen.cipher)
            else:
                large(folder, chosen.large_mib, senders, chosen.cipher)


if __name__ == "__main__":
    main()
