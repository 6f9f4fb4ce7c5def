"""The server's side of the SSH negotiation: what is offered, and the host keys."""

import os
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from market.durable import folder_opened, rename_without_replacing

# chacha20-poly1305 stays out: it is several times slower here.
_CIPHERS = ("aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes192-ctr", "aes256-ctr")
_MACS = ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
_KEX = ("mlkem768x25519-sha256", "curve25519-sha256@libssh.org", "diffie-hellman-group16-sha512")
_HOST_KEYS = ("ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256")

# What ssh-audit finds fault with and what the Java clients of before 2018 cannot do without.
_OLDER_MACS = ("hmac-sha2-256", "hmac-sha2-512")
_OLDER_KEX = ("ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521")
_OLDER_HOST_KEYS = ("ecdsa-sha2-nistp256",)

KEY_CLASSES: dict[str, type[paramiko.PKey]] = {
    "ed25519": paramiko.Ed25519Key,
    "ecdsa": paramiko.ECDSAKey,
    "rsa": paramiko.RSAKey,
}


def restrict(transport: paramiko.Transport, *, older_clients: bool) -> None:
    """Offer modern algorithms only, behind them those of older clients where they are let in.

    What the installed cryptography lacks is left out.
    """
    options = transport.get_security_options()
    options.ciphers = _CIPHERS
    options.digests = _MACS + _OLDER_MACS * older_clients
    options.key_types = _HOST_KEYS + _OLDER_HOST_KEYS * older_clients
    available = options.kex
    options.kex = tuple(name for name in _KEX + _OLDER_KEX * older_clients if name in available)


def host_keys(folder: Path) -> tuple[paramiko.PKey, ...]:
    """The server's Ed25519, ECDSA and RSA keys from `folder`; made at the first start and kept, mode 600."""
    return tuple(_host_key(folder, kind) for kind in KEY_CLASSES)


def _host_key(folder: Path, kind: str) -> paramiko.PKey:
    name = host_key_name(kind)
    if not (folder / name).exists():
        make_host_key(folder, name, kind)
    return read_host_key(folder, name, kind)


def host_key_name(kind: str) -> str:
    """The file of the current host key of a type."""
    return f"ssh_host_{kind}_key"


def read_host_key(folder: Path, name: str, kind: str) -> paramiko.PKey:
    """The host key of a type in a file."""
    return KEY_CLASSES[kind].from_private_key_file(str(folder / name))


def make_host_key(folder: Path, name: str, kind: str) -> None:
    """Makes a host key of a type, durable and mode 600, unless the file is there."""
    private = _generate(kind).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    temporary = f".{name}.{os.getpid()}"
    with folder_opened(folder) as inside:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600, dir_fd=inside)
        with os.fdopen(descriptor, "wb") as file:
            file.write(private)
            file.flush()
            os.fsync(file.fileno())
        try:
            rename_without_replacing(temporary, name, inside, inside)
        except FileExistsError:
            os.unlink(temporary, dir_fd=inside)  # another process was first; its key is the server's
        os.fsync(inside)


def _generate(kind: str) -> ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if kind == "ed25519":
        return ed25519.Ed25519PrivateKey.generate()
    if kind == "ecdsa":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=3072)
