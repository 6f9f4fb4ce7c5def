"""Addresses that failed to log in too often, shared by the server's processes through one small file each."""

import contextlib
import fcntl
import ipaddress
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ingest.sftp.limits import Limits
from market.clock import Clock
from market.home import Home


@dataclass(frozen=True)
class Record:
    """What is known of one address; instants in Unix seconds."""

    failures: int = 0
    since: float = 0
    bans: int = 0
    until: float = 0


def network(address: str) -> str:
    """What is banned for `address`: an IPv4 address, or the /64 that an IPv6 host owns; other texts as they are."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "".join(character if character.isalnum() else "_" for character in address)[:64] or "_"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return ipaddress.ip_network((parsed, 64), strict=False).network_address.exploded


class Bans:
    """Failed logins by address, and the bans that grow from them."""

    def __init__(self, home: Home, limits: Limits, clock: Clock) -> None:
        self._folder = home.bans
        self._limits = limits
        self._clock = clock

    def seconds_left(self, address: str) -> float:
        """How long the address stays banned; 0 where it is not."""
        try:
            with (self._folder / network(address)).open() as file:
                fcntl.flock(file, fcntl.LOCK_SH)
                record = _parse(file.read())
        except FileNotFoundError:
            return 0
        return max(0.0, record.until - self._now())

    def failed(self, address: str) -> float:
        """A connection failed to log in; gives the seconds of the ban that this begins, or 0."""
        now, limits = self._now(), self._limits

        def count(record: Record) -> Record:
            if now < record.until:
                return record
            if now > record.until + limits.longest_ban_seconds:
                record = replace(record, bans=0)
            if now > record.since + limits.failed_login_seconds:
                record = replace(record, failures=0, since=now)
            if record.failures + 1 < limits.failed_logins:
                return replace(record, failures=record.failures + 1)
            seconds = min(limits.first_ban_seconds * 2.0 ** min(record.bans, 60), limits.longest_ban_seconds)
            return Record(0, now, record.bans + 1, now + seconds)

        before, after = self._change(address, count)
        return after.until - now if after.bans > before.bans or (after.until > before.until) else 0

    def forgive(self, address: str) -> None:
        """The connection whose failure was counted logged in after all, with another of its keys."""
        self._change(address, lambda record: replace(record, failures=max(0, record.failures - 1)))

    def prune(self) -> None:
        """Forget the addresses that no longer count."""
        settled = self._now() - self._limits.longest_ban_seconds - self._limits.failed_login_seconds
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process prunes as well
                record = _parse(path.read_text(errors="replace"))
                if max(record.since, record.until) < settled:
                    path.unlink()

    def _change(self, address: str, change: Callable[[Record], Record]) -> tuple[Record, Record]:
        path: Path = self._folder / network(address)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            before = _parse(file.read())
            after = change(before)
            file.seek(0)
            file.truncate()
            file.write(json.dumps(asdict(after)))
            file.flush()
        return before, after

    def _now(self) -> float:
        return self._clock().timestamp()


def _parse(text: str) -> Record:
    try:
        return Record(**json.loads(text))
    except (ValueError, TypeError):
        return Record()  # empty, or cut by a crash: the address starts anew
