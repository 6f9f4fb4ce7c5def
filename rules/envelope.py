"""The envelope of a file (ENV): described here, evaluated by ingest while the file is read."""

from typing import Any

from market.checksum import checksum
from market.severity import Severity
from rules.rule import Example, Rule

_HEADER = "AAA|K0151001|D|20261102093000|BP|ACME|CR|UKDC|1|OPER|\n"
_BODY = "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||\n"
_OTHER_BODY = "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|101|-2|||\n"


def _sealed(header: str = _HEADER, body: str = _BODY) -> str:
    """A whole file: header and body, each record with its line end, and the footer that counts them."""
    records = header + body
    sum_ = checksum(records.replace("\r\n", "\n").encode())
    return f"{records}ZZZ|{records.count(chr(10)) + 1}|{sum_}|\n"


def _numbered(sequence: int, body: str = _BODY) -> str:
    return _sealed(_HEADER.replace("|1|OPER|", f"|{sequence}|OPER|"), body)


_FILE = _sealed()


def _rule(id_: str, severity: Severity, title: str, **described: Any) -> Rule:
    return Rule(id=id_, title=title, severity=severity, flows=("ALL",), stage="envelope", **described)


ENV_01 = _rule(
    "ENV-01",
    Severity.FILE,
    "The first record is an AAA header with nine items and a closing separator.",
    source="IDD 2.2.1",
    why="The header says whose file it is and what it holds; without it nobody can be answered by its own terms.",
    receipt_code=1,
    passes=Example(_FILE),
    fails=Example(_sealed("AAA|K0151001|D|20261102093000|BP|ACME|CR|UKDC|1\n"), breaks=(1,)),
)

ENV_02 = _rule(
    "ENV-02",
    Severity.FILE,
    "Every header item has its IDD type: file type text(8), role D, creation time a real GMT datetime, ids text(8), "
    "roles text(2), sequence integer(9) without leading zeros, test flag empty or in the valid set.",
    source="IDD 2.2.1, 2.2.3",
    why="A header that must be guessed at could be read as another file's.",
    receipt_code=1,
    passes=Example(_FILE),
    fails=Example(_sealed(_HEADER.replace("20261102", "20260231")), breaks=(1,)),
)

ENV_03 = _rule(
    "ENV-03",
    Severity.FILE,
    "The file is addressed to this gateway: To Participant Id is the gateway's, To Role Code is the flow's, and the "
    "test flag is one this gateway serves.",
    source="IDD 2.2.7 code 2",
    why="A file for someone else is not ours to act on.",
    receipt_code=2,
    passes=Example(_FILE),
    fails=Example(_sealed(_HEADER.replace("UKDC", "OTHER")), breaks=(1,)),
)

ENV_04 = _rule(
    "ENV-04",
    Severity.FILE,
    "From Participant Id is the party that owns the account the file came through, and it holds From Role Code on the "
    "day of receipt.",
    source="IDD 2.2.7; BSCP38",
    why="The account proves who sends; the header alone proves nothing.",
    receipt_code=1,
    passes=Example(_FILE),
    fails=Example(_FILE, breaks=(1,), sender="OTHR", note="The file comes through an account of OTHR."),
)

ENV_05 = _rule(
    "ENV-05",
    Severity.FILE,
    "The file type is an inbound flow or feed that this gateway knows, at a version in use (P0282001 and R0051001 no "
    "longer are), and From Role Code is one of the flow's senders.",
    source="IDD 2.2.1",
    why="Records can only be read by the layout of their flow and version.",
    receipt_code=1,
    passes=Example(_FILE),
    fails=Example(_sealed(_HEADER.replace("K0151001", "K0151009")), breaks=(1,)),
)

ENV_06 = _rule(
    "ENV-06",
    Severity.FILE,
    "The sequence number is above the highest consumed one of its channel; 999999999 is followed by 0.",
    source="IDD 2.2.8",
    why="A number that was passed already comes from a lost or a repeated file.",
    receipt_code=3,
    passes=Example(_numbered(18), before=(_numbered(17, _OTHER_BODY),)),
    fails=Example(_numbered(16), breaks=(1,), before=(_numbered(17, _OTHER_BODY),)),
)

