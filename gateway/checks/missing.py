"""What is missing for tomorrow: PNs and Submitted Expected Volumes (MON-08, MON-09)."""

from datetime import timedelta

import polars as pl
from sqlmodel import Session

from gateway.schedule.check import Apply, Check, Occasion, Summary
from gateway.schedule.telling import NoticeFile, tell
from market.header import Header
from market.layout import layout
from outbound.notice import FILE_TYPE, notice
from rules.monitoring import expected, notified


def _notifications(occasion: Occasion) -> Apply:
    day = occasion.business_date + timedelta(days=1)
    found = occasion.references("bm_units", "notifications", days=(day - notified.LOOK_BACK, day))
    missing = notified.without_notification(day, found["bm_units"], found["notifications"])
    return _telling(occasion, "MON-08", notified.FLOW, missing)


def _expected_volumes(occasion: Occasion) -> Apply:
    day = occasion.business_date + timedelta(days=1)
    names = ("bm_units", "baselining_statuses", "msid_pairs", "baselining_details", "expected_volumes")
    missing = expected.without_expected_volume(day, **occasion.references(*names, days=(day, day)))
    return _telling(occasion, "MON-09", expected.FLOW, missing)


def _telling(occasion: Occasion, rule_id: str, flow: str, missing: pl.DataFrame) -> Apply:
    """Tells Lead Parties in the roles in which they would have sent the flow, from the role that receives it."""
    sent = layout(flow)
    rows = missing.with_columns(party_id="lead_party_id", subject="bm_unit_id")

    def write(header: Header, of_party: pl.DataFrame) -> bytes:
        return notice(header, rule_id, occasion.business_date, of_party)

    file = NoticeFile(FILE_TYPE, sent.to_role, tuple(sent.from_roles), write)

    def apply(session: Session) -> Summary:
        return tell(session, occasion, occasion.business_date, rows, file)

    return apply


MISSING_NOTIFICATIONS = Check(
    name="missing-notifications",
    title="Lists BM Units without a PN for tomorrow to their Lead Parties",
    rules=("MON-08",),
    work=_notifications,
)

MISSING_EXPECTED_VOLUMES = Check(
    name="missing-expected-volumes",
    title="Lists Baselined BM Units without a Submitted Expected Volume for tomorrow to their Lead Parties",
    rules=("MON-09",),
    work=_expected_volumes,
)
