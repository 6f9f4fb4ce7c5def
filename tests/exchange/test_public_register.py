"""The public register of BM Units: a seasonal file of every Lead Party is accepted, and one turned sign is found.

The register is read where it lies beside the checkout or where GRIDPOST_PUBLIC_REGISTER names it; it is not ours to
publish.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from gateway.pipeline import Arrival, read_body, validate
from ingest.envelope import read_header
from market.header import Header
from market.number_text import decimal_text
from market.policy import read_policy
from market.reference import CAPACITY_VALUES, MARKET_START, SIGNATORIES
from outbound.writer import sealed
from rules.context import FileFacts
from rules.judge import Judgement
from store import reference, reference_load
from store.database import open_store, reading, writing

ROOT = Path(__file__).parents[2]
REGISTER = Path(os.environ.get("GRIDPOST_PUBLIC_REGISTER", ROOT.parent / "shared" / "data" / "bm_unit_register.csv"))
RECEIVED = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not REGISTER.is_file(), reason="no copy of the public register here")


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pl.DataFrame]:
    """The registrations, as market.reference.BM_UNITS."""
    engine = open_store(tmp_path_factory.mktemp("register"))
    with writing(engine) as session:
        reference_load.load(session, "bm-units", REGISTER, at=RECEIVED, actor="test")
    with reading(engine) as session:
        yield reference.frames(session, ["bm_units"])["bm_units"]
    engine.dispose()


def declared(units: pl.DataFrame) -> pl.DataFrame:
    """The units with known values, as their Lead Parties declare them for the next season: a line each."""
    known = units.filter(pl.col("generation_capacity").is_not_null() & pl.col("demand_capacity").is_not_null())
    gc, dc = (decimal_text(pl.col(name), 3) for name in ("generation_capacity", "demand_capacity"))
    return known.with_columns(pl.format("GCV|{}|20261201|{}|{}|||", "bm_unit_id", gc, dc).alias("line"))


def judged(units: pl.DataFrame, party_id: str, lines: list[str]) -> Judgement:
    header = f"AAA|K0151001|D|20261102093000|BP|{party_id}|CR|UKDC|1||\n"
    content = sealed((header + "GCH|S|WIN|2026|Ann Archer|\n" + "".join(f"{line}\n" for line in lines)).encode())
    read = read_header(content)
    assert isinstance(read, Header)
    signatory = [[party_id], ["Ann Archer"], ["F"], [MARKET_START], [RECEIVED.date()]]
    facts = FileFacts(
        sender=party_id,
        from_role="BP",
        received_at=RECEIVED,
        policy=read_policy((ROOT / "policy.toml").read_text()).on(RECEIVED.date()),
        references={
            "bm_units": units,
            "capacity_values": CAPACITY_VALUES.to_frame(),
            "signatories": pl.DataFrame(dict(zip(SIGNATORIES.names(), signatory, strict=True)), SIGNATORIES),
        },
    )
    policy = facts.policy
    return validate(
        read_body(content, read, "BP000000000001", policy), read, Arrival("BP000000000001", RECEIVED), facts
    )


def test_every_lead_party_declares_all_its_units(units: pl.DataFrame) -> None:
    accepted = 0
    for (party_id,), mine in declared(units).group_by("lead_party_id", maintain_order=True):
        judgement = judged(units, str(party_id), mine["line"].to_list())
        assert (party_id, judgement.outcome) == (party_id, "ACCEPTED")
        accepted += judgement.units.height
    assert accepted == 2_870


def test_one_turned_sign_is_refused_at_exactly_its_line(units: pl.DataFrame) -> None:
    for (party_id,), mine in declared(units).group_by("lead_party_id", maintain_order=True):
        turnable = mine.with_row_index("row").filter(pl.col("generation_capacity") > 0)
        if turnable.is_empty():
            continue
        row, unit = turnable.select("row", "bm_unit_id").row(turnable.height // 2)
        lines = mine["line"].to_list()
        lines[row] = lines[row].replace(f"GCV|{unit}|20261201|", f"GCV|{unit}|20261201|-")
        judgement = judged(units, str(party_id), lines)
        errors = judgement.breaches.filter(pl.col("severity") == "E").select("line", "rule").rows()
        assert (party_id, errors) == (party_id, [(row + 3, "GCD-01")])
        assert judgement.units.filter(pl.col("outcome") == "R")["line"].to_list() == [row + 3]
