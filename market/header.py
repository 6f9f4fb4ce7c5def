"""The AAA header of an IDD file and the channel that it names."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Channel:
    """The key of a sequence of submissions. For a CSV submission the roles and `to_id` are empty and `flow` is set."""

    from_role: str
    from_id: str
    to_role: str
    to_id: str
    test_flag: str = "OPER"
    flow: str = ""

    def __str__(self) -> str:
        parts = (self.from_role, self.from_id, self.to_role, self.to_id, self.test_flag, self.flow)
        return "|".join(parts).rstrip("|")


@dataclass(frozen=True)
class Header:
    """The items of an AAA record. `creation_time` is aware (GMT); `test_flag` is as written, empty meaning OPER."""

    file_type: str
    message_role: str
    creation_time: datetime
    from_role: str
    from_id: str
    to_role: str
    to_id: str
    sequence: int
    test_flag: str = ""

    @property
    def flag(self) -> str:
        """The test flag with its default: OPER for live traffic."""
        return self.test_flag or "OPER"

    @property
    def channel(self) -> Channel:
        """The channel whose sequence this file continues."""
        return Channel(self.from_role, self.from_id, self.to_role, self.to_id, self.flag)


@dataclass(frozen=True)
class CsvHeader(Header):
    """What is known of a file of the CSV profile, which has no header record: from whom to whom, and its separator."""

    separator: str = ","

    @property
    def channel(self) -> Channel:
        """The channel of the party and the flow: CSV files have no numbers."""
        return csv_channel(self.from_id, self.file_type)


def csv_channel(party_id: str, file_type: str) -> Channel:
    """The channel of a party's CSV files of a flow."""
    return Channel("", party_id, "", "", "", file_type)
