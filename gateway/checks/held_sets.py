"""Declaration sets that are held and whose time is over (DEC-06)."""

from sqlmodel import Session

from gateway.declaration_sets import expired_sets, refuse_expired
from gateway.schedule.check import Apply, Check, Occasion, Summary


def _refuse(occasion: Occasion) -> Apply:
    judged = expired_sets(occasion.home, occasion.engine, occasion.business_date, occasion.now, occasion.token)

    def apply(session: Session) -> Summary:
        refuse_expired(session, occasion.home, judged, occasion.now)
        return {"refused": sorted(judged)}

    return apply


HELD_SETS = Check(
    name="held-sets",
    title="Declaration sets that are not complete within the days that policy holds them.",
    rules=("DEC-06",),
    work=_refuse,
)
