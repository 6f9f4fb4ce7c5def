"""What a signed receipt proves: that it is genuine, of a file, and in its place behind the one before it."""

import itertools
import json
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidSignature

from outbound.receipt_keys import PublishedKey, gmt_text
from outbound.signed_receipt import FIRST, Signed, SignedReceipt


def unsigned(signed: Signed, keys: Mapping[str, PublishedKey]) -> list[str]:
    """Why a signed receipt proves nothing, against the gateway's keys; nothing where it is genuine."""
    key = keys.get(signed.receipt.key_id)
    if key is None:
        return [f"the receipt names key {signed.receipt.key_id}; the keys known are {', '.join(sorted(keys))}"]
    try:
        key.public.verify(signed.signature, signed.content[: signed.content.rindex(b"signature: ")])
    except InvalidSignature:
        return [f"the signature is not of key {key.key_id} over these lines"]
    if key.valid_to is not None and signed.receipt.received_at > key.valid_to:
        received, until = gmt_text(signed.receipt.received_at), gmt_text(key.valid_to)
        return [f"the receipt is of {received}, and key {key.key_id} signs until {until}"]
    return []


def differing(receipt: SignedReceipt, file_name: str, size: int, sha256: str) -> list[str]:
    """What a file has otherwise than its signed receipt says."""
    pairs = (
        ("file name", json.dumps(receipt.file_name), json.dumps(file_name)),
        ("size", f"{receipt.size} bytes", f"{size} bytes"),
        ("SHA-256", receipt.sha256, sha256),
    )
    return [
        f"the {what} in the receipt is {said}, the file's is {found}" for what, said, found in pairs if said != found
    ]


def broken_chain(chain: Sequence[tuple[str, Signed]]) -> list[str]:
    """Where the signed receipts of one account, each with the name of its file, do not follow each other.

    They may begin anywhere and stand in any order; the same bytes twice are one.
    """
    ordered = sorted({one.content: (name, one) for name, one in chain}.values(), key=lambda one: one[1].receipt.number)
    told = []
    for (before, earlier), (name, later) in itertools.pairwise(ordered):
        if earlier.receipt.account != later.receipt.account:
            told.append(f"{before} is of account {earlier.receipt.account}, {name} of {later.receipt.account}")
        elif earlier.receipt.number == later.receipt.number:
            told.append(f"{before} and {name} both have number {later.receipt.number}, with other bytes")
        elif earlier.receipt.number + 1 < later.receipt.number:
            told.append(f"{_missing(earlier.receipt.number, later.receipt.number)} between {before} and {name}")
        elif later.receipt.previous != earlier.sha256:
            told.append(f"{name} follows {later.receipt.previous or FIRST}, {before} is {earlier.sha256}")
    told += [
        f"{name} has number {one.receipt.number} and follows {one.receipt.previous or FIRST}"
        for name, one in ordered
        if (one.receipt.number == 1) != (one.receipt.previous is None)
    ]
    return told


def _missing(before: int, after: int) -> str:
    return (
        f"number {before + 1} is missing" if after - before == 2 else f"numbers {before + 1} to {after - 1} are missing"
    )
