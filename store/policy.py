"""Policy in the store: every text of policy.toml that was ever loaded, the last one in force."""

import hashlib
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from market.clock import london_day
from market.policy import PolicyTable, read_policy
from store import audit
from store.refused import RefusedError
from store.tables import PolicyVersion

_LAST = select(PolicyVersion).order_by(col(PolicyVersion.id).desc()).limit(1)
_OF_VERSION = select(PolicyVersion).where(PolicyVersion.version == bindparam("version"))


def load(session: Session, text: str, *, at: datetime, actor: str) -> str:
    """Puts a policy in force unless it is already; gives its version. Raises market.policy.PolicyError.

    A version is the London day of the load and the beginning of the text's SHA-256.
    """
    read_policy(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    before = _last(session)
    if before is not None and before.sha256 == digest:
        return before.version
    version = f"{london_day(at)}-{digest[:8]}"
    session.add(PolicyVersion(version=version, loaded_at=at, sha256=digest, text=text))
    audit.write(
        session,
        at=at,
        actor=actor,
        action="load policy",
        subject_kind="policy",
        subject=version,
        from_state=before.version if before else None,
        to_state=version,
    )
    session.flush()
    return version


def version(session: Session) -> str:
    """The version in force; raises RefusedError where no policy was loaded."""
    return _in_force(session).version


def in_force(session: Session) -> PolicyTable:
    """The policy in force, by date; raises RefusedError where none was loaded."""
    return read_policy(_in_force(session).text)


def of_version(session: Session, wanted: str) -> PolicyTable:
    """The policy of a version; raises RefusedError where there is none."""
    found = session.exec(_OF_VERSION, params={"version": wanted}).first()
    if found is None:
        raise RefusedError(f"policy version {wanted} is not known")
    return read_policy(found.text)


def _last(session: Session) -> PolicyVersion | None:
    return session.exec(_LAST).first()


def _in_force(session: Session) -> PolicyVersion:
    found = _last(session)
    if found is None:
        raise RefusedError("no policy was loaded yet")
    return found


def loaded(session: Session) -> bool:
    """Whether the store has a policy."""
    return _last(session) is not None
