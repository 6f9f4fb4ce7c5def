"""What one party, one address and one connection may take up."""

from dataclasses import dataclass

GIB = 1 << 30
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """The server's limits; sizes in bytes, times in seconds.

    Sessions, bans and a party's files are counted over all processes of a home; connections are counted by
    each process.
    """

    login_seconds: float = 30
    connections_before_login: int = 100
    connections_before_login_per_address: int = 20
    failed_logins: int = 10
    """Connections of one address without a login after which it is banned."""
    failed_login_seconds: float = 600
    """A failure counts this long."""
    first_ban_seconds: float = 60
    longest_ban_seconds: float = 86_400
    """Each ban is twice as long as the one before it, up to this."""
    connections_per_party: int = 40
    """Logged in, counted by each process."""
    sessions_per_party: int = 20
    handles_per_session: int = 64
    staged_bytes: int = 20 * GIB
    """In temp, inbox and check, being uploaded, and taken but not yet archived, over all accounts of a party."""
    waiting_files: int = 10_000
    """The same files, counted."""
    idle_seconds: float = 900
    upload_bytes: int = GIB + 64 * MIB
    """One file; a little above the flows' limit, so that a file just over it gets its receipt."""
    disk_reserve: int = 2 * GIB
    """Below this much free space uploads are refused, and everything else goes on."""
    drain_seconds: float = 20
    """How long open transfers may go on when the gateway stops."""
    older_clients: bool = False
    """Whether who knows only the NIST curves and plain HMAC-SHA2 is let in, as JSch up to 0.1.55."""
