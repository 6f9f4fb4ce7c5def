"""A party's dry run: the answers that the file would get, marked, and nothing stored but an audit line."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from gateway.check_folder import DryRuns, is_dry_answer
from gateway.doctor import differences
from gateway.sample_cases import SAMPLES, Case, read_case, told, with_earlier
from gateway.workers import WorkerDiedError, Workers
from market.home import Home
from store.database import reading
from store.tables import METADATA
from tests.samples.exchange import Exchange

ACCEPTED = read_case(SAMPLES, "K0151001/unchanged_values")


class InThisProcess(Workers):
    """Runs tasks where the test sees them."""

    died = False

    def run(self, size: int, task: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.died:
            raise WorkerDiedError("the worker process died, and again with this file alone")
        return task(*args, **kwargs)


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    exchange = Exchange(made_market, tmp_path / "home")
    yield exchange
    exchange.close()


def put(home: Home, case: Case, file_name: str | None = None) -> None:
    stamp = f"{case.received_at:%Y%m%dT%H%M%S%fZ}-{1:012d}"
    path = home.dry_runs / case.party_id / case.account / f"{stamp}-{file_name or case.file_name}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(case.content)


def rows(exchange: Exchange) -> dict[str, int]:
    with reading(exchange.engine) as session:
        return {name: session.connection().scalar(text(f"select count(*) from {name}")) for name in METADATA.tables}


def outbox(exchange: Exchange) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in exchange.home.outbox("acme").iterdir()}


def test_the_answers_are_those_of_the_file_and_only_the_audit_grows(exchange: Exchange) -> None:
    before = rows(exchange)
    put(exchange.home, ACCEPTED)
    exchange.now = ACCEPTED.received_at + timedelta(seconds=1)
    DryRuns(exchange.office, InThisProcess()).answer()
    name, found = ACCEPTED.file_name, outbox(exchange)
    assert sorted(found) == [f"{name}.DRYRUN.ADT", f"{name}.DRYRUN.VAL"]
    assert all(map(is_dry_answer, found))
    assert found[f"{name}.DRYRUN.ADT"] == ACCEPTED.answers[f"{name}.ADT"]
    dry, real = (told(body) for body in (found[f"{name}.DRYRUN.VAL"], ACCEPTED.answers[f"{name}.VAL"]))
    # only the number that the channel expects is another one: this file has not consumed its own
    assert dry[0][:-1] == real[0][:-1]
    assert dry[1:] == real[1:]
    assert rows(exchange) == {**before, "audit": before["audit"] + 1}
    assert differences(exchange.home, exchange.engine) == []
    assert [*exchange.home.dry_runs.glob("*/*/*")] == []


def test_a_second_dry_run_gets_the_next_name_and_the_file_may_be_sent_after_it(exchange: Exchange) -> None:
    for _ in range(2):
        put(exchange.home, ACCEPTED)
        exchange.now = ACCEPTED.received_at
        DryRuns(exchange.office, InThisProcess()).answer()
    name = ACCEPTED.file_name
    assert {f"{name}.DRYRUN.2.ADT", f"{name}.DRYRUN.2.VAL"} <= outbox(exchange).keys()
    exchange.now = ACCEPTED.received_at - timedelta(days=1)
    assert exchange.receive(ACCEPTED) == ACCEPTED.answers


def test_a_csv_file_is_answered_in_csv(exchange: Exchange) -> None:
    put(exchange.home, replace(ACCEPTED, content=b"a;b\n"), "gcdc_1.csv")
    exchange.now = ACCEPTED.received_at
    DryRuns(exchange.office, InThisProcess()).answer()
    found = outbox(exchange)
    assert [*found] == ["gcdc_1.csv.DRYRUN.ack.csv"]
    assert b";4;line 1: STR-02 a is no column of gcdc" in found["gcdc_1.csv.DRYRUN.ack.csv"]


def test_a_file_that_came_before_is_told_as_a_duplicate(exchange: Exchange) -> None:
    case = read_case(SAMPLES, "envelope/same_file_again")
    cases = {one: read_case(SAMPLES, one) for one in (case.name, *case.before)}
    for earlier in with_earlier(cases, case)[:-1]:
        exchange.receive(earlier)
    put(exchange.home, case)
    exchange.now = case.received_at
    DryRuns(exchange.office, InThisProcess()).answer()
    assert [*outbox(exchange)] == [f"{case.file_name}.DRYRUN.ADT"]
    assert b"|101|" in outbox(exchange)[f"{case.file_name}.DRYRUN.ADT"]


def test_a_file_that_kills_its_worker_is_told_to_the_audit_alone(exchange: Exchange) -> None:
    workers = InThisProcess()
    workers.died = True
    put(exchange.home, ACCEPTED)
    before = rows(exchange)["audit"]
    DryRuns(exchange.office, workers).answer()
    assert outbox(exchange) == {}
    assert rows(exchange)["audit"] == before + 1
    assert [*exchange.home.dry_runs.glob("*/*/*")] == []


def test_what_fails_waits_for_its_next_try(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    runs, workers = DryRuns(exchange.office, InThisProcess()), InThisProcess
    tried: list[int] = []

    def fail(*_: object, **__: object) -> None:
        tried.append(1)
        raise OSError("no space")

    put(exchange.home, ACCEPTED)
    exchange.now = ACCEPTED.received_at
    with monkeypatch.context() as patched:
        patched.setattr(workers, "run", fail)
        runs.answer()
        runs.answer()
    assert len(tried) == 1
    exchange.now += timedelta(minutes=1)
    runs.answer()
    assert len(outbox(exchange)) == 2


def test_answers_half_written_are_removed(exchange: Exchange) -> None:
    (exchange.home.dry_answers / "left").write_bytes(b"")
    DryRuns(exchange.office, InThisProcess()).clear()
    assert [*exchange.home.dry_answers.iterdir()] == []
