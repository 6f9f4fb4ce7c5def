"""The cases of sample_files: a file as a party sends it, and the exact answers that it gets."""

import csv
import io
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ingest.csv_profile_records import separator_of
from ingest.lines import BYTE_ORDER_MARK
from market.layout import layout

SAMPLES = Path(__file__).parents[1] / "sample_files"
"""Where the cases and their market stand."""

DESCRIPTION = "case.toml"
"""The file of a case that describes it; all others are the submission and its answers."""

_MOMENTS = {"ADT": (1, 2), "VRH": (4, 6)}
"""Where records name times and the reference of a submission, which differ from one exchange to the next."""

MARKET = (
    ("parties", "parties.csv"),
    ("signatories", "signatories.csv"),
    ("bm-units", "bm_units.csv"),
    ("msid-pairs", "msid_pairs.csv"),
    ("distributors", "distributors.csv"),
)
"""The reference files of the made-up market, by kind, in the order in which they are loaded."""

CALENDAR = "calendar.txt"
"""Its Settlement Calendar, an S0161001."""

_ELSEWHERE = re.compile(r"to_[a-z]+")


@dataclass(frozen=True)
class RunAfter:
    """A scheduled run that is made at an instant (aware) after the file of a case is answered."""

    check: str
    at: datetime


@dataclass(frozen=True)
class DecisionAfter:
    """What an operator decides at an instant (aware) on the challenge of a GC/DC breach: U, R, or P with a value."""

    breach: str
    decision: str
    reason: str
    at: datetime
    value_kw: int | None = None


@dataclass(frozen=True)
class Case:
    """One case. `name` is its folder below the samples, `before` the cases whose files came earlier to the gateway.

    `received_at` is aware. `receipt` is the receipt code; `rules` are those that the answers name, in order of their
    ids. `answers` are the bytes of each answer by its name. An operator releases it at `released_at` (aware), if at
    all; `decisions` and then `runs` are made after it, in their order. `told` is what besides its answers leaves
    meanwhile, by `to_<account>/<name>`: answers to earlier files, notices, what decisions and runs send.
    """

    name: str
    shows: str
    party_id: str
    file_name: str
    received_at: datetime
    before: tuple[str, ...]
    receipt: int
    rules: tuple[str, ...]
    content: bytes
    answers: Mapping[str, bytes]
    released_at: datetime | None = None
    decisions: tuple[DecisionAfter, ...] = ()
    runs: tuple[RunAfter, ...] = ()
    told: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def account(self) -> str:
        """The account through which the file comes: the party's one."""
        return self.party_id.lower()


def read_case(samples: Path, name: str) -> Case:
    """Reads the case in a folder below `samples`; raises KeyError where its description lacks something."""
    folder = samples / name
    described = tomllib.loads((folder / DESCRIPTION).read_text())
    file_name = described["file"]
    others = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
    del others[DESCRIPTION]
    elsewhere = sorted(path for path in folder.glob("*/*") if _ELSEWHERE.fullmatch(path.parent.name))
    return Case(
        name=name,
        shows=described["shows"],
        party_id=described["party"],
        file_name=file_name,
        received_at=described["received_at"],
        before=tuple(described.get("before", ())),
        receipt=described["receipt"],
        rules=tuple(described["rules"]),
        content=others.pop(file_name),
        answers=others,
        released_at=described.get("released_at"),
        decisions=tuple(DecisionAfter(**decision) for decision in described.get("decisions", ())),
        runs=tuple(RunAfter(**run) for run in described.get("runs", ())),
        told={path.relative_to(folder).as_posix(): path.read_bytes() for path in elsewhere},
    )


def read_cases(samples: Path = SAMPLES) -> dict[str, Case]:
    """Every case by its name, in order of their names."""
    folders = sorted(path.parent for path in samples.glob(f"*/*/{DESCRIPTION}"))
    names = [folder.relative_to(samples).as_posix() for folder in folders]
    return {name: read_case(samples, name) for name in names}


def with_earlier(cases: Mapping[str, Case], case: Case) -> list[Case]:
    """The cases whose files the gateway receives, in their order, up to and with this one; each stands once."""
    earlier = [one for name in case.before for one in with_earlier(cases, cases[name])]
    return list({one.name: one for one in (*earlier, case)}.values())


def records(answer: bytes) -> list[list[str]]:
    """The records of an answer, each as its type and its items: of IDD those between AAA and ZZZ.

    The lines of a CSV answer that is neither receipt nor report have an empty type.
    """
    if answer.startswith(BYTE_ORDER_MARK):
        return _csv_records(answer)
    return [line.split("|")[:-1] for line in answer.decode("ascii").splitlines()[1:-1]]


def _csv_records(answer: bytes) -> list[list[str]]:
    text = answer.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator_of(text.encode()))
    if header[0] != "record":
        return [["ADT" if header[0] == "received_time" else "", *row] for row in rows]
    items = [record.type for record in layout("K9001001").records for _ in record.items]
    return [[row[0], *(cell for kind, cell in zip(items, row[1:], strict=True) if kind == row[0])] for row in rows]


def told(answer: bytes) -> list[list[str]]:
    """The records of an answer without times and references: what stays the same at another time."""
    return [
        [item for place, item in enumerate(record) if place not in _MOMENTS.get(record[0], ())]
        for record in records(answer)
    ]
