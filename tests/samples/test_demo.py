"""The demo: real files over real SFTP to a real gateway, and what it prints."""

import io
from datetime import timedelta

from rich.console import Console

from gateway import demo
from gateway.demo_page import Page
from gateway.sample_cases import SAMPLES, Case, read_case, records, told
from market.clock import system_clock

CASES = [read_case(SAMPLES, name) for name in demo.SHOWN]


def printed(*shown: object) -> str:
    console = Console(file=io.StringIO(), width=400)
    for one in shown:
        console.print(one)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def outcomes(case: Case) -> list[str]:
    heads = [record for answer in case.answers.values() for record in records(answer) if record[0] == "VRH"]
    return [head[8] for head in heads] or [str(case.receipt)]


def test_every_file_gets_the_answers_of_its_case() -> None:
    console = Console(file=io.StringIO(), width=200)
    assert demo.run(console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    for case in CASES:
        assert f"{case.party_id} {case.file_name}" in text
    answers = sum(len(case.answers) for case in CASES)
    assert f"{len(CASES)} files in, {answers} answers collected" in text
    assert "All as expected; the gateway has drained and stopped." in text


def test_three_parties_meet_every_end_that_a_file_can_come_to() -> None:
    assert len({case.party_id for case in CASES}) == 3
    assert {outcome for case in CASES for outcome in outcomes(case)} >= {
        *("ACCEPTED", "PARTIAL", "REJECTED", "101", "1", "5")
    }


def test_each_file_comes_behind_those_that_its_case_needs() -> None:
    for place, case in enumerate(CASES):
        assert set(case.before) <= set(demo.SHOWN[:place])


def test_the_clock_of_the_demo_goes_on_from_the_moment_of_its_cases() -> None:
    clock = demo.MovedClock(CASES[0].received_at - system_clock())
    first = clock()
    assert timedelta(0) <= first - CASES[0].received_at < timedelta(minutes=1)
    assert clock() >= first


def test_other_answers_than_the_cases_are_told() -> None:
    case = CASES[1]
    page = Page()
    page.add(case, case.answers, as_expected=True)
    assert "All as expected" in printed(page.closing([], 0, 1.0))
    assert "left behind.VAL" in printed(page.closing(["left behind.VAL"], 0, 1.0))
    assert "Not all came as expected." in printed(page.closing([], 1, 1.0))
    receipt = {f"{case.file_name}.ADT": case.answers[f"{case.file_name}.ADT"]}
    page.add(case, receipt, as_expected=False)
    assert f"not the answers of {case.name}, BP000000000002.VAL, CR000000000002 missing" in printed(page.table)
    assert "Not all came as expected." in printed(page.closing([], 0, 1.0))


def test_a_partys_text_is_shown_as_it_is() -> None:
    page = Page()
    adt = b"AAA|\nADT|1|2|[red]x[/red]|5|[bold]ENV-08[/bold]|\nZZZ|\n"
    page.add(CASES[0], {"a.ADT": adt}, as_expected=True)
    assert "[bold]ENV-08[/bold]" in printed(page.table)


def test_only_times_and_references_are_left_out_of_what_an_answer_tells() -> None:
    report = next(body for name, body in CASES[0].answers.items() if name.endswith(".VAL"))
    head = told(report)[0]
    assert len(head) == len(records(report)[0]) - 2
    assert head[6] == "ACCEPTED"
    assert told(report)[1:] == records(report)[1:]
