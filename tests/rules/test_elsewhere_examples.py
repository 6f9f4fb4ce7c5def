"""Examples of the rules that ingest and validators evaluate: envelope, structure, fields."""

from collections.abc import Iterator
from datetime import datetime

import polars as pl
import pytest

from ingest.envelope import Refusal, Sender, judge_body, judge_header, judge_size, read_header
from ingest.envelope_warnings import envelope_warnings
from ingest.lines import index_lines
from ingest.records import slices
from ingest.sequence import ChannelState, judge_sequence
from ingest.structure import structure_of
from market.header import Header
from market.layout import layout
from rules.catalogue import all_rules
from rules.fused_pass import Tally, run_checks
from rules.rule import Example, Rule
from tests.rules.world import references
from validators.fields import field_checks

EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id} {kind}")
    for rule in all_rules()
    if not rule.tests and rule.stage != "nightly"
    for kind, example in (("passes", rule.passes), ("fails", rule.fails))
]
MAX_RECORDS = 4
"""The limit of the examples of ENV-15."""

Found = tuple[str, int | None]
"""A rule and the line on which it is broken: 0 is the file as a whole, None where a receipt does not tell."""


def sender_of(example: Example) -> Sender:
    roles = references()["parties"].filter(party_id=example.sender)["role"]
    return Sender(example.sender, frozenset(roles))


def state_before(example: Example) -> ChannelState:
    """The channel after the files before, which all got 100, as the example's own number finds it."""
    number = header_of(example.body).sequence
    state = ChannelState()
    for text in example.before:
        header = header_of(text)
        acked = text if header.sequence == number else state.acked_sha256
        state = ChannelState(highest=header.sequence, acked_sha256=acked)
    return state


def header_of(text: str) -> Header:
    header = read_header(text.encode())
    assert isinstance(header, Header)
    return header


def envelope_found(example: Example, max_records: int) -> Iterator[Found]:
    received = example.body.encode()
    header = read_header(received)
    if isinstance(header, Refusal):
        return (yield header.rule, 1)
    flow = judge_header(header, sender_of(example), "UKDC")
    if isinstance(flow, Refusal):
        return (yield flow.rule, 1)
    lines = index_lines(received)
    too_large = judge_size(len(received), lines.count, 1 << 30, max_records)
    if too_large:
        return (yield too_large.rule, None)
    number = judge_sequence(state_before(example), header.sequence, example.body)
    if number.receipt:
        return (yield {101: "ENV-07", 3: "ENV-06"}[number.receipt[0][0]], 1)
    structure = judge_body(lines, flow, 100)
    if isinstance(structure, Refusal):
        line = structure.entries[0][1].partition("line ")[2].partition(":")[0]
        return (yield structure.rule, int(line) if line else None)
    received_at = datetime.fromisoformat(example.received_at)
    warned = envelope_warnings(header, lines, example.file_name, received_at, number.skipped, False)
    yield from warned.select("rule", pl.col("line").fill_null(0)).iter_rows()


def structure_found(example: Example) -> Iterator[Found]:
    lines = index_lines(f"AAA|\n{example.body}\nZZZ|\n".encode())
    for place in structure_of(lines, layout(example.flow), 100).places:
        yield place.rule, place.line


def fields_found(example: Example) -> Iterator[Found]:
    flow = layout(example.flow)
    lines = index_lines(f"AAA|\n{example.body}\nZZZ|\n".encode())
    tally = Tally(100)
    for piece in slices(lines, structure_of(lines, flow, 100)):
        for record in flow.records:
            run_checks({**piece.frames, **piece.upper}[record.type], field_checks(record), tally)
    yield from tally.breaches().select("rule", "line").iter_rows()


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_an_example_breaks_its_rule_where_it_says_and_nothing_else(rule: Rule, example: Example) -> None:
    if rule.stage == "envelope":
        found = list(envelope_found(example, MAX_RECORDS if rule.id == "ENV-15" else 50_000_000))
    else:
        found = list(structure_found(example) if rule.stage == "structure" else fields_found(example))
    assert [name for name, _ in found] == [rule.id] * len(example.breaks)
    assert all(line in (None, place) for (_, line), place in zip(found, example.breaks, strict=True))
