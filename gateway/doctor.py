"""`gridpost doctor`: compares the store with archive, record sets, landing, staging and outboxes.

When all is well nothing differs. While a gateway works, what is on its way differs for a moment: what still differs at
the second look is real.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from sqlalchemy import Engine

from gateway import archive, delivery, steps
from gateway.check_folder import is_dry_answer
from gateway.effects import remove_abandoned
from gateway.office import LeaseLostError, Office
from ingest.landing import Landed, litter, waiting
from market.home import Home
from outbound.outbox import staged_files
from outbound.receipt_keys import KEYS_PAGE
from store import record_set_sweep, retention, search
from store.database import reading
from store.states import AnswerState, SubmissionState

SECOND_LOOK = 4.0
"""After so many seconds what a working gateway has on its way is elsewhere."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Difference:
    """One thing on which store and disk disagree: where, what it is about, and what is wrong."""

    place: str
    subject: str
    what: str


def differences(home: Home, engine: Engine) -> list[Difference]:
    """Everything on which store and disk disagree; reads every archived file and every file in an outbox."""
    # The disk first: what a row says later than that is only further on its way.
    landed, staged = waiting(home.landing), set(staged_files(home.outgoing))
    sets = list(_record_sets(home, engine))
    with reading(engine) as session:
        submissions, answers = search.submission_files(session), search.answer_files(session)
        accounts, given_up = search.account_names(session), retention.given_up(session)
    return [
        *_landing(home, landed, submissions),
        *_archive(home, submissions, given_up),
        *_outgoing(home, {(one.answer_id, one.token) for one in staged}, answers),
        *_outboxes(home, accounts, answers),
        *_bodies(home, answers),
        *sets,
    ]


def repair(office: Office) -> None:
    """Mends what the recovery at a start mends, under the lease, by the same functions.

    What landed is entered, what is archived leaves the landing, deliveries are finished, collections are noted,
    unfinished copies go, and so do files of record sets that no row names, once no run can. Archived bytes and files of
    unknown origin are never removed.
    """
    archive.remove_leftovers(office.home)
    remove_abandoned(office)
    with reading(office.engine) as session:
        rows = search.submission_files(session)
    archived = dict(rows.drop_nulls("sha256").select("landing_name", "sha256").iter_rows())
    known = set(rows["landing_name"])
    for landed in waiting(office.home.landing):
        if landed.path not in known:
            _enter(office, landed)
        elif landed.path in archived:
            archive.let_go(office.home, landed.path, archived[landed.path])
    office.renew()
    delivery.recover(office)


def _enter(office: Office, landed: Landed) -> None:
    try:
        steps.enter(office, [landed])
    except LeaseLostError:
        raise
    except Exception:
        _log.exception("%s cannot be entered", landed.path)


def _landing(home: Home, landed: list[Landed], submissions: pl.DataFrame) -> Iterator[Difference]:
    files = pl.DataFrame({"landing_name": [one.path for one in landed]}, schema={"landing_name": pl.String})
    found = files.join(submissions, on="landing_name", how="left", maintain_order="left")
    for name, ref, _, sha256 in found.select("landing_name", "ref", "state", "sha256").iter_rows():
        if ref is None:
            yield Difference("landing", name, "it landed and has no submission")
        elif sha256 is not None:
            yield Difference("landing", name, f"it is here still, and submission {ref} is archived")
    lost = submissions.filter(pl.col("state") == SubmissionState.RECEIVED).join(files, on="landing_name", how="anti")
    for ref, name in lost.select("ref", "landing_name").iter_rows():
        if not (home.landing / name).exists():
            yield Difference("landing", name, f"it is missing, and submission {ref} is not archived")
    for one in litter(home.landing):
        yield Difference("landing", one.path, one.reason)


def _archive(home: Home, submissions: pl.DataFrame, given_up: set[str]) -> Iterator[Difference]:
    unfinished = {path.name for path in archive.leftovers(home)}
    kept = {path.name for path in home.archive.iterdir()} - unfinished
    of_bytes = submissions.drop_nulls("sha256")
    wanted = of_bytes.filter(~pl.col("ref").is_in(list(given_up)))
    for sha256, ref in wanted.group_by("sha256").agg(pl.col("ref").min()).sort("sha256").iter_rows():
        if sha256 not in kept:
            yield Difference("archive", sha256, f"the bytes of submission {ref} are missing")
        elif _sha256(archive.path(home, sha256)) != sha256:
            yield Difference("archive", sha256, f"the bytes of submission {ref} are damaged: they have another hash")
    unread = submissions.filter(pl.col("state") == SubmissionState.RECEIVED)["landing_name"]
    about_to_be_named = {_sha256(home.landing / name) for name in unread if (home.landing / name).is_file()}
    for name in sorted(kept - set(of_bytes["sha256"]) - about_to_be_named):
        yield Difference("archive", name, "no submission names it")
    for name in sorted(unfinished):
        yield Difference("archive", name, "it is a copy that was not finished")


