"""What of a CSV file stands for a header: its name, its first line, and who sends it."""

from dataclasses import dataclass
from datetime import datetime

from ingest.csv_profile_columns import CsvFlow
from ingest.csv_profile_records import separator_of
from ingest.envelope import Refusal, Sender, refusal
from market.header import CsvHeader
from market.layout import layout

FIRST_BYTES = 1 << 16
"""How much of a file tells its profile and its separator."""


@dataclass(frozen=True)
class CsvForm:
    """What name and bytes of a CSV file say of what stands in an IDD file's header."""

    file_type: str
    separator: str
    test_flag: str = ""


def form_of(received: bytes, csv: CsvFlow) -> CsvForm:
    """The form of a CSV file, as far as its name and its first line tell it."""
    return CsvForm(csv.flow.file_type, separator_of(received[:FIRST_BYTES]))


def judge_form(form: CsvForm, sender: Sender) -> str | Refusal:
    """The role in which a party sends a CSV file, or why it is refused (ENV-04): the first of the flow's it holds."""
    roles = layout(form.file_type).from_roles
    held = [role for role in roles if role in sender.roles]
    return held[0] if held else refusal("ENV-04", 1, f"{sender.party_id} holds none of {' '.join(roles)} today")


def csv_header(form: CsvForm, role: str, party_id: str, received_at: datetime, gateway_id: str) -> CsvHeader:
    """What stands for the header of a CSV file that a party sends in a role; `received_at` is aware."""
    to_role = layout(form.file_type).to_role
    return CsvHeader(
        *(form.file_type, "D", received_at, role, party_id, to_role, gateway_id, 0),
        test_flag=form.test_flag,
        separator=form.separator,
    )
