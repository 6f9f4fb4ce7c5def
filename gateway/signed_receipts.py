"""Receipts that the gateway signs: the key, the chain of each account, and the page of keys in its outbox.

The private keys are files in the home's keys, named by their ids; the store knows the public ones and their dates.
"""

import logging
import os
import secrets
import stat
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlmodel import Session

from market.durable import sync_folder
from market.fault import Fault
from market.home import Home
from outbound.names import SIGNED
from outbound.receipt_keys import KEYS_PAGE, PublishedKey, key_id, keys_page
from outbound.signed_receipt import SignedReceipt, sign
from rules.catalogue import rules_version
from store import answers, signed_receipts
from store.states import AnswerKind
from store.tables import Answer, ReceiptKey, Submission

_log = logging.getLogger(__name__)


def add_signed(session: Session, home: Home, submission: Submission, receipt: Answer, code: int, sha256: str) -> None:
    """Adds the signed receipt behind a receipt of `code`, where the account's are signed.

    `sha256` is that of the received bytes. The accounts' other receipts wait until the transaction ends. Raises Fault
    where the key is missing.
    """
    chain = signed_receipts.held(session, submission.account)
    if chain is None:
        return
    key = signing_key(session, home, at=receipt.created_at)
    signed = sign(
        SignedReceipt(
            account=submission.account,
            number=chain.number + 1,
            file_name=submission.file_name,
            size=submission.size,
            sha256=sha256,
            received_at=submission.received_at,
            receipt_code=code,
            submission_ref=submission.ref,
            rules_version=rules_version(),
            previous=chain.sha256,
            key_id="",
        ),
        key,
    )
    signed_receipts.extend(session, submission.account, signed.receipt.number, signed.sha256)
    answers.add(
        session,
        account=submission.account,
        kind=AnswerKind.SIGNED_RECEIPT,
        name=f"{receipt.name}.{SIGNED}",
        at=receipt.created_at,
        body=signed.content,
        submission_ref=submission.ref,
    )


def signing_key(session: Session, home: Home, *, at: datetime) -> Ed25519PrivateKey:
    """The key that signs now, made where there is none; Fault where the newest one's private half is missing."""
    newest = next(iter(signed_receipts.keys(session)), None)
    if newest is None:
        newest = make_key(session, home, actor="gateway", at=at)
    path = _path(home, newest.key_id)
    try:
        private = load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError as error:
        raise Fault(f"the key {newest.key_id} that signs receipts is missing: {path.name}") from error
    assert isinstance(private, Ed25519PrivateKey)
    return private


def make_key(
    session: Session, home: Home, private: Ed25519PrivateKey | None = None, *, actor: str, at: datetime
) -> ReceiptKey:
    """Makes a new key, or takes the one given, that signs from now on; those before it sign no more and stay known.

    Its private half is on disk, mode 600, before the row is written.
    """
    private = private or Ed25519PrivateKey.generate()
    public, name = private.public_key(), key_id(private.public_key())
    descriptor = os.open(_path(home, name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(home.keys)
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return signed_receipts.add_key(session, name, raw, actor=actor, at=at)


def published(session: Session) -> bytes:
    """The page of all keys as parties read it."""
    return keys_page([_published(key) for key in signed_receipts.keys(session)])


def publish(session: Session, home: Home) -> None:
    """Puts the page of keys into the outbox of every account with signed receipts, where it is not there as it is.

    A party may delete it: it is put there again, and no answer counts it.
    """
    accounts = signed_receipts.signed_accounts(session)
    if not accounts or not signed_receipts.keys(session):
        return
    page = published(session)
    for account in accounts:
        try:
            _publish(home, home.outbox(account) / KEYS_PAGE, page)
        except OSError:
            _log.exception("the page of keys is not in the outbox of %s", account)


def _publish(home: Home, place: Path, page: bytes) -> None:
    """Replaces the page in one step where it is another; it can be written again, so nothing is synced."""
    if not place.parent.is_dir() or _is_there(place, page):
        return
    temporary = home.dry_answers / f"{KEYS_PAGE}.{secrets.token_hex(8)}"
    temporary.write_bytes(page)
    temporary.replace(place)


def _is_there(place: Path, page: bytes) -> bool:
    """Whether a file is the page; behind a plain sshd a party can put another there, of any size."""
    try:
        found = place.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size == len(page) and place.read_bytes() == page


def _path(home: Home, name: str) -> Path:
    return home.keys / f"receipts_{name}_key"


def _published(key: ReceiptKey) -> PublishedKey:
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key))
    return PublishedKey(key.key_id, public, key.valid_from, key.valid_to)
