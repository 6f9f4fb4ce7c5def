"""Which accounts get signed receipts, how far the chain of each has come, and the public keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select, update

from market.fault import Fault
from store import accounts, audit
from store.refused import RefusedError
from store.tables import Account, ReceiptChain, ReceiptKey


def begin(session: Session, account: str, *, actor: str, at: datetime) -> None:
    """Receipts to an account are signed from now on; a chain that had ended goes on. RefusedError for no account."""
    found = accounts.find(session, account)
    if found is None or found.ended_at is not None:
        raise RefusedError(f"account {account} {'is not known' if found is None else 'has ended'}")
    chain = session.get(ReceiptChain, account)
    if chain is not None and chain.ended_at is None:
        raise RefusedError(f"receipts to account {account} are signed already")
    if chain is None:
        session.add(ReceiptChain(account=account, begun_at=at))
    else:
        chain.ended_at = None
    _audit(session, "sign receipts", account, actor, at)


def end(session: Session, account: str, *, actor: str, at: datetime) -> None:
    """Receipts to an account are no longer signed; raises RefusedError where they are not."""
    chain = session.get(ReceiptChain, account)
    if chain is None or chain.ended_at is not None:
        raise RefusedError(f"receipts to account {account} are not signed")
    chain.ended_at = at
    _audit(session, "end signing receipts", account, actor, at)


def held(session: Session, account: str) -> ReceiptChain | None:
    """The chain of an account whose receipts are signed, else None; other writers wait for the transaction's end."""
    statement = select(ReceiptChain).where(ReceiptChain.account == account).with_for_update()
    chain = session.exec(statement.execution_options(populate_existing=True)).one_or_none()
    return None if chain is None or chain.ended_at is not None else chain


def hold_all(session: Session) -> None:
    """Waits for those who sign, and makes others wait until the transaction ends."""
    session.exec(select(ReceiptChain).order_by(ReceiptChain.account).with_for_update()).all()


def extend(session: Session, account: str, number: int, sha256: str) -> None:
    """The chain's last signed receipt is `number` with the hash `sha256`; Fault where it is not the next one."""
    statement = update(ReceiptChain).where(col(ReceiptChain.account) == account, col(ReceiptChain.number) == number - 1)
    statement = statement.values(number=number, sha256=sha256).execution_options(synchronize_session=False)
    if session.exec(statement).rowcount != 1:
        raise Fault(f"the chain of account {account} has no room for number {number}: another one is there")


def signed_accounts(session: Session) -> Sequence[str]:
    """The live accounts that have a chain, ended ones too: their parties read the page of keys."""
    statement = select(ReceiptChain.account).join(Account).where(col(Account.ended_at).is_(None))
    return session.exec(statement.order_by(ReceiptChain.account)).all()


def keys(session: Session) -> Sequence[ReceiptKey]:
    """All keys, the newest first: the first one signs, unless it has ended."""
    return session.exec(select(ReceiptKey).order_by(col(ReceiptKey.valid_from).desc(), ReceiptKey.key_id)).all()


def add_key(session: Session, key_id: str, public_key: str, *, actor: str, at: datetime) -> ReceiptKey:
    """Adds the key that signs from now on, and ends those before it."""
    for key in keys(session):
        if key.valid_to is None:
            key.valid_to = at
    row = ReceiptKey(key_id=key_id, public_key=public_key, valid_from=at)
    session.add(row)
    session.flush()
    audit.write(session, at=at, actor=actor, action="add receipt key", subject_kind="receipt key", subject=key_id)
    return row


def _audit(session: Session, action: str, account: str, actor: str, at: datetime) -> None:
    audit.write(session, at=at, actor=actor, action=action, subject_kind="account", subject=account)
