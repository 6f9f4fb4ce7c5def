"""How long a party waits: take to receipt and take to report of 50 files with 50 declared values each, over real SFTP.

A real gateway (`gridpost serve`) with a home of its own; one client; the next file is sent when the last is answered.
The time counts from the end of the rename into inbox until the answer is seen in the outbox, which is looked at every
five milliseconds.
"""

import io
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from market.season import season_of
from outbound.writer import sealed

FILES, VALUES = 50, 50
GRIDPOST = [sys.executable, "-m", "gateway.command_line"]
UNITS = (
    "bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,demand_capacity,"
    "production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to\n"
)


def make_home(folder: Path) -> paramiko.PKey:
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(private.decode()))
    (folder / "key.pub").write_text(f"{key.get_name()} {key.get_base64()}\n")
    rows = (f"T_BENCH-{n},,Bench {n},ACME,T,,{n + 10}.000,-1.000,P,T,F,,,\n" for n in range(VALUES))
    (folder / "units.csv").write_text(UNITS + "".join(rows))
    for command in (
        ["party", "add", "ACME", "--role", "BP"],
        ["signatory", "add", "Ann Archer", "--party", "ACME", "--category", "F"],
        ["account", "add", "acme", "--party", "ACME", "--key", str(folder / "key.pub")],
        ["reference", "load", "bm-units", str(folder / "units.csv")],
    ):
        gridpost(folder, *command)
    return key


def gridpost(folder: Path, *command: str) -> None:
    subprocess.run([*GRIDPOST, "--home", str(folder / "home"), *command], check=True, capture_output=True)


def declaration(number: int) -> bytes:
    now = datetime.now(UTC)
    season = season_of(now.date()).next.next
    day = f"{season.first_day:%Y%m%d}"
    rows = "".join(f"GCV|T_BENCH-{n}|{day}|{n + 10 + number % 3}|-1|||\n" for n in range(VALUES))
    header = f"AAA|K0151001|D|{now:%Y%m%d%H%M%S}|BP|ACME|CR|UKDC|{number}||\n"
    return sealed(f"{header}GCH|S|{season.code}|{season.start_year}|Ann Archer|\n{rows}".encode())


def wait_for(client: paramiko.SFTPClient, name: str, since: float) -> float:
    while name not in client.listdir("outbox"):
        time.sleep(0.005)
    return time.perf_counter() - since


def measure(client: paramiko.SFTPClient, number: int) -> tuple[float, float]:
    name = f"BP{number:012d}"
    with client.open(f"temp/{name}", "wb") as file:
        file.write(declaration(number))
    client.rename(f"temp/{name}", f"inbox/{name}")
    taken = time.perf_counter()
    times = wait_for(client, f"{name}.ADT", taken), wait_for(client, f"{name}.VAL", taken)
    with client.open(f"outbox/{name}.VAL", "rb") as report:
        assert f"|ACCEPTED|{VALUES}|{VALUES}|0|0|".encode() in report.read(), "the benchmark's files are accepted"
    for answer in client.listdir("outbox"):
        client.remove(f"outbox/{answer}")
    return times


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        key = make_home(folder)
        serve = [*GRIDPOST, "--home", str(folder / "home"), "serve", "--listen", "127.0.0.1:0"]
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as gateway:
            try:
                assert gateway.stdout is not None
                port = int(gateway.stdout.readline().rpartition(":")[2])
                transport = paramiko.Transport(("127.0.0.1", port))
                transport.connect(username="acme", pkey=key)
                client = paramiko.SFTPClient.from_transport(transport)
                assert client is not None
                times = [measure(client, number) for number in range(1, FILES + 1)]
                transport.close()
            finally:
                gateway.terminate()
    print(f"{FILES} files of {VALUES} declared values, seconds from the rename into inbox:")
    for what, of in (("receipt", 0), ("report", 1)):
        taken = [one[of] for one in times]
        print(f"  {what:8} median {statistics.median(taken):.3f}  longest {max(taken):.3f}")


if __name__ == "__main__":
    main()
