"""What the gateway does with uploads that were cut off and never resumed: after some days they go."""

import logging
from datetime import timedelta

from gateway.office import Office
from ingest.sftp.cut_uploads import purge
from market.clock import london_day
from store import audit, policy
from store.database import reading

_log = logging.getLogger(__name__)


def purge_partial_uploads(office: Office) -> int:
    """Delete unfinished files that nobody touched for policy's `retention_partial` days; gives how many.

    Each leaves an audit row. Nothing goes while no policy is loaded.
    """
    now = office.clock()
    with reading(office.engine) as session:
        if not policy.loaded(session):
            return 0
        days = policy.in_force(session).on(london_day(now)).retention_partial
    purged = purge(office.home, now - timedelta(days=days))
    if not purged:
        return 0
    with office.committing() as session:
        for account, path, size in purged:
            why = f"unfinished and untouched for {days} days, {size} bytes"
            audit.write(session, at=now, actor="gateway", action="purge", subject_kind="session", subject=path, why=why)
            _log.info("%r of %s is purged: %s", path, account, why)
    return len(purged)
