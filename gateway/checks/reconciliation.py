"""Whether store and disk agree."""

import time

from sqlmodel import Session

from gateway.doctor import SECOND_LOOK, differences
from gateway.metrics import RECONCILIATION as NAME
from gateway.schedule.check import Apply, Check, Occasion, Summary

SHOWN = 20
"""How many differences a run keeps."""


def _compare(occasion: Occasion) -> Apply:
    found = differences(occasion.home, occasion.engine)
    if found:
        time.sleep(SECOND_LOOK)
        again = differences(occasion.home, occasion.engine)
        found = [one for one in again if one in found]

    def apply(_: Session) -> Summary:
        return {"differences": len(found), "first": [vars(one) for one in found[:SHOWN]]}

    return apply


RECONCILIATION = Check(
    name=NAME,
    title="Compares store, archive, landing, staging and outboxes, as gridpost doctor does",
    rules=(),
    work=_compare,
)
