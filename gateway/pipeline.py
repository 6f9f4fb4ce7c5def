"""How a submission is judged, step by step: the one place where the order of the steps is written.

    read         what the bytes say: header, footer, count, checksum, characters, structure
    acknowledge  what the receipt says: size, header, duplicate, sequence, body; the first that fails decides
    validate     what the records are worth: fields and rules, unit by unit

The steps are pure: bytes and knowledge in, verdicts out. What the store and the file system make of them stands in
gateway.steps for files that were taken, and in gateway.dry_run for those that are only checked.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from gateway.bodies import Body, CsvBody, IddBody
from ingest.csv_profile import read_table
from ingest.csv_profile_columns import CsvFlow, csv_flow_of
from ingest.csv_profile_header import FIRST_BYTES, CsvForm, csv_header, form_of, judge_form
from ingest.envelope import Entry, Refusal, Sender, judge_body, judge_header, judge_size, read_header
from ingest.envelope_warnings import envelope_warnings, gap_text
from ingest.lines import count_records, index_lines
from ingest.records import SLICE_RECORDS, Slice
from ingest.sequence import ChannelState, SequenceVerdict, judge_sequence
from ingest.structure import structure_of
from market.fault import Fault
from market.header import CsvHeader, Header
from market.layout import file_types, layout
from market.policy import Policy
from rules.catalogue import acceptance_of
from rules.context import FileFacts
from rules.judge import Judgement, judge
from validators.fields import field_checks

RECEIVED, DUPLICATE = 100, 101
HEADER_REFUSED = 1
"""The receipt code of what stands in a header."""


@dataclass(frozen=True)
class Reading:
    """What the bytes of a file say, before anything is known of its channel.

    `header` is why there is none where it cannot be read; `body` is why the body cannot be read, None where it can.
    `separator` is that of a CSV file, empty for an IDD file.
    """

    size: int
    records: int
    sha256: str
    header: Header | CsvForm | Refusal
    body: Refusal | None
    separator: str = ""


@dataclass(frozen=True)
class Knowledge:
    """What the store knows that decides on a receipt: the sender, and the channel under the file's number."""

    sender: Sender
    channel: ChannelState
    policy: Policy


@dataclass(frozen=True)
class Acknowledgement:
    """The receipt of a file: its records, the number it consumes (None: none), and how many numbers it skips.

    Where it is `ahead`, its number is consumed before those that it skips, and what was received is held.
    """

    entries: tuple[Entry, ...]
    consumed: int | None = None
    skipped: int = 0
    ahead: bool = False

    @property
    def code(self) -> int:
        """The receipt code."""
        return self.entries[0][0]


@dataclass(frozen=True)
class Arrival:
    """How a file came: its name, when it was received (aware, whole seconds), the numbers of its channel that it skips
    and whether its party used the name in the last month.
    """

    file_name: str
    received_at: datetime
    skipped: int = 0
    name_used: bool = False


def read(received: bytes, file_name: str, policy: Policy) -> Reading:
    """Reads a file as received."""
    return read_through(received, file_name, policy)[0]


def read_through(received: bytes, file_name: str, policy: Policy) -> tuple[Reading, Body | None]:
    """Reads a file as received, and gives its body too, where that can be read."""
    # the hash looks at every byte by itself: on two cores side by side
    with ThreadPoolExecutor(1, "hash") as beside:
        sha256 = beside.submit(lambda: hashlib.sha256(received).hexdigest())
        found, body = _read(received, file_name, policy)
    return replace(found, sha256=sha256.result()), body


def _read(received: bytes, file_name: str, policy: Policy) -> tuple[Reading, Body | None]:
    """As `read_through`, without the hash."""
    csv = csv_flow_of(file_name, received[:FIRST_BYTES])
    records = count_records(received)
    if csv is not None:
        form = form_of(received, csv)
        return _read_csv(received, csv, policy, Reading(len(received), records, "", form, None, form.separator))
    header = read_header(received)
    found = Reading(len(received), records, "", header, None)
    if isinstance(header, Refusal) or header.file_type not in file_types():
        return found, None
    if _too_large(len(received), records, policy, header):
        return found, None
    lines = index_lines(received)
    structure = judge_body(lines, layout(header.file_type), policy.receipt_limit)
    if isinstance(structure, Refusal):
        return replace(found, body=structure), None
    return found, IddBody(lines, structure)


def _read_csv(received: bytes, csv: CsvFlow, policy: Policy, found: Reading) -> tuple[Reading, Body | None]:
    if _too_large(found.size, found.records, policy, found.header):
        return found, None
    table = read_table(received, csv, policy.receipt_limit)
    if not isinstance(table, Refusal):
        form = CsvForm(csv.flow.file_type, found.separator, table.test_flag)
        return replace(found, header=form), CsvBody(table)
    about_header = table.entries[0][0] == HEADER_REFUSED
    return replace(found, header=table) if about_header else replace(found, body=table), None


