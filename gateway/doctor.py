"""`gridpost doctor`: compares store, archive, landing, staging and outboxes; when all is well nothing differs.

While a gateway works, what is on its way differs for a moment; what still differs at the second look is real.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from gateway import archive, delivery
from gateway.office import Office
from ingest.landing import litter, waiting
from market.home import Home
from outbound.outbox import staged_files
from store.database import reading
from store.states import AnswerState, SubmissionState
from store.tables import Answer, Submission

PIECE = 1 << 20
"""Bytes of an archived file hashed at once."""


@dataclass(frozen=True)
class Difference:
    """One thing on which store and disk disagree: where, what it is about, and what is wrong."""

    place: str
    subject: str
    what: str


def differences(home: Home, engine: Engine) -> list[Difference]:
    """Everything on which store and disk disagree; reads every archived file."""
    with reading(engine) as session:
        return [
            *_landing(home, session),
            *_archive(home, session),
            *_answers(home, session),
            *_outgoing(home, session),
        ]


def repair(office: Office) -> None:
    """Mends what the recovery at a start mends, under the lease: deliveries, collections, archived files still landed.

    Archived bytes are never removed.
    """
    delivery.recover(office)
    with reading(office.engine) as session:
        rows = {row.landing_name: row.sha256 for row in _landed_rows(session, office.home)}
    for name, sha256 in rows.items():
        if sha256 is not None and archive.path(office.home, sha256).is_file():
            archive.let_go(office.home, name)
    for unfinished in archive.leftovers(office.home):
        unfinished.unlink(missing_ok=True)


def _landed_rows(session: Session, home: Home) -> list[Submission]:
    names = [landed.path for landed in waiting(home.landing)]
    return list(session.exec(select(Submission).where(col(Submission.landing_name).in_(names))).all())


def _landing(home: Home, session: Session) -> Iterator[Difference]:
    rows = {row.landing_name: row for row in _landed_rows(session, home)}
    for landed in waiting(home.landing):
        row = rows.get(landed.path)
        if row is None:
            yield Difference("landing", landed.path, "landed and not entered")
        elif row.sha256 is not None:
            yield Difference("landing", landed.path, f"still there though submission {row.ref} is archived")
    for one in litter(home.landing):
        yield Difference("landing", one.path, one.reason)


def _archive(home: Home, session: Session) -> Iterator[Difference]:
    named = set(session.exec(select(Submission.sha256).where(col(Submission.sha256).is_not(None)).distinct()).all())
    kept = {path.name for path in home.archive.iterdir() if not path.name.endswith(".taking")}
    for sha256 in sorted(str(name) for name in named):
        if sha256 not in kept:
            yield Difference("archive", sha256, "named by a submission and missing")
        elif _sha256(archive.path(home, sha256)) != sha256:
            yield Difference("archive", sha256, "damaged: its bytes have another hash")
    for name in sorted(kept - named):
        yield Difference("archive", name, "named by no submission")
    for unfinished in archive.leftovers(home):
        yield Difference("archive", unfinished.name, "left unfinished")
    lost = select(Submission).where(Submission.state == SubmissionState.RECEIVED)
    for row in session.exec(lost).all():
        if not (home.landing / row.landing_name).exists():
            yield Difference(
                "landing", row.landing_name, f"submission {row.ref} is not archived and its file is missing"
            )


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _answers(home: Home, session: Session) -> Iterator[Difference]:
    there = [AnswerState.STAGED, AnswerState.DELIVERED]
    rows = session.exec(select(Answer).where(col(Answer.state).in_(there))).all()
    known = {(row.account, row.name) for row in rows}
    for row in rows:
        if (home.outbox(row.account) / row.name).exists():
            continue
        staged = any(one.answer_id == row.id for one in staged_files(home.outgoing))
        if not (row.state is AnswerState.STAGED and staged):
            yield Difference("outbox", f"{row.account}/{row.name}", f"{row.state} and not in the outbox")
    for account in sorted(home.accounts.iterdir()):
        for path in sorted((account / "outbox").iterdir()) if (account / "outbox").is_dir() else ():
            if (account.name, path.name) not in known:
                yield Difference("outbox", f"{account.name}/{path.name}", "nobody delivered it")
    with_file = select(Answer).where(col(Answer.body_file).is_not(None))
    for row in session.exec(with_file).all():
        if row.body_file is not None and not (home.answers / row.body_file).is_file():
            yield Difference("answers", row.body_file, f"the bytes of answer {row.name} are missing")


def _outgoing(home: Home, session: Session) -> Iterator[Difference]:
    wanted = select(Answer).where(Answer.state == AnswerState.STAGED)
    known = {(row.id, row.token) for row in session.exec(wanted).all()}
    for staged in staged_files(home.outgoing):
        if (staged.answer_id, staged.token) not in known:
            yield Difference("outgoing", staged.name, "staged for no answer")
