"""The envelope of an IDD file: header, footer, count, checksum, character set, size (rules ENV).

`read_header` and `judge_header` look at the first line, `judge_body` at the rest. The order of the checks is that of
the published contract, and the first that fails decides; ingest.envelope_warnings gives what is only worth a warning.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ingest.lines import BYTE_ORDER_MARK, PIECE, Lines
from ingest.structure import Structure, structure_of
from market.character_set import ALLOWED
from market.checksum import Checksum
from market.header import Header
from market.layout import ENVELOPE, SUPERSEDED, TEST_FLAGS, Item, Layout, file_types, layout

HEADER_BYTES = 255
"""No header is longer: a first line beyond it is not read as one."""

DATA_LENGTH = 80
"""The length of a receipt's response data."""

_ODD = np.ones(256, np.bool_)
_ODD[list(ALLOWED + b"|\n")] = False
_ODD_GRAPHIC = tuple(bytes([code]) for code in range(ord(" "), 128) if _ODD[code])

Entry = tuple[int, str]
"""A receipt code and its data."""


@dataclass(frozen=True)
class Refusal:
    """Why a receipt refuses a file: its records, and the rule that decides."""

    rule: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Sender:
    """The party that owns the account a file came through, and the roles it holds on the day of receipt."""

    party_id: str
    roles: frozenset[str]


def refusal(rule: str, code: int, why: str) -> Refusal:
    """A refusal with one record, whose data names the rule and says why."""
    return Refusal(rule, ((code, f"{rule} {why}"[:DATA_LENGTH]),))


def read_header(received: bytes) -> Header | Refusal:
    """The header of a file as received, or why it cannot be read (ENV-01, ENV-02); the first bytes suffice."""
    if not received:
        return refusal("ENV-01", 1, "the file is empty")
    at = len(BYTE_ORDER_MARK) if received.startswith(BYTE_ORDER_MARK) else 0
    first = received[at : at + HEADER_BYTES + 2].split(b"\n", 1)[0].removesuffix(b"\r")
    items = ENVELOPE.record("AAA").items
    if not first.startswith(b"AAA|"):
        return refusal("ENV-01", 1, "the first record is no AAA header")
    if len(first) > HEADER_BYTES:
        return refusal("ENV-01", 1, f"AAA has more than {HEADER_BYTES} characters")
    if not first.endswith(b"|"):
        return refusal("ENV-01", 1, "AAA ends without its closing separator")
    if first.count(b"|") != len(items) + 1:
        return refusal("ENV-01", 1, f"AAA has {first.count(b'|') - 1} items, {len(items)} due")
    strange = first.translate(None, ALLOWED + b"|")
    if strange:
        return refusal("ENV-02", 1, f"AAA holds the character 0x{strange[0]:02X}, outside the IDD set")
    values = first.decode("ascii").split("|")[1:-1]
    for item, value in zip(items, values, strict=True):
        why = _malformed(item, value)
        if why:
            return refusal("ENV-02", 1, why)
    file_type, message_role, created, from_role, from_id, to_role, to_id, sequence, flag = values
    return Header(file_type, message_role, _time(created), from_role, from_id, to_role, to_id, int(sequence), flag)


def _malformed(item: Item, value: str) -> str | None:
    """Why a header item has not its IDD type; None where it has."""
    if not value:
        return f"{item.name} is mandatory and empty" if item.presence == "M" else None
    match item.name:
        case "Message Role":
            return None if value == "D" else f"Message Role is {value}, D due"
        case "Creation Time":
            return None if _is_time(value) else f"Creation Time {value} is no GMT time YYYYMMDDHHMMSS"
        case "Sequence Number":
            return None if re.fullmatch("0|[1-9][0-9]{0,8}", value) else f"Sequence Number {value} is no {item.type}"
        case "Test Data Flag":
            known = value in TEST_FLAGS
            return None if known else f"Test Data Flag {value} is none of {', '.join(TEST_FLAGS[:3])}, ..."
    if len(value) > item.type.digits:
        return f"{item.name} has {len(value)} characters, at most {item.type.digits} fit"
    return f"{item.name} begins or ends with a space" if value != value.strip(" ") else None


def _time(value: str) -> datetime:
    return datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def _is_time(value: str) -> bool:
    if not re.fullmatch("[0-9]{14}", value) or value[12:] > "59":
        return False
    try:
        _time(value)
    except ValueError:
        return False
    return True


