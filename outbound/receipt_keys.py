"""The public keys under which a gateway signs receipts, on a page that parties read."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

KEYS_PAGE = "gridpost-receipts.pub"
"""The name of the page in an outbox: no answer is ever called so."""

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
KEY_ID = "[0-9a-f]{16}"
_KEY = re.compile(
    rf"key ({KEY_ID}) from ({TIME})(?: until ({TIME}))?\n"
    r"(-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n)"
)


class NotSignedError(ValueError):
    """What was read is no signed receipt, or no page of keys; the text says why."""


@dataclass(frozen=True)
class PublishedKey:
    """A public key as parties know it: it signs what is received until `valid_to`; None while it signs."""

    key_id: str
    public: Ed25519PublicKey
    valid_from: datetime
    valid_to: datetime | None = None


def key_id(public: Ed25519PublicKey) -> str:
    """The name of a key: sixteen digits of the SHA-256 of its raw bytes."""
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def keys_page(keys: Sequence[PublishedKey]) -> bytes:
    """The page of keys that parties read, in the order given: each with its dates, in PEM."""
    page = ["Receipts of this gateway are signed with these Ed25519 keys, the newest first.\n"]
    for key in keys:
        until = f" until {gmt_text(key.valid_to)}" if key.valid_to else ""
        pem = key.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        page.append(f"\nkey {key.key_id} from {gmt_text(key.valid_from)}{until}\n{pem}")
    return "".join(page).encode("ascii")


def read_keys(page: bytes) -> dict[str, PublishedKey]:
    """The keys of a page by their ids; raises NotSignedError where it holds none, or one under another's id."""
    found: dict[str, PublishedKey] = {}
    for name, valid_from, valid_to, pem in _KEY.findall(page.decode("ascii", errors="replace")):
        try:
            public = load_pem_public_key(pem.encode())
            since, until = gmt_moment(valid_from), gmt_moment(valid_to) if valid_to else None
        except (ValueError, UnsupportedAlgorithm):
            raise NotSignedError(f"key {name} cannot be read") from None
        if not isinstance(public, Ed25519PublicKey) or key_id(public) != name:
            raise NotSignedError(f"key {name} is another key than its id says")
        found[name] = PublishedKey(name, public, since, until)
    if not found:
        raise NotSignedError("it holds no key that signs receipts")
    return found


def gmt_text(at: datetime) -> str:
    """An aware instant in whole seconds of GMT."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def gmt_moment(text: str) -> datetime:
    """The instant of such a text, aware; raises ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
