"""Signed receipts: what a party can show to anybody, to prove what was received from it, and when.

A text of labelled lines in a fixed order, ASCII, LF; the last one is an Ed25519 signature over the bytes of all lines
above it. Each names the SHA-256 of the account's signed receipt before it, so that none can be left out or changed
later without breaking the chain.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from outbound.receipt_keys import KEY_ID, TIME, NotSignedError, gmt_moment, gmt_text, key_id

HEADING = "gridpost signed receipt, version 1"
"""The first line: nothing else that the key signs begins so."""

FIRST = "none"
"""What the first signed receipt of an account names as the one before it."""

LONGEST = 4_096
"""The bytes of the longest signed receipt: a file name of 120 characters, each written as twelve."""

_SHA256 = "[0-9a-f]{64}"
_LINES = {
    "account": "[A-Za-z0-9_.-]{1,32}",
    "number": "[1-9][0-9]{0,11}",
    "file": r'"[ -~]{1,2000}"',
    "size": "0|[1-9][0-9]{0,17}",
    "sha256": _SHA256,
    "received": TIME,
    "receipt": "[0-9]{1,3}",
    "submission": "[0-9A-Z]{1,40}",
    "rules": "[0-9a-z]{1,40}",
    "previous": f"{FIRST}|{_SHA256}",
    "key": KEY_ID,
    "signature": "[A-Za-z0-9+/]{86}==",
}
_SIGNED = tuple(_LINES)[:-1]


@dataclass(frozen=True)
class SignedReceipt:
    """What a signed receipt says. `received_at` is aware, whole seconds; `previous` is None in an account's first.

    `receipt_code` is what the receipt beside it says (100: received and readable), `rules_version` is that of the rule
    catalogue, `key_id` names the key that signed.
    """

    account: str
    number: int
    file_name: str
    size: int
    sha256: str
    received_at: datetime
    receipt_code: int
    submission_ref: str
    rules_version: str
    previous: str | None
    key_id: str

    def lines(self) -> bytes:
        """The bytes that are signed."""
        values = (
            self.account,
            self.number,
            json.dumps(self.file_name),
            self.size,
            self.sha256,
            gmt_text(self.received_at),
            self.receipt_code,
            self.submission_ref,
            self.rules_version,
            self.previous or FIRST,
            self.key_id,
        )
        named = [f"{label}: {value}" for label, value in zip(_SIGNED, values, strict=True)]
        return "".join(f"{line}\n" for line in [HEADING, *named]).encode("ascii")


@dataclass(frozen=True)
class Signed:
    """A signed receipt as a file: `content` is all its bytes."""

    receipt: SignedReceipt
    signature: bytes
    content: bytes

    @property
    def sha256(self) -> str:
        """What the next signed receipt of the account names as the one before it."""
        return hashlib.sha256(self.content).hexdigest()


def sign(receipt: SignedReceipt, private: Ed25519PrivateKey) -> Signed:
    """Signs a receipt; its `key_id` becomes that of the key."""
    named = replace(receipt, key_id=key_id(private.public_key()))
    signature = private.sign(named.lines())
    last = f"signature: {base64.b64encode(signature).decode()}\n".encode()
    return Signed(named, signature, named.lines() + last)


def read_signed(content: bytes) -> Signed:
    """Reads a signed receipt, whoever signed it; raises NotSignedError."""
    if len(content) > LONGEST:
        raise NotSignedError(f"it has {len(content)} bytes, a signed receipt has at most {LONGEST}")
    try:
        heading, *lines = content.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise NotSignedError("it is not ASCII") from None
    if heading != HEADING:
        raise NotSignedError(f"its first line is not '{HEADING}'")
    if len(lines) != len(_LINES) + 1 or lines[-1]:
        raise NotSignedError(f"it has {len(lines)} lines that end, a signed receipt has {len(_LINES) + 1}")
    values = {}
    for number, (line, (label, pattern)) in enumerate(zip(lines, _LINES.items(), strict=False), 2):
        found = re.fullmatch(f"{label}: ({pattern})", line)
        if found is None:
            raise NotSignedError(f"line {number} is not '{label}: ' and a value of its form")
        values[label] = found[1]
    text = values.pop("signature")
    signature = base64.b64decode(text)
    if base64.b64encode(signature).decode() != text:
        raise NotSignedError("its signature is not base64 as it is written")
    return Signed(_receipt(values), signature, content)


def _receipt(values: Mapping[str, str]) -> SignedReceipt:
    try:
        name, received_at = json.loads(values["file"]), gmt_moment(values["received"])
    except ValueError:
        raise NotSignedError("its file name or its received time cannot be read") from None
    return SignedReceipt(
        account=values["account"],
        number=int(values["number"]),
        file_name=name,
        size=int(values["size"]),
        sha256=values["sha256"],
        received_at=received_at,
        receipt_code=int(values["receipt"]),
        submission_ref=values["submission"],
        rules_version=values["rules"],
        previous=None if values["previous"] == FIRST else values["previous"],
        key_id=values["key"],
    )