def judge_header(header: Header, sender: Sender, gateway_id: str) -> Layout | Refusal:
    """The flow of a readable header, or why it is refused (ENV-05, ENV-03, ENV-04, in this order)."""
    if header.file_type not in file_types():
        return refusal("ENV-05", 1, f"File Type {header.file_type} is no flow of this gateway")
    flow = layout(header.file_type)
    if not flow.inbound:
        return refusal("ENV-05", 1, f"{header.file_type} is sent by the gateway, not to it")
    if header.file_type in SUPERSEDED:
        return refusal("ENV-05", 1, f"{header.file_type} is a version no longer in use")
    if header.from_role not in flow.from_roles:
        roles = " ".join(flow.from_roles)
        return refusal("ENV-05", 1, f"From Role Code {header.from_role} sends no {header.file_type}, {roles} do")
    if (header.to_role, header.to_id) != (flow.to_role, gateway_id):
        found, due = f"{header.to_role} {header.to_id}", f"{flow.to_role} {gateway_id}"
        return refusal("ENV-03", 2, f"addressed to {found}, {due} due")
    if header.from_id != sender.party_id:
        return refusal("ENV-04", 1, f"From Participant Id is {header.from_id}, the account is {sender.party_id}'s")
    if header.from_role not in sender.roles:
        return refusal("ENV-04", 1, f"{sender.party_id} does not hold role {header.from_role} today")
    return flow


def judge_body(lines: Lines, flow: Layout, receipt_limit: int) -> Structure | Refusal:
    """The structure of a body, or why it is refused: footer, count, checksum, characters, structure, in this order."""
    last = lines.line(lines.count) if lines.count > 1 else b""
    footer = re.fullmatch(rb"ZZZ\|(0|[1-9][0-9]{0,9})\|(0|[1-9][0-9]{0,9})\|", last)
    if footer is None:
        return refusal("ENV-08", 5, "the last record is no ZZZ footer of two integers, closed by a separator")
    count, checksum = int(footer[1]), int(footer[2])
    if count != lines.count:
        return refusal("ENV-09", 6, f"ZZZ counts {count} records, the file has {lines.count}")
    # each looks at every byte by itself: on two cores side by side
    with ThreadPoolExecutor(1, "envelope") as beside:
        bytes_read = beside.submit(lambda: (_checksum(lines), _strange_lines(lines, receipt_limit)))
        structure = structure_of(lines, flow, receipt_limit)
        found, strange = bytes_read.result()
    if checksum != found:
        return refusal("ENV-10", 7, f"ZZZ states checksum {checksum}, the records give {found}")
    if strange:
        return Refusal("ENV-11", tuple((4, f"line {line}: ENV-11 {why}"[:DATA_LENGTH]) for line, why in strange))
    if structure.places:
        places = structure.places
        return Refusal(places[0].rule, tuple((4, place.data[:DATA_LENGTH]) for place in places))
    return structure


def judge_size(size: int, records: int, max_bytes: int, max_records: int) -> Refusal | None:
    """ENV-15: why a file is too large for its flow; None where it is not."""
    if size > max_bytes:
        return refusal("ENV-15", 4, f"the file has {size} bytes, at most {max_bytes} are taken")
    if records > max_records:
        return refusal("ENV-15", 4, f"the file has {records} records, at most {max_records} are taken")
    return None


def _checksum(lines: Lines) -> int:
    checksum = Checksum()
    checksum.update(lines.span(0, lines.count - 1))
    return checksum.value


def _strange_lines(lines: Lines, limit: int) -> list[tuple[int, str]]:
    """The first lines that are blank or hold a character outside the IDD set, with why."""
    blank = np.flatnonzero(lines.starts(0, lines.count) == lines.ends)[:limit] + 1
    strange = dict.fromkeys(blank.tolist(), "blank record")
    if not _is_plain(lines):
        strange |= _odd_characters(lines, limit)
    return sorted(strange.items())[:limit]


def _is_plain(lines: Lines) -> bool:
    """Whether the file holds no character outside the IDD set."""
    data = lines.data
    if not data.isascii() or any(character in data for character in _ODD_GRAPHIC):
        return False
    buffer = np.frombuffer(data, np.uint8)
    controls = sum(np.count_nonzero(buffer[at : at + PIECE] < ord(" ")) for at in range(0, len(buffer), PIECE))
    return controls == lines.count - (not data.endswith(b"\n"))


def _odd_characters(lines: Lines, limit: int) -> dict[int, str]:
    """The first lines that hold a character outside the IDD set, with the first such character."""
    buffer = np.frombuffer(lines.data, np.uint8)
    strange: dict[int, str] = {}
    at = 0
    while at < len(buffer) and len(strange) < limit:
        odd = np.flatnonzero(_ODD[buffer[at : at + PIECE]]) + at
        numbers = np.searchsorted(lines.ends, odd.astype(lines.ends.dtype)) + 1
        first = np.flatnonzero(np.diff(numbers, prepend=0))[:limit]
        for number, offset in zip(numbers[first].tolist(), odd[first].tolist(), strict=True):
            strange[number] = f"character 0x{buffer[offset]:02X} is outside the IDD set"
        # the rest of a line that is told needs no look, however long it is
        at = max(at + PIECE, int(lines.ends[numbers[-1] - 1]) if len(numbers) else 0)
    return strange
