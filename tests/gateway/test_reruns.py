"""Reruns: the difference first, then applied; as received the same bytes; what a flip gives back."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from gateway import reruns, withdrawal
from gateway.sample_cases import read_cases, records
from store import answers, audit, reference, reference_load, runs, submissions
from store.database import reading, writing
from store.refused import RefusedError
from store.states import AnswerKind, SubmissionState
from store.tables import Answer
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

CASES = read_cases()
LATER = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
HEAD = (
    "bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,demand_capacity,"
    "production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to\n"
)
NOSUCH = HEAD + "T_NOSUCH-1,NOSUCH-1,T_NOSUCH-1,ACME,T,,99,-2,P,T,F,,,\n"
DINO_GIVEN_AWAY = HEAD + "T_DINO-1,DINO-1,T_DINO-1,OTHR,T,,99,-2,P,T,F,,,\n"


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    yield made
    made.close()


def received(exchange: Exchange, name: str) -> str:
    """Takes a sample case to its decision; its reference."""
    exchange.receive(CASES[name])
    with reading(exchange.engine) as session:
        return submissions.find(session, limit=1)[0].ref


def correct(exchange: Exchange, tmp_path: Path, text: str) -> None:
    """Loads BM Units into the register."""
    path = tmp_path / "units.csv"
    path.write_text(text)
    with writing(exchange.engine) as session:
        reference_load.load(session, "bm-units", path, at=LATER, actor="test")


def compared(exchange: Exchange, ref: str, *, as_received: bool = False) -> reruns.Difference:
    return reruns.compare(exchange.home, exchange.engine, ref, LATER, as_received=as_received)


def applied(exchange: Exchange, ref: str, **options: Any) -> reruns.Difference:
    found = compared(exchange, ref, **options)
    reruns.apply(exchange.home, exchange.engine, found, actor="operator ann", reason="late registration", at=LATER)
    return found


def reports(exchange: Exchange, ref: str) -> list[bytes]:
    with reading(exchange.engine) as session:
        return [one.body or b"" for one in answers.of(session, ref) if one.kind is AnswerKind.REPORT]


def values(exchange: Exchange) -> list[tuple[object, ...]]:
    """The changes of GC and DC in force."""
    with reading(exchange.engine) as session:
        frame = reference.frames(session, ["capacity_values"])["capacity_values"]
    return frame.select("bm_unit_id", "generation_capacity", "demand_capacity").rows()


def withdrawn(exchange: Exchange, ref: str) -> dict[str, Any]:
    with writing(exchange.engine) as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        return withdrawal.withdraw(session, submission, actor="operator ann", reason="asked for", at=LATER)


def notices(session: Session) -> Sequence[Answer]:
    return session.exec(select(Answer).where(Answer.kind == AnswerKind.NOTICE).order_by(col(Answer.id))).all()


def test_nothing_changed_gives_the_same_bytes_and_another_run(exchange: Exchange) -> None:
    ref = received(exchange, "K0151001/seasonal_accepted")
    before = values(exchange)
    for as_received in (False, True):
        found = applied(exchange, ref, as_received=as_received)
        assert (found.changes, found.outcome, found.because) == (False, "ACCEPTED", ())
    first, *others = reports(exchange, ref)
    assert others == [first, first]
    assert values(exchange) == before
    with reading(exchange.engine) as session:
        assert [run.kind for run in runs.of(session, ref)] == ["ARRIVAL", "RERUN", "RERUN"]
        names = [one.name for one in answers.of(session, ref) if one.kind is AnswerKind.REPORT]
    assert names == ["BP000000000001.VAL", "BP000000000001.2.VAL", "BP000000000001.3.VAL"]


def test_a_late_registration_turns_a_refused_unit(exchange: Exchange, tmp_path: Path) -> None:
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    correct(exchange, tmp_path, NOSUCH)
    found = compared(exchange, ref)
    assert found.changes
    assert found.accepted["key"].to_list() == ["T_NOSUCH-1 20261201"]
    assert found.gone["rule"].to_list() == ["IDN-01"]
    assert found.because[0].startswith("reference data ")
    assert not compared(exchange, ref, as_received=True).changes
    with reading(exchange.engine) as session:
        assert len(runs.of(session, ref)) == 1
    applied(exchange, ref)
    assert ("T_NOSUCH-1", 100_000, -2_000) in values(exchange)
    with reading(exchange.engine) as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        assert (submission.state, submission.outcome) == (SubmissionState.VALIDATED, "ACCEPTED")
        flows = [one.file_type for one in answers.of(session, ref) if one.run_number == 2]
        history = audit.of(session, "submission", ref)
    assert flows == ["R0145005", "K9001001"]
    assert history[-1].actor == "operator ann"
    assert history[-1].why == "run 2: ACCEPTED; late registration"
    assert len(set(reports(exchange, ref))) == 2


def test_a_flip_to_refused_gives_the_value_back_and_names_what_was_built_on_it(
    exchange: Exchange, tmp_path: Path
) -> None:
    ref = received(exchange, "K0151001/seasonal_accepted")
    second = received(exchange, "K0151001/seasonal_declared_again")
    correct(exchange, tmp_path, DINO_GIVEN_AWAY)
    found = applied(exchange, ref)
    assert found.outcome == "PARTIAL"
    assert found.refused["key"].to_list() == ["T_DINO-1 20261201"]
    assert found.built_on == (second,)
    with reading(exchange.engine) as session:
        frame = reference.frames(session, ["capacity_values"])["capacity_values"]
        flows = [one.file_type for one in answers.of(session, ref) if one.run_number == 2]
    assert frame.filter(submission_ref=ref)["bm_unit_id"].to_list() == ["E_ABRTW-9"]
    assert flows == ["K9001001"]


def registered(body: bytes) -> list[list[str]]:
    """BM Unit, GC, DC and first day of each BU3 of a registration report."""
    return [[record[4], record[10], record[11], record[-2]] for record in records(body) if record[0] == "BU3"]


def test_a_flip_to_refused_reports_the_values_that_hold_again(exchange: Exchange, tmp_path: Path) -> None:
    received(exchange, "K0151001/seasonal_accepted")
    ref = received(exchange, "K0151001/seasonal_declared_again")
    path = tmp_path / "signatories.csv"
    path.write_text("party_id,name,category,effective_from,effective_to\nACME,Ann Archer,A,,2026-11-01\n")
    with writing(exchange.engine) as session:
        reference_load.load(session, "signatories", path, at=LATER, actor="test")
    assert applied(exchange, ref).outcome == "REJECTED"
    with reading(exchange.engine) as session:
        first, again = (one.body or b"" for one in answers.of(session, ref) if one.file_type == "R0145005")
    assert registered(first) == [["T_DINO-1", "104", "-2", "20261201"]]
    assert registered(again) == [["T_DINO-1", "100", "-2", "20261201"]]


def test_a_value_that_a_later_file_replaced_is_not_given_back(exchange: Exchange) -> None:
    ref = received(exchange, "K0151001/seasonal_accepted")
    received(exchange, "K0151001/seasonal_declared_again")
    with reading(exchange.engine) as session:
        before = {one.name for one in notices(session)}
    withdrawn(exchange, ref)
    with reading(exchange.engine) as session:
        (told,) = (one.body or b"" for one in notices(session) if one.name not in before)
    assert [row[0] for row in registered(told)] == ["E_ABRTW-9"]


def test_an_old_file_never_overrides_a_newer_one(exchange: Exchange) -> None:
    first = received(exchange, "K0151001/seasonal_accepted")
    received(exchange, "K0151001/seasonal_declared_again")
    with reading(exchange.engine) as session:
        before = reference.frames(session, ["capacity_values"])["capacity_values"]
    applied(exchange, first)
    with reading(exchange.engine) as session:
        after = reference.frames(session, ["capacity_values"])["capacity_values"]
    order = ["bm_unit_id", "received_at", "line"]
    assert after.sort(order).equals(before.sort(order))


def test_what_is_not_decided_or_changed_meanwhile_is_not_rerun(exchange: Exchange, tmp_path: Path) -> None:
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    found = compared(exchange, ref)
    correct(exchange, tmp_path, NOSUCH)
    with pytest.raises(RefusedError, match="changed meanwhile"):
        reruns.apply(exchange.home, exchange.engine, found, actor="x", reason="y", at=LATER)
    stale = compared(exchange, ref)
    applied(exchange, ref)
    with pytest.raises(RefusedError, match="decided otherwise meanwhile"):
        reruns.apply(exchange.home, exchange.engine, stale, actor="x", reason="y", at=LATER)
    with pytest.raises(RefusedError, match="nothing to rerun"):
        compared(exchange, "NONE")


def test_a_withdrawal_gives_the_value_before_back(exchange: Exchange) -> None:
    received(exchange, "K0151001/seasonal_accepted")
    before = values(exchange)
    second = received(exchange, "K0151001/seasonal_declared_again")
    assert len(values(exchange)) > len(before)
    done = withdrawn(exchange, second)
    assert (done["sets"], done["built_on_by"], done["untold"]) == (0, [], "")
    assert values(exchange) == before
    with reading(exchange.engine) as session:
        submission = submissions.get(session, second)
        assert submission is not None
        assert submission.state is SubmissionState.WITHDRAWN
        (told,) = notices(session)
    assert told.account == "acme"
    assert registered(told.body or b"") == [["T_DINO-1", "100", "-2", "20261201"]]
    with pytest.raises(RefusedError, match="nothing to rerun"):
        compared(exchange, second)


def test_volumes_are_judged_again_and_replaced_as_a_whole(exchange: Exchange) -> None:
    ref = received(exchange, "K0011001/accepted_for_tomorrow")
    found = applied(exchange, ref)
    assert not found.changes
    with reading(exchange.engine) as session:
        pieces = reference.frames(
            session, ["notifications"], days=(LATER.date() - timedelta(days=60), LATER.date()), home=exchange.home
        )["notifications"]
    assert pieces["submission_ref"].unique().to_list() == [ref]
    assert pieces.height == pieces.unique().height


def test_the_command_line_shows_and_applies(exchange: Exchange, gridpost: Gridpost, tmp_path: Path) -> None:
    ref = received(exchange, "K0151001/bm_unit_not_registered")
    correct(exchange, tmp_path, NOSUCH)
    home = ("--home", exchange.home.root)
    shown = gridpost(*home, "rerun", "--rule", "IDN-01", "--flow", "K0151001", "--dry-run", "--format", "json")
    assert shown.code == 1
    assert [one["units_accepted"] for one in shown.json] == [["T_NOSUCH-1 20261201"]]
    assert gridpost(*home, "rerun", ref).code == 2
    assert gridpost(*home, "rerun", "--reason", "x").code == 2
    assert gridpost(*home, "rerun", ref, "--flow", "K0151001", "--reason", "x").code == 2
    done = gridpost(*home, "rerun", ref, "--reason", "late registration")
    assert done.code == 1
    assert "REJECTED became ACCEPTED" in done.out
    assert "IDN-01" in done.out
    again = gridpost(*home, "rerun", ref, "--reason", "once more")
    assert (again.code, "nothing changes" in again.out) == (0, True)
    assert gridpost(*home, "rerun", "--flow", "P0328001", "--dry-run").out == "no submission fits\n"
    assert gridpost(*home, "withdraw", ref, "--reason", "asked for").code == 0
    assert gridpost(*home, "withdraw", ref, "--reason", "asked for").code == 2
    with reading(exchange.engine) as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        assert submission.state is SubmissionState.WITHDRAWN
        channel = submission.channel
    assert gridpost(*home, "reset-sequence", channel, "--to", "7", "--reason", "asked for").code == 0
    assert gridpost(*home, "reset-sequence", channel).code == 2