def read_body(received: bytes, header: Header, file_name: str, policy: Policy) -> Body:
    """The body of a file that got receipt 100."""
    if isinstance(header, CsvHeader):
        body = read_through(received, file_name, policy)[1]
        if body is None:
            raise Fault(f"{file_name} can no longer be read")
        return body
    lines = index_lines(received)
    return IddBody(lines, structure_of(lines, layout(header.file_type), policy.receipt_limit))


def header_of(found: Header | CsvForm, sender: Sender, received_at: datetime, gateway_id: str) -> Header:
    """The header under which a file that got receipt 100 is judged; Fault where its sender may no longer send it."""
    if isinstance(found, Header):
        return found
    role = judge_form(found, sender)
    if isinstance(role, Refusal):
        raise Fault(f"a file was acknowledged and would not be now: {role.entries[0][1]}")
    return csv_header(found, role, sender.party_id, received_at, gateway_id)


def _too_large(size: int, records: int, policy: Policy, header: Header | CsvForm | Refusal) -> Refusal | None:
    limits = policy.limits("" if isinstance(header, Refusal) else header.file_type)
    return judge_size(size, records, limits.max_bytes, limits.max_records)


def acknowledge(reading: Reading, knowledge: Knowledge) -> Acknowledgement:
    """The receipt of a file that was read."""
    header, policy = reading.header, knowledge.policy
    too_large = _too_large(reading.size, reading.records, policy, header)
    if isinstance(header, Refusal):
        return Acknowledgement((too_large or header).entries)
    if isinstance(header, CsvForm):
        return _acknowledge_csv(header, reading, knowledge, too_large)
    flow = judge_header(header, knowledge.sender, policy.gateway_id)
    if isinstance(flow, Refusal):
        return Acknowledgement((too_large or flow).entries)
    number = judge_sequence(knowledge.channel, header.sequence, reading.sha256)
    if number.receipt:
        return Acknowledgement(too_large.entries if too_large else number.receipt)
    refused = too_large or reading.body
    entries = ((RECEIVED, _held(header, number)),) if refused is None else refused.entries
    return Acknowledgement(entries, consumed=header.sequence, skipped=number.skipped, ahead=number.held)


def _held(header: Header, number: SequenceVerdict) -> str:
    """What the receipt says of a file that is held at a gap; of others nothing."""
    gap = gap_text(header.sequence, number.skipped)
    return f"ENV-13 held: {gap}" if number.held else ""


def _acknowledge_csv(
    form: CsvForm, reading: Reading, knowledge: Knowledge, too_large: Refusal | None
) -> Acknowledgement:
    role = judge_form(form, knowledge.sender)
    if isinstance(role, Refusal):
        return Acknowledgement((too_large or role).entries)
    if too_large is None and knowledge.channel.acked_sha256 == reading.sha256:
        return Acknowledgement(((DUPLICATE, ""),))
    refused = too_large or reading.body
    return Acknowledgement(((RECEIVED, ""),) if refused is None else refused.entries)


def validate(
    body: Body, header: Header, arrival: Arrival, facts: FileFacts, judged: Callable[[int], None] | None = None
) -> Judgement:
    """The judgement on a file that got receipt 100: its envelope's warnings, its fields, its rules, its units.

    `judged` is told how many body records have been judged, slice by slice.
    """
    slice_records = body.records if acceptance_of(body.layout).whole else SLICE_RECORDS
    pieces = body.slices(slice_records)
    judgement = judge(body.layout, _told(pieces, judged) if judged else pieces, facts, field_checks)
    if isinstance(body, CsvBody):
        return body.on_file_lines(judgement)
    warned = envelope_warnings(
        header, body.lines, arrival.file_name, arrival.received_at, arrival.skipped, arrival.name_used
    )
    return with_warnings(judgement, warned)


def days_about(body: Body) -> tuple[date, date] | None:
    """The first and the last day that a file is about, as its first record says; None where it does not say.

    A range that is open, or the wrong way round, is about its first day.
    """
    columns = acceptance_of(body.layout).days
    if not columns:
        return None
    first = body.first_record()
    days = [first[column].item() for column in columns]
    return None if days[0] is None else (days[0], max(days[0], days[-1] or days[0]))


def _told(pieces: Iterator[Slice], judged: Callable[[int], None]) -> Iterator[Slice]:
    done = 0
    for piece in pieces:
        yield piece
        done += sum(map(len, piece.frames.values())) + sum(piece.new_upper.values())
        judged(done)


def with_warnings(judgement: Judgement, warned: pl.DataFrame) -> Judgement:
    """A judgement with breaches of the envelope, which fall on no unit, among its own."""
    breaches = pl.concat([warned, judgement.breaches]).sort("line", "position", "rule", maintain_order=True)
    counts: Mapping[str, int] = dict(warned["rule"].value_counts().iter_rows())
    merged = {rule: judgement.counts.get(rule, 0) + counts.get(rule, 0) for rule in {**judgement.counts, **counts}}
    return replace(judgement, breaches=breaches, counts=merged)
