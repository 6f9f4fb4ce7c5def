"""A plain sshd in place of the embedded SFTP server: its configuration, and the folders and users that it needs.

Each account is a user of the system with the gateway's own user id, shut into its account's root. So the gateway may
read whatever mode a client gives its file, the kernel tells it whether the file is still open for writing, and the
party may delete what the gateway delivered. What keeps parties apart is the chroot, whose root and folders belong to
root: nobody can rename, replace or close one of them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from market.fault import Fault
from market.home import PARTY_FOLDERS

_PLAIN = re.compile(r"[A-Za-z0-9_./:+@=?-]+")

# What internal-sftp refuses because no party needs it: links, folders, and the space on the gateway's disk.
_REFUSED = ("symlink", "hardlink", "readlink", "mkdir", "rmdir", "copy-data", "statvfs", "fstatvfs")

_KEY_EXCHANGES = (
    "sntrup761x25519-sha512@openssh.com",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "diffie-hellman-group16-sha512",
)

_CONFIG = """\
# sshd in front of gridpost, an instance of its own beside `gridpost serve --no-sftp`:
#     /usr/sbin/sshd -D -f THIS_FILE
# Its users and folders are made by the commands that `gridpost sshd-config --folders` prints; run them again for
# every new account. The file named by AuthorizedKeysCommand and all folders above it must belong to root.
ListenAddress {listen}
HostKey {home}/keys/ssh_host_ed25519_key
HostKey {home}/keys/ssh_host_rsa_key
PidFile none

UsePAM no
PermitRootLogin no
AuthenticationMethods publickey
PasswordAuthentication no
KbdInteractiveAuthentication no
AuthorizedKeysFile none
# The keys of an account that are valid in that moment.
AuthorizedKeysCommand {command} sshd-keys %u
AuthorizedKeysCommandUser {user}

HostKeyAlgorithms ssh-ed25519,rsa-sha2-512,rsa-sha2-256
KexAlgorithms {key_exchanges}
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr,aes192-ctr,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com

LoginGraceTime 30
MaxAuthTries 3
MaxSessions 4
MaxStartups 20:30:100
ClientAliveInterval 60
ClientAliveCountMax 10

DisableForwarding yes
PermitTTY no
PermitTunnel no
PermitUserRC no
PermitUserEnvironment no
PrintMotd no
LogLevel VERBOSE
Subsystem sftp internal-sftp

AllowGroups {group}
Match Group {group}
    ChrootDirectory {chroots}/%u
    # VERBOSE names every upload's end: the gateway reads it from dev/log in the account's root.
    ForceCommand internal-sftp -d / -u 0077 -l VERBOSE -P {refused}
"""

_FOLDERS = """\
#!/bin/sh
# Users and folders for the sshd of `gridpost sshd-config`; root runs it, and again for every new account:
#     gridpost sshd-config --folders | sh
set -eu
user={user}
group={group}
home={home}
chroots={chroots}

for kind in ed25519 rsa; do
    key="$home/keys/ssh_host_${{kind}}_key"
    [ -f "$key" ] || ssh-keygen -q -t "$kind" -N '' -C gridpost -f "$key"
    chown "$user" "$key"
done
install -d -o root -g root -m 0755 "$chroots"

account() {{
    id -u "$1" >/dev/null 2>&1 || useradd --non-unique --uid "$(id -u "$user")" --gid "$group" --password '*' \\
        --home-dir / --no-create-home --shell /usr/sbin/nologin "$1"
    [ "$(id -u "$1")" = "$(id -u "$user")" ] || {{ echo "$1 is another user of this system" >&2; exit 1; }}
    # Writable, and not by its owner: no party can change the mode of a folder. dev is for the log's socket.
    install -d -o root -g "$group" -m 0755 "$home/accounts/$1"
    for folder in {folders} dev; do
        install -d -o root -g "$group" -m 0770 "$home/accounts/$1/$folder"
    done
    # sshd wants every folder above a chroot to be root's; it looks at those above this link.
    ln -sfn "$home/accounts/$1" "$chroots/$1"
}}
"""


@dataclass(frozen=True)
class SshdPlace:
    """Where an sshd finds the gateway: `program` prints the keys, `user` and `group` are the gateway's."""

    home: Path
    program: Path
    store: str | None
    user: str
    group: str
    chroots: Path
    listen: str

    def __post_init__(self) -> None:
        """Raise a Fault where a text would mean something else to sshd or to a shell."""
        for text in (self.home, self.program, self.store or "-", self.user, self.group, self.chroots, self.listen):
            if not _PLAIN.fullmatch(str(text)):
                raise Fault(f"{str(text)!r} has characters that sshd's configuration or a shell reads as its own")


def configuration(place: SshdPlace) -> str:
    """The text of an sshd_config for an instance of its own."""
    command = f"{place.program} --home {place.home}" + (f" --store {place.store}" if place.store else "")
    return _CONFIG.format(
        listen=place.listen,
        home=place.home,
        command=command,
        user=place.user,
        group=place.group,
        chroots=place.chroots,
        key_exchanges=",".join(_KEY_EXCHANGES),
        refused=",".join(_REFUSED),
    )


def folder_commands(place: SshdPlace, accounts: Sequence[str]) -> str:
    """The shell commands, for root, that make users, folders, rights and host keys; running them again is harmless."""
    made = _FOLDERS.format(
        user=place.user, group=place.group, home=place.home, chroots=place.chroots, folders=" ".join(PARTY_FOLDERS)
    )
    return made + "".join(f"account {name}\n" for name in accounts)
