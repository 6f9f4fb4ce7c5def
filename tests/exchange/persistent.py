"""A party that goes on through every breakdown: it looks before it sends again, and collects all its answers."""

import itertools
from collections import Counter
from dataclasses import dataclass, field

import paramiko

from tests.exchange.client import Client
from tests.exchange.made_market import declaration
from tests.exchange.market_time import market_clock

BROKEN = (OSError, EOFError, paramiko.SSHException)
"""What a client sees of a gateway that is killed."""

_names = itertools.count(1)


@dataclass
class Sent:
    """A file, and what is to become of it."""

    content: bytes
    code: int
    values: int = 0
    name: str = field(default_factory=lambda: f"BP{next(_names):012d}")
    renaming: bool = False
    taken: bool = False

    @property
    def due(self) -> Counter[str]:
        """The answers that it gets, by kind."""
        return Counter(["RECEIPT"] + ["REPORT"] * (self.code == 100) + ["FLOW"] * (self.values > 0))


@dataclass
class Party:
    """One account of a party, with its channel."""

    client: Client
    party_id: str
    units: tuple[str, ...]
    test_flag: str = ""
    number: int = 0
    sent: list[Sent] = field(default_factory=list)
    read: dict[str, bytes] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def prepare(self) -> None:
        """Makes one more declaration of other values, and now and then its duplicate and a file out of sequence."""
        self.number += 1
        value = 10 + self.number * 7 % 50
        good = declaration(
            self.number,
            *(f"{unit}|20261201|{value}|-1|||" for unit in self.units),
            at=market_clock(),
            party_id=self.party_id,
            test_flag=self.test_flag,
        )
        self.sent.append(Sent(good, 100, len(self.units)))
        if self.number % 4 == 1:
            self.sent.append(Sent(good, 101))
        if self.number % 4 == 3:
            self.sent.append(Sent(good.replace(b"|-1|", b"|-2|"), 3))

    def send_all(self) -> None:
        """Sends, in order, what the gateway has not taken."""
        for file in self.sent:
            if not file.taken:
                self._send(file)

    def _send(self, file: Sent) -> None:
        sftp = self.client.sftp
        if not file.renaming or file.name in sftp.listdir("temp"):
            with sftp.open(f"temp/{file.name}", "wb") as upload:
                upload.write(file.content)
            file.renaming = True
            sftp.rename(f"temp/{file.name}", f"inbox/{file.name}")
        file.taken = True

    def collect_all(self) -> None:
        """Reads and deletes what lies in the outbox; nothing comes a second time."""
        there = self.client.outbox()
        self.deleted |= self.read.keys() - set(there)
        for name in there:
            assert name not in self.deleted, f"{name} is delivered again"
            content = self.client.read(name)
            assert self.read.setdefault(name, content) == content
            self.client.sftp.remove(f"outbox/{name}")
            self.deleted.add(name)

    @property
    def due(self) -> int:
        """How many answers it gets in all."""
        return sum(file.due.total() for file in self.sent)

    @property
    def is_answered(self) -> bool:
        """Whether everything is sent and all answers are collected."""
        return all(file.taken for file in self.sent) and len(self.deleted) >= self.due
