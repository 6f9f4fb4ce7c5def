"""A season on a moved clock: what parties are told, what is in force, and the same end whatever stops in between."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from gateway import delivery, metered_volumes, notices
from gateway.delivery import Deliveries
from gateway.gcdc_decisions import Decision, decide
from gateway.office import Office
from gateway.sample_cases import Case
from gateway.schedule.catalogue import product_schedules
from gateway.schedule.scheduler import Scheduler
from market.header import Header
from outbound.writer import header_record, sealed
from rules.monitoring.declared import DeclaredValues
from store import gcdc_breaches, policy, reference, scheduled_runs
from store.database import reading, writing
from store.states import AnswerKind, ScheduledRunState
from store.tables import Answer, Notice
from tests.samples.exchange import Exchange

POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
LIMITS = """
[[capacity_limit]]
season = "WIN"
start_year = 2026
generation = { abs_mw = "1", pct = "2" }
demand = { abs_mw = "1", pct = "2" }
"""
UTC_DAY = timedelta(days=1)
HOURS = (4, 8, 18)
"""The hours at whose fortieth minute the gateway looks."""
SEASONAL = ("season-reminders", "season-defaults", "gcdc-breaches", "gcdc-estimates")


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it, and nothing after it is done."""


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


@dataclass
class Life:
    """A gateway from 9 November 2026 on, with parties that declare, challenge and collect."""

    exchange: Exchange
    kills: random.Random | None = None
    killed: int = 0
    sent: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        with writing(self.exchange.engine) as session:
            policy.load(session, POLICY + LIMITS, at=self.exchange.now, actor="test")
        for account in ("acme", "othr", "volt"):
            self.exchange.home.make_account(account)
        self.exchange.now = at(9, 7)
        self._begin()

    def _begin(self) -> None:
        """A process that holds the lease; the one before is gone, and its half minute over."""
        with self.exchange.engine.begin() as connection:
            connection.execute(text("UPDATE lease SET expires_at = '2000-01-01 00:00:00.000000'"))
            connection.execute(text("UPDATE scheduled_run SET heartbeat = '2000-01-01 00:00:00.000000'"))
        exchange = self.exchange
        exchange.office = Office(exchange.home, exchange.engine, exchange.office.location, lambda: exchange.now, "test")
        assert exchange.office.claim()
        for doubtful in delivery.recover(exchange.office):
            raise AssertionError(doubtful)
        schedules = [one for one in product_schedules() if one.check in SEASONAL]
        self._scheduler = Scheduler(exchange.office, schedules, lambda: None)
        self._deliveries = Deliveries(exchange.office)

    def may_be_killed(self) -> None:
        if self.kills is not None and self.kills.random() < 0.15:
            self.killed += 1
            raise Killed

    def look(self, now: datetime) -> None:
        """Makes what is due and delivers it, however often that kills it."""
        self.exchange.now = max(now, self.exchange.now)
        done = False
        while not done:
            try:
                self._scheduler.look(threading.Event())
                while self._deliveries.deliver():
                    pass
                done = True
            except Killed:
                self._begin()

    def until(self, end: datetime, *, stopped: tuple[datetime, datetime] | None = None) -> None:
        """Looks at the hours of every day up to `end`, but while it is stopped."""
        now = self.exchange.now
        while (now := now.replace(minute=0, second=0) + timedelta(hours=1)) <= end:
            if now.hour in HOURS and not (stopped and stopped[0] <= now < stopped[1]):
                self.look(now + timedelta(minutes=40))

    def send(self, party: str, flow: str, received_at: datetime, *body: str) -> str:
        """The party sends the records of a file; the outcome of its report."""
        self.sent[party] += 1
        header = Header(flow, "D", received_at, "BP", party, "CR", "UKDC", self.sent[party])
        content = sealed(header_record(header) + "".join(f"{line}\n" for line in body).encode())
        name = f"BP{sum(self.sent.values()):012d}"
        answers = self.exchange.receive(Case("", "", party, name, received_at, (), 100, (), content, {}))
        (report,) = (body.decode() for name, body in answers.items() if name.endswith(".VAL"))
        return next(line for line in report.splitlines() if line.startswith("VRH")).split("|")[8]

    def meter(self, received_at: datetime, *rows: str) -> None:
        self.exchange.now = received_at
        path = self.exchange.home.root / "metered.csv"
        path.write_text("\n".join(["bm_unit_id,settlement_date,run_type,settlement_period,qm_mwh", *rows, ""]))
        with writing(self.exchange.engine) as session:
            metered_volumes.load(session, self.exchange.home, path, at=received_at, actor="test")

    def decide(self, now: datetime, value_kw: int) -> None:
        self.exchange.now = now
        with writing(self.exchange.engine) as session:
            (breach,) = gcdc_breaches.open_ones(session)
            decide(session, breach.reference, Decision("P"), value_kw, reason="Heard", actor="operator", at=now)

    def in_force(self, unit: str, day: date) -> tuple[int | None, int | None]:
        with reading(self.exchange.engine) as session:
            found = reference.frames(session, ["bm_units", "capacity_values"])
        row = DeclaredValues(**found).of(unit, day)
        assert row is not None
        return row["generation_capacity"], row["demand_capacity"]

    def outboxes(self, *file_types: str) -> list[tuple[str, ...]]:
        """The records of notices that lie in outboxes, each with its account, in some order."""
        with reading(self.exchange.engine) as session:
            rows = session.exec(select(Answer).where(Answer.kind == AnswerKind.NOTICE).order_by(col(Answer.id))).all()
        home, found = self.exchange.home, []
        for row in rows:
            body = (home.outbox(row.account) / row.name).read_text()
            assert body == (row.body or b"").decode()
            if row.file_type in file_types:
                lines = [line.split("|")[:-1] for line in body.splitlines()]
                found += [(row.account, *line) for line in lines if line[0] not in ("AAA", "ZZZ")]
        return sorted(found)

    def told(self) -> list[tuple[Any, ...]]:
        with reading(self.exchange.engine) as session:
            rows = session.exec(select(Notice)).all()
        return sorted(
            (row.check, str(row.notice_date), row.party_id, row.subject) for row in rows if row.check in SEASONAL
        )


