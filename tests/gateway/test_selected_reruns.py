"""Reruns of a selection: side by side the same as one by one, and anew where one overtakes the next."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import reruns, selected_reruns
from gateway.reruns import Difference
from gateway.sample_cases import read_cases
from gateway.withdrawal import withdraw
from store import effects, runs, submissions
from store.database import reading, writing
from store.refused import RefusedError
from tests.samples.exchange import Exchange

CASES = read_cases()
LATER = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
VOLUMES = "K0011001/day_of_50_periods"
BOTH = ("K0151001/seasonal_accepted", "K0151001/seasonal_declared_again")


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    yield made
    made.close()


def received(exchange: Exchange, *names: str) -> list[str]:
    """Takes sample cases to their decision; their references."""
    for name in names:
        exchange.receive(CASES[name])
    with reading(exchange.engine) as session:
        return [one.ref for one in reversed(submissions.find(session, limit=len(names)))]


def compared(exchange: Exchange, refs: list[str]) -> Any:
    return selected_reruns.compare_each(
        exchange.home, exchange.engine, exchange.office.location, refs, lambda: LATER, as_received=False
    )


def settled(exchange: Exchange, found: Iterable[Difference]) -> Any:
    return selected_reruns.settle_each(
        exchange.home, exchange.engine, found, lambda: LATER, as_received=False, actor="operator ann", reason="late"
    )


def told(found: Difference) -> tuple[object, ...]:
    """What of a difference is told, and what it would put in force."""
    judgement = found.valuation.judgement
    frames = (found.gone, found.new, found.refused, found.accepted, judgement.units, judgement.effect)
    rows = tuple(tuple(map(str, frame.rows())) for frame in frames)
    return found.submission.ref, found.outcome, found.because, found.built_on, found.valuation.staged, rows


def test_side_by_side_is_as_one_by_one_and_leaves_nothing(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = received(exchange, VOLUMES, *BOTH)
    before = sorted(exchange.home.record_sets.rglob("*.parquet"))
    assert before

    def shown(found: Difference) -> tuple[object, ...]:
        reruns.discard(exchange.home, exchange.engine, found)
        return told(found)

    alone = [shown(one) for one in compared(exchange, refs)]
    monkeypatch.setattr(selected_reruns, "FEW", 1)
    monkeypatch.setattr("store.submissions.large", lambda *_: {refs[1]})
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    beside = compared(exchange, [*refs, "no such", *refs])
    assert [shown(next(beside)) for _ in refs] == alone
    with pytest.raises(RefusedError, match="no such is unknown"):
        next(beside)
    assert sorted(exchange.home.record_sets.rglob("*.parquet")) == before


def test_large_files_are_told_by_their_bytes(exchange: Exchange) -> None:
    received(exchange, VOLUMES, *BOTH)
    with reading(exchange.engine) as session:
        sizes = {one.ref: one.size for one in submissions.find(session)}
        largest = max(sizes, key=sizes.__getitem__)
        assert submissions.large(session, sizes[largest]) == {largest}
        assert submissions.large(session, sizes[largest] + 1) == set()


def test_a_comparison_that_is_overtaken_is_made_anew(exchange: Exchange) -> None:
    refs = received(exchange, VOLUMES, *BOTH)
    third, first, second = compared(exchange, refs)
    there, anew, last = settled(exchange, [first, second, third])
    assert there is first
    assert anew is not second
    assert last.submission == third.submission
    assert told(anew) == told(second)
    with pytest.raises(reruns.OvertakenError, match="decided otherwise meanwhile"):
        reruns.apply(exchange.home, exchange.engine, second, actor="x", reason="y", at=LATER)
    with reading(exchange.engine) as session:
        assert effects.subjects(session, second.submission.ref)
        assert [len(runs.of(session, ref)) for ref in refs] == [2, 2, 2]


def test_what_is_refused_takes_back_itself_alone(exchange: Exchange) -> None:
    refs = received(exchange, *BOTH)
    first, second = compared(exchange, refs)
    with writing(exchange.engine) as session:
        withdraw(session, second.submission, actor="operator ann", reason="sent by mistake", at=LATER)
    beside = settled(exchange, [first, second])
    assert next(beside).submission.ref == refs[0]
    with pytest.raises(RefusedError, match="is WITHDRAWN: nothing to rerun"):
        next(beside)
    with reading(exchange.engine) as session:
        assert [len(runs.of(session, ref)) for ref in refs] == [2, 1]


def test_what_is_raised_comes_behind_what_is_before_it(exchange: Exchange) -> None:
    refs = received(exchange, *BOTH)
    beside = settled(exchange, compared(exchange, [refs[0], "no such", refs[1]]))
    assert next(beside).submission.ref == refs[0]
    with pytest.raises(RefusedError, match="no such is unknown"):
        next(beside)
    with reading(exchange.engine) as session:
        assert [len(runs.of(session, ref)) for ref in refs] == [2, 1]


def test_what_nobody_asks_for_any_more_is_not_left(exchange: Exchange) -> None:
    refs = received(exchange, VOLUMES, *BOTH)
    before = sorted(exchange.home.record_sets.rglob("*.parquet"))
    volumes, first, second = compared(exchange, refs)
    with closing(settled(exchange, [first, second, volumes])) as beside:
        assert next(beside) is first
        assert sorted(exchange.home.record_sets.rglob("*.parquet")) != before
    assert sorted(exchange.home.record_sets.rglob("*.parquet")) == before
    with reading(exchange.engine) as session:
        assert [len(runs.of(session, ref)) for ref in refs] == [1, 2, 1]


def test_large_files_are_put_into_effect_alone(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    refs = received(exchange, VOLUMES, *BOTH)
    monkeypatch.setattr(selected_reruns, "LARGE_BYTES", 1)
    beside = settled(exchange, compared(exchange, refs))
    for done, found in enumerate(beside, 1):
        assert found.submission.ref == refs[done - 1]
        with reading(exchange.engine) as session:
            assert sum(len(runs.of(session, ref)) - 1 for ref in refs) == done


def test_an_equal_rerun_in_effect_keeps_its_record_set(exchange: Exchange) -> None:
    refs = received(exchange, "K0011001/accepted_for_tomorrow")
    (one,), (other,) = compared(exchange, refs), compared(exchange, refs)
    assert [staged.file for staged in one.valuation.staged] == [staged.file for staged in other.valuation.staged]
    assert list(settled(exchange, [one])) == [one]
    reruns.discard(exchange.home, exchange.engine, other)
    files = [exchange.home.record_sets / staged.file for staged in one.valuation.staged]
    assert files
    assert all(file.exists() for file in files)
    (third,) = compared(exchange, refs)
    reruns.discard(exchange.home, exchange.engine, third)
    assert not any((exchange.home.record_sets / staged.file).exists() for staged in third.valuation.staged)
