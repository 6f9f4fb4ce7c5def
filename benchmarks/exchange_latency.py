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
from pathlib import Path

import paramiko
from capacity_files import declaration, write_register
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

FILES, VALUES = 50, 50
GRIDPOST = [sys.executable, "-m", "gateway.command_line"]


def make_home(folder: Path) -> paramiko.PKey:
    private = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(private.decode()))
    (folder / "key.pub").write_text(f"{key.get_name()} {key.get_base64()}\n")
    write_register(folder / "units.csv", ["ACME"], VALUES)
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


def wait_for(client: paramiko.SFTPClient, name: str, since: float) -> float:
    while name not in client.listdir("outbox"):
        time.sleep(0.005)
    return time.perf_counter() - since


def measure(client: paramiko.SFTPClient, number: int) -> tuple[float, float]:
    name = f"BP{number:012d}"
    with client.open(f"temp/{name}", "wb") as file:
        file.write(declaration("ACME", number, VALUES))
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
