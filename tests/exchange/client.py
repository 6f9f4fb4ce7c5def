"""A party at its own desk: real SFTP clients, paramiko's and OpenSSH's."""

import logging
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
import pytest

from tests.exchange.running import Gateway, eventually

# Broken connections are what these tests are about.
logging.getLogger("tests.exchange.transport").setLevel(logging.CRITICAL + 1)

SFTP = shutil.which("sftp")


@dataclass
class Client:
    """One account's connection to a gateway; opened when it is needed, and again after it broke."""

    gateway: Gateway
    account: str
    key: paramiko.PKey
    _transport: paramiko.Transport | None = None
    _client: paramiko.SFTPClient | None = field(default=None)

    @property
    def sftp(self) -> paramiko.SFTPClient:
        if self._client is None or self._transport is None or not self._transport.is_active():
            self.close()
            self._transport = paramiko.Transport(socket.create_connection(("127.0.0.1", self.gateway.port)))
            self._transport.set_log_channel("tests.exchange.transport")
            self._transport.connect(username=self.account, pkey=self.key)
            self._client = paramiko.SFTPClient.from_transport(self._transport)
        assert self._client is not None
        return self._client

    @property
    def transport(self) -> paramiko.Transport:
        """The connection below it."""
        assert self.sftp is not None
        assert self._transport is not None
        return self._transport

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
        self._transport = self._client = None

    def send(self, name: str, content: bytes) -> None:
        """Writes into temp and renames into inbox."""
        with self.sftp.open(f"temp/{name}", "wb") as file:
            file.write(content)
        self.sftp.rename(f"temp/{name}", f"inbox/{name}")

    def outbox(self) -> list[str]:
        return sorted(self.sftp.listdir("outbox"))

    def read(self, name: str) -> bytes:
        with self.sftp.open(f"outbox/{name}", "rb") as file:
            return file.read()

    def wait_for(self, *names: str) -> list[bytes]:
        """The answers of these names, as soon as they are all there."""
        eventually(lambda: set(names) <= set(self.outbox()))
        return [self.read(name) for name in names]

    def answers(self, name: str) -> tuple[bytes, bytes]:
        """The receipt and the report of a file."""
        receipt, report = self.wait_for(f"{name}.ADT", f"{name}.VAL")
        return receipt, report

    def collect(self, name: str) -> bytes:
        """Reads and deletes."""
        content = self.read(name)
        self.sftp.remove(f"outbox/{name}")
        return content


def openssh(client: Client, folder: Path, *lines: str, check: bool = True) -> Any:
    """`sftp -b` with these lines, run in a folder."""
    if SFTP is None:
        assert not os.environ.get("CI"), "CI needs OpenSSH's client"
        pytest.skip("no OpenSSH client on this machine")
    command = [SFTP, "-q", "-b", "-", *openssh_options(client, folder)]
    return subprocess.run(
        [*command, f"{client.account}@127.0.0.1"],
        cwd=folder,
        input="".join(f"{line}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        check=check,
    )


def openssh_options(client: Client, folder: Path) -> list[str]:
    """What OpenSSH's `sftp` needs to log in as a client; its key is kept in a folder."""
    key = folder / "key"
    if not key.exists():
        client.key.write_private_key_file(str(key))
    options = ["-P", str(client.gateway.port), "-i", str(key)]
    for option in (
        "StrictHostKeyChecking=no",
        f"UserKnownHostsFile={folder / 'known_hosts'}",
        "IdentitiesOnly=yes",
        "IdentityAgent=none",
        "LogLevel=ERROR",
    ):
        options += ["-o", option]
    return options
