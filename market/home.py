"""The home folder: where everything that the gateway keeps on disk has its place."""

import re
from dataclasses import dataclass
from pathlib import Path

PARTY_FOLDERS = ("temp", "inbox", "check", "outbox")
"""What a party sees in its account's root, in this order."""

_ACCOUNT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")


def is_account_name(name: str) -> bool:
    """True where `name` can name an account: 1 to 32 letters, digits, `_`, `.` or `-`, a letter or digit first."""
    return _ACCOUNT_NAME.fullmatch(name) is not None


@dataclass(frozen=True)
class Home:
    """The paths below one home folder; only `make` and `make_account` touch the disk."""

    root: Path

    @property
    def accounts(self) -> Path:
        """One folder per account, with the folders that its party sees."""
        return self.root / "accounts"

    @property
    def uploading(self) -> Path:
        """One folder per live SFTP session for direct uploads; never swept into the landing."""
        return self.root / "uploading"

    @property
    def landing(self) -> Path:
        """Files taken and not yet archived, in folders by party and account."""
        return self.root / "landing"

    @property
    def dry_runs(self) -> Path:
        """Files taken from check folders and not yet answered, in folders by party and account."""
        return self.root / "dry_runs"

    @property
    def dry_answers(self) -> Path:
        """Answers of dry runs being written, on the outboxes' file system, out of the parties' sight."""
        return self.root / "dry_answers"

    @property
    def archive(self) -> Path:
        """The bytes of every submission, named by SHA-256."""
        return self.root / "archive"

    @property
    def outgoing(self) -> Path:
        """Answers being staged, on the outboxes' file system, out of the parties' sight."""
        return self.root / "outgoing"

    @property
    def keys(self) -> Path:
        """The SFTP server's host keys."""
        return self.root / "keys"

    @property
    def bans(self) -> Path:
        """One small file per address with failed logins, shared by the server's processes."""
        return self.root / "bans"

    @property
    def record_sets(self) -> Path:
        """Volumes as parquet files."""
        return self.root / "record_sets"

    @property
    def answers(self) -> Path:
        """Answers and breach frames too large for rows."""
        return self.root / "answers"

    @property
    def database(self) -> Path:
        """The SQLite database, where no other is named."""
        return self.root / "gridpost.db"

    def account(self, name: str) -> Path:
        """The root that the party of account `name` sees; ValueError where it is no account name."""
        if not is_account_name(name):
            raise ValueError(f"{name!r} is no account name: 1 to 32 letters, digits, '_', '.' or '-'")
        return self.accounts / name

    def temp(self, account: str) -> Path:
        """Where the party writes; the gateway never reads it."""
        return self.account(account) / "temp"

    def inbox(self, account: str) -> Path:
        """Where a file becomes a submission."""
        return self.account(account) / "inbox"

    def check(self, account: str) -> Path:
        """Where a file becomes a dry run."""
        return self.account(account) / "check"

    def outbox(self, account: str) -> Path:
        """Where the party reads and deletes its answers."""
        return self.account(account) / "outbox"

    def make(self) -> None:
        """Create the folders that do not exist yet, readable by the gateway's user alone."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (
            self.accounts,
            self.uploading,
            self.landing,
            self.dry_runs,
            self.dry_answers,
            self.archive,
            self.outgoing,
            self.keys,
            self.bans,
            self.record_sets,
            self.answers,
        ):
            folder.mkdir(mode=0o700, exist_ok=True)

    def make_account(self, name: str) -> None:
        """Create the folders of one account that do not exist yet."""
        root = self.account(name)
        root.mkdir(mode=0o700, exist_ok=True)
        for folder in PARTY_FOLDERS:
            (root / folder).mkdir(mode=0o700, exist_ok=True)
