"""Suppliers that declare a facility, and what becomes of it."""

from datetime import UTC, datetime

import polars as pl
from sqlmodel import col, select

from gateway.sample_cases import Case, records
from market.header import Header
from outbound.writer import header_record, sealed
from rules.declaration.example import FACILITY, IMPORT, declaration
from store import reference, submissions
from store.database import reading
from store.tables import Answer
from tests.samples.exchange import Exchange

FIRST = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
SMALL = FACILITY.replace("STORE-9", "STORE-7").replace("20260401|2", "20260401|1")
OWN = "1200000000703|I|ACME|2__CACME000|_C|C|HHD1|20261201|"
OTHERS = "1200000000800|I|OTHR|2__COTHR000|_C|C|HHD2|20261201|"


class Post:
    """Sends declarations and reads what became of them."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.sent = 0

    def send(self, party: str, at: datetime, body: str, test_flag: str = "") -> str:
        """Takes a file to its decision; its reference."""
        self.sent += 1
        header = Header("K4191001", "D", at, "BP", party, "G", "UKDC", self.sent, test_flag)
        case = Case(
            name=f"file {self.sent}",
            shows="",
            party_id=party,
            file_name=f"BP{self.sent:012d}",
            received_at=at,
            before=(),
            receipt=100,
            rules=(),
            content=sealed(header_record(header) + f"{body}\n".encode()),
            answers={},
        )
        self.exchange.receive(case)
        with reading(self.exchange.engine) as session:
            return submissions.find(session, party_id=party, limit=1)[0].ref

    def told(self, party: str) -> list[tuple[str, list[list[str]]]]:
        """The flow and the body records of each answer but receipts to a party, in the order in which they leave."""
        with reading(self.exchange.engine) as session:
            wanted = select(Answer).where(Answer.account == party.lower(), col(Answer.file_type).is_not(None))
            found = session.exec(wanted.order_by(col(Answer.id))).all()
            return [(one.file_type or "", records(one.body or b"")) for one in found]

    def confirmed(self, party: str) -> list[list[str]]:
        """The NDC records that a party got, without their type."""
        return [record[1:] for flow, body in self.told(party) if flow == "K4193001" for record in body]

    def outcomes(self, party: str) -> list[tuple[str, str]]:
        """The outcome of each report to a party, with those of its units."""
        return [
            (body[0][8], "".join(record[2] for record in body if record[0] == "VRU"))
            for flow, body in self.told(party)
            if flow == "K9001001"
        ]

    def state(self, ref: str) -> tuple[str, str | None]:
        with reading(self.exchange.engine) as session:
            found = submissions.get(session, ref)
            assert found is not None
            return found.state, found.outcome

    def in_force(self, test_flag: str = "OPER") -> list[tuple[object, ...]]:
        """Declaration Id, Supplier, MSID and days of every declared metering system."""
        name = "declared_metering_systems"
        with reading(self.exchange.engine) as session:
            frame = reference.frames(session, [name], test_flag=test_flag)[name]
        return (
            frame.select("declaration_id", "supplier_id", "msid", "effective_from", "effective_to")
            .sort(pl.all())
            .rows()
        )


def acme(dec: str = "New||SET-9|20261201||Ann Archer", **other: object) -> str:
    return declaration(dec, **({"msi": (IMPORT,)} | other))  # type: ignore[arg-type]


def othr(dec: str = "New||SET-9|20261201||Otto Orme", **other: object) -> str:
    return declaration(dec, **({"msi": (OTHERS,)} | other))  # type: ignore[arg-type]


def in_force_set(post: Post) -> None:
    post.send("ACME", FIRST, acme())
    post.send("OTHR", NEXT_DAY, othr())
