"""Retention gives up what is confirmed and past its days, and nothing else."""

import datetime as dt
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import archive, reruns, retention
from gateway.doctor import differences, repair
from gateway.sample_cases import Case, RunAfter, read_cases
from gateway.schedule.carrying_out import carry_out
from market.clock import london_day
from store import answers, policy, scheduled_runs, submissions
from store import retention as kept
from store.database import reading, writing
from store.refused import RefusedError
from store.tables import Submission
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

CASES = read_cases()
REFUSED, ACCEPTED = CASES["envelope/digit_changed_on_the_way"], CASES["K0151001/seasonal_accepted"]
AT = ACCEPTED.received_at + dt.timedelta(hours=1)
SLIPPED = replace(CASES["K0151001/seasonal_with_a_slipped_sign"], received_at=AT)
DAY = dt.timedelta(days=1)
DAYS = 30


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that keeps bytes for 30 days and the audit for 60."""
    made = Exchange(made_market, tmp_path / "home")
    with writing(made.engine) as session:
        text = Path("policy.toml").read_text()
        for name, days in (("archive", DAYS), ("answers", DAYS), ("audit", 2 * DAYS)):
            line = next(line for line in text.splitlines() if line.startswith(f"retention_{name}"))
            text = text.replace(line, f"retention_{name} = {days}")
        policy.load(session, text, at=made.now, actor="test")
    for account in ("acme", "othr", "ukdc", "volt"):
        made.home.make_account(account)
    yield made
    made.close()


def collect(exchange: Exchange) -> None:
    exchange.deliver()
    for path in exchange.home.accounts.glob("*/outbox/*"):
        path.unlink()
        with writing(exchange.engine) as session:
            answers.collect(session, path.parents[1].name, path.name, actor="party", at=exchange.now)


def run(exchange: Exchange, at: dt.datetime) -> dict[str, int]:
    assert exchange.office.renew()
    exchange._make(RunAfter("retention", at))
    with reading(exchange.engine) as session:
        last = scheduled_runs.last_done(session, "retention")
        assert last is not None
        return dict(last.summary or {})


def submission(exchange: Exchange, case: Case) -> Submission:
    with reading(exchange.engine) as session:
        return next(one for one in submissions.find(session) if one.received_at == case.received_at)


def archived(exchange: Exchange, case: Case) -> bool:
    sha256 = submission(exchange, case).sha256
    assert sha256 is not None
    return archive.path(exchange.home, sha256).exists()


def past(case: Case, days: int = DAYS + 1) -> dt.datetime:
    return case.received_at + days * DAY


def test_confirmed_bytes_past_their_days_go_in_two_runs(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    first = run(exchange, past(REFUSED))
    assert (first["given_up"], first["bytes"], first["files_removed"]) == (1, len(REFUSED.content), 0)
    assert archived(exchange, REFUSED)
    assert run(exchange, past(REFUSED) + DAY)["files_removed"] == 1
    assert not archived(exchange, REFUSED)
    assert differences(exchange.home, exchange.engine) == []
    last = run(exchange, past(REFUSED) + 2 * DAY)
    assert [name for name, count in last.items() if count] in ([], ["audit_removed"])
    assert gridpost("--home", exchange.home.root, "doctor").code == 0


@pytest.mark.parametrize("days", [DAYS - 1, DAYS])
def test_the_last_day_is_kept(exchange: Exchange, days: int) -> None:
    """Received on 25 October, the day of 50 periods: its days are London's."""
    case = replace(REFUSED, received_at=dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC))
    assert london_day(case.received_at) == dt.date(2026, 10, 25)
    exchange.receive(case)
    collect(exchange)
    morning = dt.datetime(2026, 10, 25, 5, tzinfo=dt.UTC)
    assert run(exchange, morning + days * DAY)["given_up"] == 0
    assert run(exchange, morning + (DAYS + 1) * DAY)["given_up"] == 1


def test_what_is_not_collected_stays(exchange: Exchange) -> None:
    exchange.receive(REFUSED)
    exchange.deliver()
    assert run(exchange, past(REFUSED, 400))["given_up"] == 0
    collect(exchange)
    assert run(exchange, past(REFUSED, 401))["given_up"] == 1


