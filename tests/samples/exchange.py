"""The exchange in one process: a home with the sample market, the real steps, and a clock that the files set."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlmodel import col, select

from gateway import archive, gaps, settlement_calendar, steps
from gateway.declaration_sets import valuate_jointly
from gateway.delivery import Deliveries
from gateway.gcdc_decisions import Decision, decide
from gateway.office import Office
from gateway.pipeline import read
from gateway.sample_cases import CALENDAR, MARKET, SAMPLES, Case, DecisionAfter, RunAfter
from gateway.schedule.carrying_out import carry_out
from ingest.landing import parse
from market.clock import london_day
from market.home import Home
from store import accounts, reference_load, scheduled_runs, submissions
from store import policy as policies
from store.database import open_store, reading, writing
from store.states import SubmissionState
from store.tables import Answer
from tests.connected import connected

ANSWERED_AFTER = timedelta(seconds=1)
"""How long after its receipt a file is answered."""

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


def make_market(root: Path, location: str | None = None) -> None:
    """Makes a home with the sample market and an account for each of its parties; its store is at a URL, or in it."""
    home = Home(root)
    home.make()
    engine = open_store(location or root)
    policy = [Path("policy.toml"), SAMPLES / "market" / "policy.toml"]
    text = "\n".join((SAMPLES.parent / path).read_text() for path in policy)
    with writing(engine) as session:
        policies.load(session, text, at=_BEGINNING, actor="test")
        for kind, file in MARKET:
            reference_load.load(session, kind, SAMPLES / "market" / file, at=_BEGINNING, actor="test")
        settlement_calendar.load(session, SAMPLES / "market" / CALENDAR, at=_BEGINNING, actor="test")
        for party in ("ACME", "OTHR", "UKDC", "VOLT"):
            accounts.add(session, party.lower(), party, [], actor="test", at=_BEGINNING)
    engine.dispose()


def deliver(office: Office) -> None:
    """Delivers every answer that may leave now."""
    deliveries = Deliveries(office)
    while deliveries.deliver():
        pass


class Exchange:
    """One exchange, begun as a copy of a home that `make_market` made, in the place of the one before."""

    def __init__(self, market: Path, root: Path) -> None:
        if root.exists():
            shutil.rmtree(root)
        shutil.copytree(market, root)
        self.home = Home(root)
        self.engine = connected(root)
        self.now = _BEGINNING
        location = f"sqlite:///{self.home.database}"
        self.office = Office(self.home, self.engine, location, lambda: self.now, "test")
        assert self.office.claim()

    def receive(self, case: Case) -> dict[str, bytes]:
        """Takes the file of a case to its decision and makes the runs after it; what leaves, in that order.

        Its answers stand by their names; what else leaves, or leaves after the runs, by `to_<account>/<name>`.
        """
        assert case.received_at > self.now, f"{case.name} is received before what came before it"
        before = len(self._answers())
        ref = self._enter(case)
        archived = archive.keep(self.home, self._landing_name(case))
        with reading(self.engine) as session:
            policy = policies.in_force(session).on(london_day(case.received_at))
        submission = steps.acknowledged(
            self.office, ref, read(archive.load(self.home, archived), case.file_name, policy)
        )
        archive.let_go(self.home, submission.landing_name, archived)
        if submission.state is SubmissionState.ACKED:
            self._decide(ref)
        if submission.channel is not None:
            self._go_on(submission.channel)
        if case.released_at is not None:
            self._release(ref, case.released_at)
        decided = len(self._answers())
        for decision in case.decisions:
            self._decide_challenge(decision)
        for run in case.runs:
            self._make(run)
        return {
            (
                answer.name
                if answer.submission_ref == ref and place < decided
                else f"to_{answer.account}/{answer.name}"
            ): answer.body or b""
            for place, answer in enumerate(self._answers()[before:], before)
        }

    def deliver(self) -> None:
        """Delivers every answer that may leave now."""
        deliver(self.office)

    def close(self) -> None:
        """Lets go of the store."""
        self.engine.dispose()

    def _decide(self, ref: str) -> None:
        valuation = valuate_jointly(self.home, self.engine, ref, self.now, self.office.token or 0)
        steps.decided(self.office, ref, valuation)

    def _go_on(self, channel: str) -> None:
        """Decides what was held at a gap and is let go."""
        while True:
            with reading(self.engine) as session:
                following = submissions.in_work(session, channel)
            if following is None:
                return
            self._decide(following.ref)

    def _release(self, ref: str, at: datetime) -> None:
        assert at > self.now, "it is released before it came"
        self.now = at
        with writing(self.engine) as session:
            submission = submissions.get(session, ref)
            assert submission is not None
            assert submission.channel is not None
            gaps.release(session, submission, actor="operator", reason="the files before it are lost", at=at)
        self._go_on(submission.channel)

    def _decide_challenge(self, made: DecisionAfter) -> None:
        assert made.at > self.now, f"{made.breach} is decided before what came before it"
        self.now = made.at
        letter, value = Decision(made.decision), made.value_kw
        with writing(self.engine) as session:
            decide(session, made.breach, letter, value, reason=made.reason, actor="operator", at=made.at)

    def _make(self, run: RunAfter) -> None:
        assert run.at > self.now, f"{run.check} runs before what came before it"
        self.now = run.at
        with writing(self.engine) as session:
            row = scheduled_runs.start_by_hand(session, run.check, london_day(run.at), owner="test", at=run.at)
        carry_out(self.office, row, {})

    def _answers(self) -> Sequence[Answer]:
        with reading(self.engine) as session:
            return session.exec(select(Answer).order_by(col(Answer.id))).all()

    def _enter(self, case: Case) -> str:
        path = self._landing_name(case)
        landed = self.home.landing / path
        landed.parent.mkdir(parents=True, exist_ok=True)
        landed.write_bytes(case.content)
        self.now = case.received_at + ANSWERED_AFTER
        return steps.enter(self.office, [parse(path, len(case.content))])[0].ref

    @staticmethod
    def _landing_name(case: Case) -> str:
        """The path of a landed file, from which the submission's reference comes: the same at every replay."""
        return f"{case.party_id}/{case.account}/{case.received_at:%Y%m%dT%H%M%S%fZ}-{1:012d}-{case.file_name}"
