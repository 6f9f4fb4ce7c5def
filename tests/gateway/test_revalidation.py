"""The nightly revalidation: units that late reference data would turn are listed, and applied where policy says so."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.checks.revalidation import REVALIDATION
from gateway.sample_cases import SAMPLES
from gateway.schedule.check import Occasion, Summary
from store import answers, policy, runs, submissions
from store.database import reading, writing
from tests.gateway.test_reruns import NOSUCH, correct, received
from tests.samples.exchange import Exchange

NIGHT = datetime(2026, 11, 3, 3, 0, tzinfo=UTC)


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    yield made
    made.close()


def night(exchange: Exchange, day: date = date(2026, 11, 3)) -> Summary:
    occasion = Occasion(
        check="revalidation",
        run_id=1,
        business_date=day,
        at=NIGHT,
        now=NIGHT,
        token=1,
        engine=exchange.engine,
        home=exchange.home,
        parameters={},
    )
    apply = REVALIDATION.work(occasion)
    with writing(exchange.engine) as session:
        return apply(session)


def test_flips_are_listed_and_nobody_is_answered(exchange: Exchange, tmp_path: Path) -> None:
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    assert night(exchange)["flips"] == []
    correct(exchange, tmp_path, NOSUCH)
    (flip,) = night(exchange)["flips"]
    assert (flip["ref"], flip["accepted"], flip["refused"]) == (ref, ["T_NOSUCH-1 20261201"], [])
    with reading(exchange.engine) as session:
        first, second = runs.of(session, ref)
        assert (second.kind, second.applied, second.outcome) == ("REVALIDATION", False, "ACCEPTED")
        assert runs.applied(session, ref) == first
        assert {one.run_number for one in answers.of(session, ref)} <= {None, 1}
    assert night(exchange, date(2026, 11, 4))["judged"] == 0


@pytest.mark.parametrize(("few", "asked"), [(0, 1), (1, 0)])
def test_many_are_compared_in_processes_of_their_own(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int, asked: int
) -> None:
    """Threads stand for the processes here: the tasks are the same."""
    pools: list[ThreadPoolExecutor] = []

    def threads() -> ThreadPoolExecutor:
        pools.append(ThreadPoolExecutor(2))
        return pools[-1]

    monkeypatch.setattr("gateway.selected_reruns.FEW", few)
    monkeypatch.setattr("gateway.selected_reruns.side_by_side", threads)
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    correct(exchange, tmp_path, NOSUCH)
    found = night(exchange)
    assert (found["judged"], [flip["ref"] for flip in found["flips"]], len(pools)) == (1, [ref], asked)
    assert not list(exchange.home.record_sets.rglob("*.parquet"))


def test_policy_may_apply_them(exchange: Exchange, tmp_path: Path) -> None:
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    correct(exchange, tmp_path, NOSUCH)
    with writing(exchange.engine) as session:
        text = (SAMPLES.parent / "policy.toml").read_text().replace('revalidation = "list"', 'revalidation = "apply"')
        policy.load(session, text, at=NIGHT, actor="test")
    assert night(exchange)["applied"]
    with reading(exchange.engine) as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        assert submission.outcome == "ACCEPTED"
        assert [one.file_type for one in answers.of(session, ref) if one.run_number == 2] == ["R0145005", "K9001001"]
