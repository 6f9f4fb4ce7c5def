"""What is past the days for which policy keeps it."""

from datetime import timedelta

from sqlmodel import Session

from gateway import expired_sets, retention
from gateway.schedule.check import Apply, Check, Occasion, Summary
from market.clock import london_day
from market.settlement_period import day_start
from store import changes
from store import expired_sets as stored_sets
from store import retention as kept


def _give_up(occasion: Occasion) -> Apply:
    # who starts it by hand for a day to come gives up nothing before its time
    day = min(occasion.business_date, london_day(occasion.now))
    policy = occasion.policy().on(day)
    sets = expired_sets.expired(occasion.engine, occasion.home, policy, day)

    def apply(session: Session) -> Summary:
        removed = retention.remove_files(session, occasion.home)
        sets_removed = stored_sets.remove_files(session, occasion.home)
        changes.hold(session)
        found = retention.expired(session, policy, day).submissions
        kept.give_up(session, found["ref"].to_list(), actor=retention.ACTOR, at=occasion.now)
        sets_found = expired_sets.give_up(session, sets, actor=retention.ACTOR, at=occasion.now)
        return {
            "given_up": found.height,
            "bytes": int(found["size"].sum()),
            "files_removed": removed,
            "sets_given_up": sets_found.height,
            "bytes_of_sets": int(sets_found["size"].sum()),
            "sets_removed": sets_removed,
            "answers_emptied": kept.empty_answers(session, day_start(day - timedelta(days=policy.retention_answers))),
            "audit_removed": kept.remove_audit(session, day_start(day - timedelta(days=policy.retention_audit))),
        }

    return apply


RETENTION = Check(
    name="retention",
    title="Gives up bytes, record sets and audit that are past their days; removes the files of those given up before",
    rules=(),
    work=_give_up,
)
