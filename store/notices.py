"""Notices: what scheduled runs told parties. Of each check, day, party and subject there is one, ever."""

from collections.abc import Collection
from datetime import date

from sqlmodel import Session, col, select, update

from store.tables import Notice
from store.upsert import insert_into


def claim(
    session: Session, check: str, notice_date: date, party_id: str, subjects: Collection[str], *, run_id: int
) -> list[str]:
    """The subjects that the party was not told of before, in the order given: this run tells them, and no other."""
    wanted = list(dict.fromkeys(subjects))
    if not wanted:
        return []
    # In one order everywhere, so that two runs wait for each other and never both.
    rows = [
        {"check": check, "notice_date": notice_date, "party_id": party_id, "subject": subject, "run_id": run_id}
        for subject in sorted(wanted)
    ]
    columns = ["check", "notice_date", "party_id", "subject"]
    fresh = set[str]()
    for first in range(0, len(rows), 1000):
        statement = insert_into(session, Notice).values(rows[first : first + 1000])
        once = statement.on_conflict_do_nothing(index_elements=columns).returning(col(Notice.subject))
        fresh |= set(session.connection().execute(once).scalars())
    return [subject for subject in wanted if subject in fresh]


def note_answer(
    session: Session, check: str, notice_date: date, party_id: str, *, run_id: int, answer_id: int | None
) -> None:
    """Writes down in which file this run's notices went out."""
    statement = update(Notice).where(
        col(Notice.check) == check,
        col(Notice.notice_date) == notice_date,
        col(Notice.party_id) == party_id,
        col(Notice.run_id) == run_id,
        col(Notice.answer_id).is_(None),
    )
    session.exec(statement.values(answer_id=answer_id).execution_options(synchronize_session=False))


def subjects(session: Session, check: str, notice_date: date) -> set[tuple[str, str]]:
    """What parties were told by a check about a day: party and subject."""
    wanted = (Notice.check == check, Notice.notice_date == notice_date)
    return set(session.exec(select(Notice.party_id, Notice.subject).where(*wanted)).all())
