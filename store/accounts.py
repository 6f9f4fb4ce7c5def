"""SFTP accounts and their public keys."""

import base64
import binascii
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select, update

from market.home import is_account_name
from store import audit, parties
from store.refused import RefusedError
from store.tables import Account, AccountKey

KEY_TYPES = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa")
"""The types of public key that an account can have."""


@dataclass(frozen=True)
class PublicKey:
    """A public key: `base64` is its wire form, `fingerprint` that of ssh-keygen -l (SHA256:...)."""

    key_type: str
    base64: str
    fingerprint: str


def public_key(line: str) -> PublicKey:
    """Reads one line of OpenSSH's public key format; raises RefusedError where it is none."""
    key_type, _, rest = line.strip().partition(" ")
    if key_type not in KEY_TYPES:
        raise RefusedError(f"the key type {key_type[:40]} is none of {', '.join(KEY_TYPES)}")
    text = rest.split(" ", 1)[0]
    try:
        wire = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise RefusedError(f"the {key_type} key is not base64: {error}") from error
    length = int.from_bytes(wire[:4], "big")
    if wire[4 : 4 + length] != key_type.encode():
        raise RefusedError(f"the bytes of the {key_type} key are those of another type or cut short")
    digest = base64.b64encode(hashlib.sha256(wire).digest()).decode().rstrip("=")
    return PublicKey(key_type, text, f"SHA256:{digest}")


def add(
    session: Session,
    name: str,
    party_id: str,
    keys: Collection[str],
    *,
    notices: bool = False,
    actor: str,
    at: datetime,
) -> Account:
    """Adds an account of a party that opens with the keys (lines of OpenSSH's format) from now on."""
    parties.get(session, party_id)
    if not is_account_name(name):
        raise RefusedError(f"{name[:60]!r} is no account name: 1 to 32 letters, digits, _, . or -")
    if session.get(Account, name) is not None:
        raise RefusedError(f"account {name} is there already")
    account = Account(name=name, party_id=party_id, notices=notices, created_at=at)
    session.add(account)
    session.flush()
    _audit(session, "add account", name, actor, at, detail={"party_id": party_id, "notices": notices})
    for line in keys:
        add_key(session, name, line, actor=actor, at=at)
    return account


def add_key(
    session: Session,
    name: str,
    line: str,
    *,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    actor: str,
    at: datetime,
) -> AccountKey:
    """Adds a public key to an account, valid from `valid_from` (now) until before `valid_to`."""
    _live(session, name)
    key = public_key(line)
    if any(known.fingerprint == key.fingerprint for known in keys_of(session, name)):
        raise RefusedError(f"account {name} has the key {key.fingerprint} already")
    row = AccountKey(
        account=name,
        key_type=key.key_type,
        key_base64=key.base64,
        fingerprint=key.fingerprint,
        valid_from=valid_from or at,
        valid_to=valid_to,
    )
    session.add(row)
    _audit(session, "add key", name, actor, at, detail={"fingerprint": key.fingerprint})
    return row


def end_key(session: Session, name: str, fingerprint: str, *, actor: str, at: datetime) -> None:
    """Ends a key now; raises RefusedError where the account has no such key."""
    key = next((known for known in keys_of(session, name) if known.fingerprint == fingerprint), None)
    if key is None:
        raise RefusedError(f"account {name} has no key {fingerprint}")
    key.valid_to = at
    _audit(session, "end key", name, actor, at, detail={"fingerprint": fingerprint})


def end(session: Session, name: str, *, actor: str, at: datetime, why: str = "") -> Account:
    """Ends an account now: it opens no more, what it did stays."""
    account = _live(session, name)
    account.ended_at = at
    _audit(session, "end account", name, actor, at, why=why)
    return account


def find(session: Session, name: str) -> Account | None:
    """The account of that name, ended ones too."""
    return session.get(Account, name)


def keys_of(session: Session, name: str) -> Sequence[AccountKey]:
    """The keys of an account, ended ones too, in the order in which they were added."""
    return session.exec(select(AccountKey).where(AccountKey.account == name).order_by(col(AccountKey.id))).all()


def key_used(session: Session, name: str, fingerprint: str, *, at: datetime) -> None:
    """Notes when a key last opened its account."""
    statement = update(AccountKey).where(col(AccountKey.account) == name, col(AccountKey.fingerprint) == fingerprint)
    session.exec(statement.values(last_used_at=at).execution_options(synchronize_session=False))


def listed(session: Session, party_id: str | None = None) -> Sequence[Account]:
    """The accounts of a party, or of all, ended ones too, in the order in which they were made."""
    statement = select(Account)
    if party_id is not None:
        statement = statement.where(Account.party_id == party_id)
    return session.exec(statement.order_by(col(Account.created_at), col(Account.name))).all()


def for_notices(session: Session, party_id: str) -> Account | None:
    """The account that gets a party's notices: the first live one marked for them, or else its first live one."""
    live = [account for account in listed(session, party_id) if account.ended_at is None]
    return next((account for account in live if account.notices), live[0] if live else None)


def _live(session: Session, name: str) -> Account:
    account = session.get(Account, name)
    if account is None or account.ended_at is not None:
        raise RefusedError(f"account {name} {'is not known' if account is None else 'has ended'}")
    return account


def _audit(
    session: Session,
    action: str,
    name: str,
    actor: str,
    at: datetime,
    why: str = "",
    detail: dict[str, object] | None = None,
) -> None:
    audit.write(
        session, at=at, actor=actor, action=action, subject_kind="account", subject=name, why=why, detail=detail
    )
