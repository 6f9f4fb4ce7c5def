"""PORT KEY SCRIPT: does the script's lines as account acme, with paramiko; `winscp` uploads as WinSCP does.

`half` leaves the file's `with` block by an exception after so many bytes.
"""

import contextlib
import os
import sys
from pathlib import Path

import paramiko


def half(client: paramiko.SFTPClient, local: str, remote: str, limit: str) -> None:
    """What becomes of a program whose own source fails."""
    with contextlib.suppress(KeyboardInterrupt), client.open(remote, "wb") as file:
        file.write(Path(local).read_bytes()[: int(limit)])
        raise KeyboardInterrupt


def resume(client: paramiko.SFTPClient, local: str, remote: str) -> None:
    """Goes on behind what is there."""
    there = client.stat(remote).st_size or 0
    with client.open(remote, "ab") as file:
        file.write(Path(local).read_bytes()[there:])


def winscp(client: paramiko.SFTPClient, local: str, remote: str) -> None:
    """Under `.filepart`, renamed, then the times set."""
    client.put(local, f"{remote}.filepart")
    client.rename(f"{remote}.filepart", remote)
    seen = os.stat(local)
    client.utime(remote, (seen.st_atime, seen.st_mtime))
    assert client.stat(remote).st_size == seen.st_size


def main(port: str, key: str, script: str) -> None:
    """Does the lines."""
    transport = paramiko.Transport(("127.0.0.1", int(port)))
    transport.connect(username="acme", pkey=paramiko.ECDSAKey.from_private_key_file(key))
    client = paramiko.SFTPClient.from_transport(transport)
    assert client is not None
    for line in Path(script).read_text().splitlines():
        step, *words = line.split()
        if step == "list":
            sys.stdout.write("\n".join(client.listdir(*words)))
        elif step in ("half", "resume", "winscp"):
            {"half": half, "resume": resume, "winscp": winscp}[step](client, *words)
        else:
            getattr(client, {"delete": "remove"}.get(step, step))(*words)
    transport.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