def test_what_put_a_value_in_force_stays(exchange: Exchange) -> None:
    exchange.receive(ACCEPTED)
    collect(exchange)
    done = run(exchange, past(ACCEPTED, 4000))
    assert done["given_up"] == 0
    assert done["answers_emptied"] == len(ACCEPTED.answers) - 2
    assert run(exchange, past(ACCEPTED, 4001))["files_removed"] == 0
    assert archived(exchange, ACCEPTED)


def test_the_same_bytes_received_again_stay(exchange: Exchange) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    assert run(exchange, past(REFUSED))["given_up"] == 1
    again = replace(REFUSED, received_at=past(REFUSED) + dt.timedelta(hours=1))
    exchange.receive(again)
    collect(exchange)
    assert run(exchange, past(REFUSED) + DAY)["files_removed"] == 0
    assert archived(exchange, again)
    assert run(exchange, past(again))["given_up"] == 1
    assert run(exchange, past(again) + DAY)["files_removed"] == 1


def test_a_file_is_put_back_where_it_is_needed_by_now(exchange: Exchange) -> None:
    """A crash left it set aside, or the same bytes came between the two looks at the store."""
    exchange.receive(REFUSED)
    sha256 = submission(exchange, REFUSED).sha256
    assert sha256 is not None
    path = archive.path(exchange.home, sha256)
    path.rename(path.with_name(f"{sha256}{archive.ASIDE}"))
    with writing(exchange.engine) as session:
        retention.put_back(session, exchange.home)
    assert archived(exchange, REFUSED)
    assert differences(exchange.home, exchange.engine) == []


@pytest.mark.parametrize("is_needed", [True, False])
def test_a_removal_that_a_crash_cut_off_differs_in_nothing_once_a_gateway_starts(
    exchange: Exchange, is_needed: bool
) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    if not is_needed:
        run(exchange, past(REFUSED))
    sha256 = submission(exchange, REFUSED).sha256
    assert sha256 is not None
    path = archive.path(exchange.home, sha256)
    path.rename(path.with_name(f"{sha256}{archive.ASIDE}"))
    assert differences(exchange.home, exchange.engine) != []
    repair(exchange.office)
    assert differences(exchange.home, exchange.engine) == []
    assert archived(exchange, REFUSED)
    assert run(exchange, past(REFUSED) + DAY)["files_removed"] == (0 if is_needed else 1)


def test_what_landed_is_archived_anew_where_retention_took_the_bytes_before_a_crash(exchange: Exchange) -> None:
    """The gateway ended between the receipt and the landing, as the same bytes of an older submission went."""
    exchange.receive(REFUSED)
    kept = submission(exchange, REFUSED)
    assert kept.sha256 is not None
    (exchange.home.landing / kept.landing_name).write_bytes(REFUSED.content)
    archive.path(exchange.home, kept.sha256).unlink()
    repair(exchange.office)
    assert archived(exchange, REFUSED)
    exchange.deliver()
    assert differences(exchange.home, exchange.engine) == []


def test_a_run_by_hand_for_a_day_to_come_gives_up_what_is_past_its_days_today(exchange: Exchange) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    for now, given_up in ((past(REFUSED, DAYS - 1), 0), (past(REFUSED), 1)):
        exchange.now = now
        assert exchange.office.renew()
        with writing(exchange.engine) as session:
            row = scheduled_runs.start_by_hand(session, "retention", london_day(now) + 4000 * DAY, owner="test", at=now)
        assert carry_out(exchange.office, row, {})["given_up"] == given_up


def test_bytes_removed_while_they_came_again_are_archived_anew(exchange: Exchange) -> None:
    landed = exchange.home.landing / "ACME" / "acme" / "file"
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(b"AAA|")
    sha256 = archive.keep(exchange.home, "ACME/acme/file")
    archive.path(exchange.home, sha256).unlink()
    archive.let_go(exchange.home, "ACME/acme/file", sha256)
    assert archive.load(exchange.home, sha256) == b"AAA|"
    assert not landed.exists()