@pytest.fixture(scope="module")
def calm(made_market: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """The season without any trouble."""
    life = Life(Exchange(made_market, tmp_path_factory.mktemp("season") / "calm"))
    live(life)
    yield life
    life.exchange.close()


@pytest.fixture
def begin(
    made_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[random.Random], Life]]:
    """Begins a life that is killed, before or after what it starts, finishes and sends."""
    lives: list[Life] = []

    def make(kills: random.Random) -> Life:
        lives.append(Life(Exchange(made_market, tmp_path / "restless"), kills))
        return lives[-1]

    def trapped(step: Callable[..., Any]) -> Callable[..., Any]:
        def dangerous(*args: Any, **kwargs: Any) -> Any:
            lives[-1].may_be_killed()
            done = step(*args, **kwargs)
            lives[-1].may_be_killed()
            return done

        return dangerous

    monkeypatch.setattr(notices, "add_notice", trapped(notices.add_notice))
    monkeypatch.setattr(scheduled_runs, "start", trapped(scheduled_runs.start))
    monkeypatch.setattr(scheduled_runs, "finish", trapped(scheduled_runs.finish))
    yield make
    for life in lives:
        life.exchange.close()


def live(life: Life, *, stopped: tuple[datetime, datetime] | None = None) -> None:
    """From the reminders of WIN 2026 to the decision on a challenged breach."""
    life.look(at(9, 7))
    life.until(at(10, 8), stopped=stopped)
    seasonal = "GCH|S|WIN|2026|{}|".format
    assert (
        life.send("ACME", "K0151001", at(10, 9), seasonal("Ann Archer"), "GCV|T_DINO-1|20261201|100|-2|||")
        == "ACCEPTED"
    )
    life.until(at(12, 8), stopped=stopped)
    units = [f"GCV|{unit}|20261201|{values}|||" for unit, values in OTHR_DECLARES.items()]
    assert life.send("OTHR", "K0151001", at(12, 9), seasonal("Otto Orme"), *units) == "ACCEPTED"
    life.until(at(8, 11, month=12), stopped=stopped)
    life.meter(at(8, 12, month=12), "T_DINO-1,2026-12-02,II,35,52.5", "T_DINO-1,2026-12-02,II,36,51")
    life.until(at(10, 8, month=12), stopped=stopped)
    (breach,) = life.outboxes("K0153001")
    challenge = f"GCC|{breach[2]}|T_DINO-1|GC|102|Metering fault|Ann Archer|"
    assert life.send("ACME", "K0152001", at(10, 9, month=12), challenge) == "ACCEPTED"
    life.until(at(15, 8, month=12), stopped=stopped)
    life.decide(at(15, 9, month=12), 103_000)
    life.until(at(31, 8, month=12), stopped=stopped)