ENV_07 = _rule(
    "ENV-07",
    Severity.DUPLICATE,
    "Bytes equal to those of a submission of the same channel and number that got 100 are answered with 101 and change "
    "nothing.",
    source="IDD 2.2.7 code 101",
    why="A sender that saw no receipt sends again, and must be able to without harm.",
    receipt_code=101,
    passes=Example(_numbered(18), before=(_numbered(17),)),
    fails=Example(_numbered(17), breaks=(1,), before=(_numbered(17),)),
)

ENV_08 = _rule(
    "ENV-08",
    Severity.FILE,
    "The last record is one ZZZ footer with two integers and a closing separator; its line end may be missing, and "
    "nothing follows it.",
    source="IDD 2.2.2",
    why="A file without its footer was cut off, and nobody knows what is missing.",
    receipt_code=5,
    passes=Example(_FILE),
    fails=Example(_HEADER + _BODY, breaks=(3,)),
)

ENV_09 = _rule(
    "ENV-09",
    Severity.FILE,
    "The footer's record count is the number of records, AAA and ZZZ included. It is tested before the checksum.",
    source="IDD 2.2.2",
    why="Two equal records cancel in the checksum; only the count tells that they are missing.",
    receipt_code=6,
    passes=Example(_FILE),
    fails=Example(_FILE.replace("ZZZ|4|", "ZZZ|5|"), breaks=(4,)),
)

ENV_10 = _rule(
    "ENV-10",
    Severity.FILE,
    "The footer's checksum is the 32-bit XOR over every record before ZZZ.",
    source="IDD 2.2.2",
    why="What arrives is not what was sent.",
    receipt_code=7,
    passes=Example(_FILE),
    fails=Example(_FILE.replace("|100|", "|101|"), breaks=(4,)),
)

ENV_11 = _rule(
    "ENV-11",
    Severity.FILE,
    "The file is 7-bit printable ASCII in the IDD character set; no NUL, no other control character, no blank record.",
    source="IDD 2.2.3",
    why="Other systems of the market read the same bytes and know no other characters.",
    receipt_code=4,
    passes=Example(_FILE),
    fails=Example(_sealed(body=_BODY.replace("Ann Archer", "Ann <Archer>")), breaks=(2,)),
)

ENV_12 = _rule(
    "ENV-12",
    Severity.WARNING,
    "A UTF-8 byte-order mark before AAA, or CR before LF, is removed before the checksum is taken, and reported.",
    source="seen in 8 of 144 published S0142 files",
    why="Editors and transfers in text mode add them unseen; the records are whole all the same.",
    passes=Example(_FILE),
    fails=Example(_FILE.replace("\n", "\r\n"), breaks=(1,)),
)

ENV_13 = _rule(
    "ENV-13",
    Severity.WARNING,
    "A sequence number that skips one or more is accepted and the gap reported (monotonic policy); under the strict "
    "policy the file is held until the gap is filled or an operator releases it.",
    source="IDD 2.2.8",
    why="A number that is left out may be a file that never arrived.",
    passes=Example(_numbered(18), before=(_numbered(17),)),
    fails=Example(_numbered(20), breaks=(1,), before=(_numbered(17),)),
)

ENV_14 = _rule(
    "ENV-14",
    Severity.WARNING,
    "The creation time is not more than 10 minutes ahead of receipt and not more than 31 days behind it.",
    source="project",
    why="A clock that is wrong, or an old file sent by mistake; no deadline is decided by it.",
    passes=Example(_FILE),
    fails=Example(_FILE, breaks=(1,), received_at="2026-10-31T09:30:00Z"),
)

ENV_15 = _rule(
    "ENV-15",
    Severity.FILE,
    "The file is within the size and record limits of its flow (an empty file has no header: ENV-01).",
    source="project",
    why="One file must not keep every other party waiting.",
    receipt_code=4,
    passes=Example(_FILE, note="The limit is 4 records."),
    fails=Example(_sealed(body=_BODY + "GCV|T_ZERO-1|20261201|0|0|||\n"), breaks=(5,), note="The limit is 4 records."),
)

ENV_16 = _rule(
    "ENV-16",
    Severity.WARNING,
    "An IDD file name has 14 characters, begins with the sender's role code, and was not used by that party in the "
    "last month.",
    source="IDD 2.2.5",
    why="Answers and archives are found by the name.",
    passes=Example(_FILE, file_name="BP000000000017"),
    fails=Example(_FILE, breaks=(0,), file_name="my file (2).txt", note="The file name is `my file (2).txt`."),
)
