"""How scheduled runs tell parties: one file a party, each subject once, whatever runs again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import polars as pl
from sqlmodel import Session

from gateway import notices
from gateway.schedule.check import Occasion, Summary
from market.header import Header
from store import notices as told_before
from store.refused import RefusedError

SUBJECT = ("party_id", "subject")
"""The columns that say whom a row is for and what it is about."""


@dataclass(frozen=True)
class NoticeFile:
    """How notices are written: `write` makes a file under its header from the rows of one party.

    The gateway sends it as `from_role`, to the party in the first of `to_roles` that it holds.
    """

    file_type: str
    from_role: str
    to_roles: tuple[str, ...]
    write: Callable[[Header, pl.DataFrame], bytes]


def tell(session: Session, occasion: Occasion, notice_date: date, rows: pl.DataFrame, file: NoticeFile) -> Summary:
    """Tells each party of `rows` what it was not told of before, and sums it up.

    `rows` has the columns of SUBJECT and those that `file.write` wants. The check, `notice_date` (the day that the
    notices are about), party and subject are told once, ever. A party that nothing can be sent to is named in the
    summary and told by a later attempt.
    """
    told, before, untold = 0, 0, dict[str, str]()
    for (party_id,), of_party in sorted(rows.partition_by("party_id", as_dict=True, maintain_order=True).items()):
        try:
            notices.addressee(session, party_id, occasion.now)
        except RefusedError as error:
            untold[str(party_id)] = str(error)
            continue
        fresh = told_before.claim(
            session, occasion.check, notice_date, party_id, of_party["subject"].to_list(), run_id=occasion.run_id
        )
        before += of_party.height - len(fresh)
        if fresh:
            _send(session, occasion, notice_date, party_id, of_party.filter(pl.col("subject").is_in(fresh)), file)
            told += len(fresh)
    return {"found": rows.height, "told": told, "told_before": before, "untold": untold}


def _send(
    session: Session, occasion: Occasion, notice_date: date, party_id: str, rows: pl.DataFrame, file: NoticeFile
) -> None:
    answer = notices.add_notice(
        session,
        party_id,
        file.file_type,
        file.from_role,
        occasion.now,
        lambda header: file.write(header, rows),
        to_roles=file.to_roles,
    )
    told_before.note_answer(
        session,
        occasion.check,
        notice_date,
        party_id,
        run_id=occasion.run_id,
        answer_id=answer.id if answer else None,
    )