OTHR_DECLARES = {"T_OTTR-1": "60|-1", "T_MOVE-1": "20|-1", "2__COTHR000": "10|-20"}
ACME_KEEPS = {
    "T_ZERO-1": ("0", "0"),
    "T_NEWU-1": ("", ""),
    "E_ABRTW-9": ("15.4", "-5"),
    "E_QUIET-1": ("5", "0"),
    "2__CACME000": ("40", "-76.1"),
    "2__CACME001": ("5", "-0.312"),
    "C__FACME001": ("0", "-7"),
    "I_EAG-ACME1": ("619.82", "0"),
    "I_EAD-ACME1": ("0", "-619.82"),
}
"""What ACME does not declare, with the values in force that are carried forward: none of them becomes zero."""


def test_a_season_from_its_reminders_to_a_decided_challenge(calm: Life) -> None:
    told = calm.outboxes("K0154001")
    by_kind = Counter((account, record[1]) for account, *record in told)
    # All at 15 Working Days; OTHR and T_DINO-1 have declared before the next three.
    assert by_kind == {("acme", "R"): 10 + 3 * 9, ("othr", "R"): 3, ("acme", "D"): 9, ("acme", "C"): 9}
    for kind in "DC":
        named = {record[3]: tuple(record[7:9]) for record in told if record[2] == kind}
        assert named == ACME_KEEPS
    assert {tuple(record[4:7]) for record in told} == {("WIN", "2026", "20261117170000")}
    reminded = [(row[1], row[3]) for row in calm.told() if row[0] == "season-reminders" and row[2] == "ACME"]
    assert Counter(day for day, _ in reminded) == {"2026-11-10": 10, "2026-11-13": 9, "2026-11-16": 9, "2026-11-17": 9}
    (breach,) = calm.outboxes("K0153001")
    assert breach[0] == "acme"
    assert breach[3:5] == ("T_DINO-1", "GC")
    for day, value in (
        ("2026-11-30", 99_000),
        ("2026-12-01", 100_000),
        ("2026-12-14", 100_000),
        ("2027-02-28", 103_000),
    ):
        assert calm.in_force("T_DINO-1", date.fromisoformat(day)) == (value, -2_000), day
    assert calm.in_force("E_ABRTW-9", date(2026, 12, 1)) == (15_400, -5_000)
    assert calm.outboxes("K0155001") != []
    with reading(calm.exchange.engine) as session:
        assert scheduled_runs.unfinished(session) == []


def test_stopped_for_three_days_and_killed_at_random_it_has_the_same_end(
    calm: Life, begin: Callable[[random.Random], Life], pytestconfig: pytest.Config
) -> None:
    seed = random.randrange(1 << 30) if pytestconfig.getoption("--explore") else 0
    life = begin(random.Random(seed))
    live(life, stopped=(at(13, 12), at(17, 7)))
    assert life.killed > 5
    assert life.told() == calm.told()
    kinds = ("K0154001", "K0153001", "K0155001", "R0145005")
    assert life.outboxes(*kinds) == calm.outboxes(*kinds)
    for day in (date(2026, 11, 10) + number * UTC_DAY for number in range(60)):
        assert life.in_force("T_DINO-1", day) == calm.in_force("T_DINO-1", day)
    with reading(life.exchange.engine) as session:
        states = {run.state for check in SEASONAL for run in scheduled_runs.of(session, check)}
    assert states == {ScheduledRunState.DONE, ScheduledRunState.PASSED_OVER}
