"""What the server is given: accounts and their keys, the session log, and whom it tells of takes and collections."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from ingest.landing import Landed, Landing
from ingest.sftp.limits import Limits
from market.clock import Clock
from market.home import Home


@dataclass(frozen=True)
class AccountKey:
    """One public key of an account: `type` and `base64` are the first two words of its OpenSSH line."""

    type: str
    base64: str
    valid_from: datetime
    """Aware; the key logs in from this instant on."""
    valid_to: datetime | None = None
    """Aware; from this instant on the key logs in no more."""

    def logs_in_at(self, instant: datetime) -> bool:
        """True where the aware `instant` lies in the key's validity."""
        return self.valid_from <= instant and (self.valid_to is None or instant < self.valid_to)


@dataclass(frozen=True)
class AccountKeys:
    """An account that may log in, its party, and its keys of all times."""

    account: str
    party_id: str
    keys: tuple[AccountKey, ...]
    beside: tuple[str, ...] = ()
    """The other live accounts of the party: its limits are shared among them."""

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """Every live account of the party, this one among them."""
        return (self.account, *self.beside)


class AccountBook(Protocol):
    """Where accounts are looked up; asked anew at every login, from many threads."""

    def find(self, name: str) -> AccountKeys | None:
        """The account of that name, or None where there is none or it has ended."""

    def used(self, account: str, fingerprint: str, at: datetime) -> None:
        """A login with the key of that fingerprint (`SHA256:...`) happened."""


class SessionKind(StrEnum):
    """What a session event tells."""

    LOGIN = "login"
    LOGOUT = "logout"
    REFUSED = "refused"
    BANNED = "banned"
    UPLOAD = "upload"
    TAKEN = "taken"
    ABANDONED = "abandoned"
    COLLECTED = "collected"
    FAULT = "fault"


@dataclass(frozen=True)
class SessionEvent:
    """One line of the audit of the front door. Texts from outside are escaped and cut."""

    at: datetime
    kind: SessionKind
    account: str | None
    address: str
    detail: str
    path: str | None = None


class SessionLog(Protocol):
    """Where session events go; called from many threads, and slow only at the price of the sessions."""

    def write(self, event: SessionEvent) -> None:
        """Keep one event."""


@dataclass(frozen=True)
class Door:
    """All that a server process needs besides its socket."""

    home: Home
    clock: Clock
    limits: Limits
    accounts: AccountBook
    log: SessionLog
    landing: Landing
    dry_runs: Landing
    on_taken: Callable[[Landed], None]
    """A hint, after the take is durable and before the client is told; it must be quick and may be lost."""
    on_collected: Callable[[str, str], None]
    """(account, name) after a durable delete from an outbox."""
