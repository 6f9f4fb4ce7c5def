"""One connection: who it is, what it may open. paramiko asks, from the transport's thread."""

import logging
import threading
import time
from collections.abc import Callable

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_SUCCEEDED,
)

from ingest.sftp.bans import Bans
from ingest.sftp.interfaces import AccountKeys, Door, SessionEvent, SessionKind
from ingest.sftp.paths import shown
from ingest.sftp.session import Session
from ingest.sftp.status import Refusal
from market.home import is_account_name

_CHANNELS = 10
_REFUSALS_WRITTEN = 100

_log = logging.getLogger(__name__)


class Connection(paramiko.ServerInterface):
    """Public keys only, and only the sftp subsystem; everything else keeps paramiko's answer, which is no."""

    def __init__(self, door: Door, bans: Bans, address: str) -> None:
        self.address = address
        self.began = time.monotonic()
        self.handles = door.limits.handles_per_session
        self.logged_in = False
        self._door = door
        self._bans = bans
        self._account: AccountKeys | None = None
        self._fingerprint = ""
        self._tried = False
        self._failed = False
        self._finished = False
        self._stopping = False
        self._channels = 0
        self._refusals = 0
        self._lock = threading.Lock()
        self._sessions: dict[int, Session] = {}
        self._hearing: dict[int, Callable[[bytes], bytes]] = {}

    def get_allowed_auths(self, username: str) -> str:
        """The one way in; asked for after each failure."""
        self._tried = True
        return "publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        """No password opens anything; who tries one guesses."""
        return self._guessed(username, "a password")

    def check_auth_interactive(self, username: str, submethods: str) -> int:
        """As a password."""
        return self._guessed(username, "an interactive login")

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Whether the key would log in now; paramiko verifies the signature after this."""
        self._tried = True
        try:
            account = self._door.accounts.find(username) if is_account_name(username) else None
        except Exception:
            _log.exception("the accounts cannot be read")
            return AUTH_FAILED
        now = self._door.clock()
        presented = (key.get_name(), key.get_base64())
        known = [one for one in account.keys if (one.type, one.base64) == presented] if account else []
        if account and any(one.logs_in_at(now) for one in known):
            self._account, self._fingerprint = account, key.fingerprint
            return AUTH_SUCCESSFUL
        why = "no such account" if account is None else "the key is not in force" if known else "the key is not known"
        return self._guessed(username, f"{why}, {key.fingerprint}")

    def _guessed(self, username: str, why: str) -> int:
        self._tell(SessionKind.REFUSED, f"login as {shown(username, 64)}: {why}")
        self._count_failure()
        return AUTH_FAILED

    def login(self) -> None:
        """Called once the transport has verified the login; only the first call does anything."""
        with self._lock:
            if self.logged_in or self._account is None:
                return
            self.logged_in = True
        if self._failed:
            self._bans.forgive(self.address)
        self._tell(SessionKind.LOGIN, self._fingerprint)
        try:
            self._door.accounts.used(self._account.account, self._fingerprint, self._door.clock())
        except Exception:
            _log.exception("the use of a key cannot be kept")

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Session channels, a few; no forwarding of any kind."""
        self.login()
        if kind != "session" or self._channels >= _CHANNELS:
            self._refuse(f"a {shown(kind, 40)} channel, {self._channels} were opened before")
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        self._channels += 1
        return OPEN_SUCCEEDED

    def check_channel_subsystem_request(self, channel: paramiko.Channel, name: str) -> bool:
        """The sftp subsystem, once per channel, within the account's sessions."""
        if name != "sftp" or self._account is None or self._stopping or channel.get_id() in self._sessions:
            self._refuse(f"the subsystem {shown(name, 40)}")
            return False
        try:
            session = Session(self._door, self._account, self.address)
        except Refusal as refusal:
            self._refuse(refusal.reason)
            return False
        except Exception as error:
            _log.exception("a session of account %s cannot begin", self._account.account)
            self._tell(SessionKind.FAULT, f"a session cannot begin: {error}")
            return False
        with self._lock:
            self._sessions[channel.get_id()] = session
        try:
            return super().check_channel_subsystem_request(channel, name)
        except Exception:
            self.ended(session)  # no thread to serve it
            raise

    @property
    def party_id(self) -> str:
        """Whose account logged in."""
        return self._account.party_id if self._account else ""

    def hear(self, channel: paramiko.Channel, received: Callable[[bytes], bytes]) -> None:
        """Have what comes over this channel go to `received` first, which gives what it leaves to the channel."""
        self._hearing[channel.get_id()] = received

    def hearing(self, channel: paramiko.Channel) -> Callable[[bytes], bytes] | None:
        """Where what comes over this channel goes; None where no session reads it."""
        return self._hearing.get(channel.get_id())

    def session_of(self, channel: paramiko.Channel) -> Session:
        """The session that was begun for this channel."""
        return self._sessions[channel.get_id()]

    def ended(self, session: Session) -> None:
        """The channel of a session ended, its open files abandoned."""
        try:
            session.end()
        finally:
            with self._lock:
                self._sessions = {channel: other for channel, other in self._sessions.items() if other is not session}
                self._hearing = {channel: to for channel, to in self._hearing.items() if channel in self._sessions}

    def stop(self) -> None:
        """Begin nothing new: the gateway is stopping."""
        self._stopping = True
        for session in self._current():
            session.stopping = True

    @property
    def is_busy(self) -> bool:
        """True while a client has a file open or waits for an answer."""
        return any(session.files or session.answering for session in self._current())

    @property
    def has_sessions(self) -> bool:
        """True until the last session has put its things away."""
        return bool(self._current())

    def finished(self, why: str) -> None:
        """The connection is closed; only the first call does anything."""
        if self._finished:
            return
        self._finished = True
        if self.logged_in:
            self._tell(SessionKind.LOGOUT, why)
        elif self._tried:
            self._count_failure()

    def _current(self) -> list[Session]:
        with self._lock:
            return list(self._sessions.values())

    def _count_failure(self) -> None:
        if self._failed:
            return
        self._failed = True
        seconds = self._bans.failed(self.address)
        if seconds:
            self._tell(SessionKind.BANNED, f"for {seconds:.0f} seconds after failed logins")

    def _refuse(self, reason: str) -> None:
        self._refusals += 1
        if self._refusals <= _REFUSALS_WRITTEN:
            self._tell(SessionKind.REFUSED, reason)

    def _tell(self, kind: SessionKind, detail: str) -> None:
        account = self._account.account if self._account and self.logged_in else None
        try:
            self._door.log.write(SessionEvent(self._door.clock(), kind, account, self.address, detail))
        except Exception:
            _log.exception("a session event cannot be kept")
