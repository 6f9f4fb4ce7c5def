"""The receipt of a file (ADT, IDD Part 1, 2.2.7): that it arrived, and whether it could be read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from market.clock import idd_time
from market.header import Header
from market.layout import ENVELOPE
from outbound.writer import header_record, record_line, sealed

UNREADABLE = "00000000"
"""The file type in the receipt of a file whose header could not be read."""
_ADT = ENVELOPE.record("ADT")
_NAME = _ADT.item("File Name").type.digits
_DATA = _ADT.item("Response Data").type.digits


def returned(header: Header) -> Header:
    """The header of a file's receipt: the received one with from and to exchanged, and role R."""
    return replace(
        header,
        message_role="R",
        from_role=header.to_role,
        from_id=header.to_id,
        to_role=header.from_role,
        to_id=header.from_id,
    )


def unreadable(gateway_id: str, party_role: str, party_id: str, received_at: datetime) -> Header:
    """The header of a receipt where no header could be read: to the party in its first role, sequence 0."""
    return Header(UNREADABLE, "R", received_at, "CR", gateway_id, party_role, party_id, 0)


def receipt(
    answer: Header, file_name: str, received_at: datetime, response_at: datetime, entries: Sequence[tuple[int, str]]
) -> bytes:
    """The receipt file, with one ADT record for each code and its data.

    `answer` is the receipt's own header, of `returned` or `unreadable`; the instants are aware. The file name and
    the data are cut to their items. Raises ValueError where there is no entry, for every receipt says something.
    """
    if not entries:
        raise ValueError(f"the receipt of {file_name} has no code")
    name, received, response = file_name[:_NAME], idd_time(received_at), idd_time(response_at)
    records = [record_line("ADT", received, response, name, str(code), data[:_DATA]) for code, data in entries]
    return sealed(header_record(answer) + b"".join(records))