def test_an_operator_sees_what_goes_and_what_went(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    home, day = exchange.home.root, past(REFUSED).date()
    listed = gridpost("--home", home, "retention", "--date", day, "--format", "json").json
    assert [row["file_name"] for row in listed["submissions"]] == [REFUSED.file_name]
    assert gridpost("--home", home, "retention", "--date", day - DAY, "--format", "json").json["submissions"] == []
    assert REFUSED.file_name in gridpost("--home", home, "retention", "--date", day).out
    run(exchange, past(REFUSED))
    assert gridpost("--home", home, "retention", "--date", day, "--format", "json").json["submissions"] == []


def test_answers_past_their_days_go_out_no_more(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(ACCEPTED)
    collect(exchange)
    run(exchange, past(ACCEPTED))
    done = gridpost("--home", exchange.home.root, "redeliver", submission(exchange, ACCEPTED).ref, "--reason", "asked")
    assert done.code == 2
    assert "are past their retention: it cannot go out again" in done.err


def test_a_report_is_kept_as_long_as_a_rerun_may_send_it_again(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(ACCEPTED)
    ref = submission(exchange, ACCEPTED).ref
    collect(exchange)
    run(exchange, past(ACCEPTED))
    assert gridpost("--home", exchange.home.root, "rerun", ref, "--reason", "asked").code == 0
    assert exchange.office.renew()
    exchange.deliver()
    assert {path.name: path.read_bytes() for path in exchange.home.outbox("acme").iterdir()} == {
        f"{ACCEPTED.file_name}.2.VAL": ACCEPTED.answers[f"{ACCEPTED.file_name}.VAL"]
    }
    assert differences(exchange.home, exchange.engine) == []


def test_what_was_given_up_is_not_judged_again(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(ACCEPTED)
    ref = submission(exchange, ACCEPTED).ref
    args = ("--home", exchange.home.root, "rerun", ref, "--dry-run")
    assert gridpost(*args).code == 0
    with writing(exchange.engine) as session:
        kept.give_up(session, [ref], actor="test", at=exchange.now)
    done = gridpost(*args)
    assert done.code == 2
    assert "past their retention since 2026-11-" in done.err
    history = gridpost("--home", exchange.home.root, "show", ref, "--format", "json").json["history"]
    assert [event["actor"] for event in history if event["action"] == "purge"] == ["test"]


def test_a_selection_to_be_rerun_is_of_what_is_kept(exchange: Exchange, gridpost: Gridpost) -> None:
    exchange.receive(ACCEPTED)
    exchange.receive(SLIPPED)
    args = ("--home", exchange.home.root, "rerun", "--flow", "K0151001", "--dry-run", "--format", "json")
    assert [row["file_name"] for row in gridpost(*args).json] == [ACCEPTED.file_name, SLIPPED.file_name]
    with writing(exchange.engine) as session:
        kept.give_up(session, [submission(exchange, ACCEPTED).ref], actor="test", at=exchange.now)
    assert [row["file_name"] for row in gridpost(*args).json] == [SLIPPED.file_name]


@pytest.mark.parametrize("goes", [True, False])
def test_a_rerun_is_not_put_into_effect_once_the_bytes_are_given_up(exchange: Exchange, goes: bool) -> None:
    exchange.receive(ACCEPTED)
    ref = submission(exchange, ACCEPTED).ref
    found = reruns.compare(exchange.home, exchange.engine, ref, exchange.now, as_received=False)
    with writing(exchange.engine) as session:
        if goes:
            kept.give_up(session, [ref], actor="test", at=exchange.now)
    told = pytest.raises(RefusedError, match="past their retention") if goes else nullcontext()
    with told:
        reruns.apply(exchange.home, exchange.engine, found, actor="test", reason="asked", at=exchange.now)


def test_the_audit_goes_but_for_what_was_given_up(exchange: Exchange) -> None:
    exchange.receive(REFUSED)
    collect(exchange)
    run(exchange, past(REFUSED))
    assert run(exchange, past(REFUSED, 200))["audit_removed"] > 0
    with reading(exchange.engine) as session:
        assert kept.given_up(session) == {submission(exchange, REFUSED).ref}
    assert differences(exchange.home, exchange.engine) == []