def _sha256(path: Path) -> str:
    """The hash of a file; of one that is gone since it was seen, nothing."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _outgoing(home: Home, staged: set[tuple[int, int]], answers: pl.DataFrame) -> Iterator[Difference]:
    rows = answers.filter(pl.col("state") == AnswerState.STAGED).select("id", "token", "account", "name").rows()
    for answer_id, token, account, name in rows:
        there = (home.outbox(account) / name).exists()
        if (answer_id, token) in staged:
            yield Difference("outgoing", f"{account}/{name}", "it is staged and was not delivered")
        elif there:
            yield Difference("outgoing", f"{account}/{name}", "it is in the outbox, and its row says STAGED")
        else:
            yield Difference("outgoing", f"{account}/{name}", "it is neither staged nor in the outbox")
    wanted = {(answer_id, token) for answer_id, token, *_ in rows}
    names = {f"{answer_id}.{token}" for answer_id, token in staged}
    for answer_id, token in sorted(staged - wanted):
        yield Difference("outgoing", f"{answer_id}.{token}", "it is staged for no answer")
    for path in sorted(home.outgoing.iterdir()):
        if path.name not in names and path.exists():
            yield Difference("outgoing", path.name, "its name is not that of a staged answer")


def _outboxes(home: Home, accounts: list[str], answers: pl.DataFrame) -> Iterator[Difference]:
    delivered = answers.filter(pl.col("state") == AnswerState.DELIVERED)
    staged = answers.filter(pl.col("state") == AnswerState.STAGED)
    expected = {(account, name): sha256 for account, name, sha256 in delivered["account", "name", "sha256"].iter_rows()}
    on_its_way = set(staged.select("account", "name").iter_rows())
    collected = set(answers.filter(pl.col("state") == AnswerState.COLLECTED).select("account", "name").iter_rows())
    for account in accounts:
        if not home.outbox(account).is_dir():
            yield Difference("accounts", account, "its outbox is missing")
    there = (path for path in home.accounts.glob("*/outbox/*") if not _stands_in_no_row(path.name))
    found = {(path.parent.parent.name, path.name): path for path in there}
    for key in sorted(expected.keys() - found.keys()):
        yield Difference("outbox", "/".join(key), "it was delivered, is not there, and no collection is known")
    for key, path in sorted(found.items()):
        if key in expected:
            if _sha256(path) != expected[key]:
                yield Difference("outbox", "/".join(key), "its bytes are not those of the answer")
        elif key not in on_its_way:
            why = "it was collected and is there still" if key in collected else "nobody delivered it"
            yield Difference("outbox", "/".join(key), why)
    for path in sorted(home.accounts.iterdir()):
        if path.name not in accounts:
            yield Difference("accounts", path.name, "no account has that name")


def _stands_in_no_row(name: str) -> bool:
    return is_dry_answer(name) or name == KEYS_PAGE


def _bodies(home: Home, answers: pl.DataFrame) -> Iterator[Difference]:
    named = answers.drop_nulls("body_file")
    kept = {path.name for path in home.answers.iterdir()}
    for account, name, body_file in named.select("account", "name", "body_file").iter_rows():
        if body_file not in kept:
            yield Difference("answers", body_file, f"the bytes of answer {account}/{name} are missing")
    for name in sorted(kept - set(named["body_file"])):
        yield Difference("answers", name, "no answer names it")


def _record_sets(home: Home, engine: Engine) -> Iterator[Difference]:
    with reading(engine) as session:
        unnamed, missing = record_set_sweep.unnamed(session, home), record_set_sweep.missing(session, home)
    for one in missing:
        what = f"the volumes of submission {one.submission_ref} are missing or are not the {one.size} bytes written"
        yield Difference("record_sets", one.file, what)
    for file in unnamed:
        yield Difference("record_sets", file, "no run names it")
