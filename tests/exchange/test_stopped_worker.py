"""A single worker is stopped in the middle of a file and woken later: who holds the lease decides the file, once."""

import os
import signal
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

import gateway.dispatch
import gateway.tenure
from gateway.office import Office
from gateway.sample_cases import read_cases
from gateway.tenure import Tenure
from gateway.workers import Workers, valuate_file
from market.home import Home
from store import runs, submissions
from store.database import reading
from store.states import SubmissionState
from store.tables import Submission
from tests.exchange.gateway_process import ThreadWorkers
from tests.exchange.life import end_holds
from tests.exchange.running import eventually
from tests.exchange.settled import mend, unsettled
from tests.samples.exchange import Exchange, make_market

CASE = read_cases()["K0011001/accepted_for_tomorrow"]


def valuate_after_a_stop(home: Home, location: str, ref: str, started_at: datetime, token: int) -> Any:
    """The body of a worker's task, which is stopped before it has begun."""
    os.kill(os.getpid(), signal.SIGSTOP)
    return valuate_file(home, location, ref, started_at, token)


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exchange]:
    """An exchange in whose landing a file lies; every heartbeat comes soon."""
    monkeypatch.setattr(gateway.tenure, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(gateway.tenure, "SWEEP_SECONDS", 0.05)
    make_market(tmp_path / "market")
    made = Exchange(tmp_path / "market", tmp_path / "home")
    for account in ("acme", "othr", "ukdc", "volt"):
        made.home.make_account(account)
    made.now = CASE.received_at
    landed = made.home.landing / made._landing_name(CASE)
    landed.parent.mkdir(parents=True)
    landed.write_bytes(CASE.content)
    yield made
    made.close()


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    made = Workers()
    yield made
    for pid in processes_of(made):
        os.kill(pid, signal.SIGCONT)
    made.close()


def processes_of(workers: Workers) -> list[int]:
    """The processes of the lane of small files."""
    lane = workers._lanes.get(False)
    return list(lane._processes or ()) if lane else []


def stopped_worker(workers: Workers) -> int:
    """The process, as soon as it is stopped."""

    def stopped() -> list[int]:
        stats = {pid: Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2] for pid in processes_of(workers)}
        return [pid for pid, stat in stats.items() if stat.startswith("T")]

    (found,) = eventually(stopped)
    return int(found)


def only_submission(engine: Engine) -> Submission:
    with reading(engine) as session:
        (found,) = submissions.find(session)
        assert len(runs.of(session, found.ref)) == (found.state is SubmissionState.VALIDATED)
    return found


def is_decided(engine: Engine) -> Callable[[], bool]:
    return lambda: only_submission(engine).state is SubmissionState.VALIDATED


def come_to_rest(exchange: Exchange) -> list[str]:
    mend(exchange.home, exchange.engine, exchange.office.location, exchange.now)
    return unsettled(exchange.home, exchange.engine)


@pytest.mark.proof
def test_late_work_of_a_worker_is_refused_once_another_gateway_has_the_lease(
    exchange: Exchange,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tried: Callable[[str, str, int], None],
) -> None:
    office = exchange.office
    other = Office(exchange.home, exchange.engine, office.location, lambda: exchange.now, "other")
    with monkeypatch.context() as patched:
        patched.setattr(gateway.dispatch, "valuate_file", valuate_after_a_stop)
        tenure = Tenure(office, workers, [])
        with tenure:
            pid = stopped_worker(workers)
            assert only_submission(exchange.engine).state is SubmissionState.ACKED
            token = office.token
            end_holds(office.location)
            assert other.claim()
            assert tenure.lost.wait(60)
            patched.setattr(gateway.dispatch, "valuate_file", valuate_file)
            with Tenure(other, ThreadWorkers(), []):  # type: ignore[arg-type]
                eventually(is_decided(exchange.engine))
                staged = set(exchange.home.record_sets.rglob("*.parquet"))
                os.kill(pid, signal.SIGCONT)
                eventually(lambda: "the lease was lost; submission" in caplog.text)
            other.release()
    late = set(exchange.home.record_sets.rglob("*.parquet")) - staged
    assert [path.name.split(".")[2] for path in late] == [str(token)]
    assert come_to_rest(exchange) == []
    assert set(exchange.home.record_sets.rglob("*.parquet")) == staged
    assert only_submission(exchange.engine).state is SubmissionState.VALIDATED
    tried("faults", "a single worker stopped past its lease and woken", 1)


@pytest.mark.proof
def test_late_work_of_a_worker_counts_while_its_gateway_has_the_lease(
    exchange: Exchange, workers: Workers, monkeypatch: pytest.MonkeyPatch, tried: Callable[[str, str, int], None]
) -> None:
    monkeypatch.setattr(gateway.dispatch, "valuate_file", valuate_after_a_stop)
    with Tenure(exchange.office, workers, []) as tenure:
        pid = stopped_worker(workers)
        assert exchange.office.renew()
        os.kill(pid, signal.SIGCONT)
        eventually(is_decided(exchange.engine))
        assert not tenure.lost.is_set()
    exchange.office.release()
    assert come_to_rest(exchange) == []
    tried("faults", "a single worker stopped past its lease and woken", 1)
