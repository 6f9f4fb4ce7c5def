"""A home with the made-up market of the rules' tests, and the files that its parties send."""

import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import paramiko
import polars as pl

from market.clock import idd_time
from market.home import Home
from outbound.writer import sealed
from store import accounts, parties, policy, reference_load
from store.database import open_store, writing
from tests.rules.world import references

REPOSITORY = Path(__file__).parents[2]
ACCOUNTS = {"acme": "ACME", "acme2": "ACME", "othr": "OTHR", "volt": "VOLT"}
"""The party of each account."""
SIGNED_BY = {"ACME": "Ann Archer", "OTHR": "Otto Orme", "VOLT": "Vera Volt"}

_CAPACITIES = ("generation_capacity", "demand_capacity")


def make_home(root: Path, keys: Mapping[str, paramiko.PKey], at: datetime, location: str | None = None) -> Home:
    """A home in which the market's parties have their accounts; its store is at a URL, or else in it."""
    home = Home(root)
    home.make()
    engine = open_store(location or root)
    known = references()
    with writing(engine) as session:
        policy.load(session, (REPOSITORY / "policy.toml").read_text(), at=at, actor="operator")
        for party_id in SIGNED_BY:
            roles = known["parties"].filter(pl.col("party_id") == party_id)["role"].to_list()
            parties.add(session, party_id, f"{party_id} Ltd", roles, actor="operator", at=at)
        for kind, frame in (
            ("signatories", known["signatories"]),
            ("bm-units", _in_megawatts(known["bm_units"])),
            ("msid-pairs", known["msid_pairs"]),
            ("distributors", known["distributors"]),
        ):
            path = root / f"{kind}.csv"
            frame.write_csv(path)
            reference_load.load(session, kind, path, at=at, actor="operator")
            path.unlink()
        for name, party_id in ACCOUNTS.items():
            accounts.add(session, name, party_id, [public_line(keys[name])], actor="operator", at=at)
    engine.dispose()
    for name in ACCOUNTS:
        home.make_account(name)
    return home


def copy_home(template: Home, root: Path) -> Home:
    """A home of its own for a test."""
    shutil.copytree(template.root, root)
    return Home(root)


def public_line(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


def _in_megawatts(units: pl.DataFrame) -> pl.DataFrame:
    """BM Units with their capacities as the reference files write them: MW with three decimals."""
    return units.with_columns(
        pl.format(
            "{}{}.{}",
            pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit("")),
            pl.col(name).abs() // 1000,
            (pl.col(name).abs() % 1000).cast(pl.String).str.zfill(3),
        ).alias(name)
        for name in _CAPACITIES
    )


def declaration(
    number: int,
    *rows: str,
    at: datetime,
    party_id: str = "ACME",
    season: str = "WIN|2026",
    test_flag: str = "",
    signed_by: str | None = None,
) -> bytes:
    """A seasonal declaration of GC and DC: `rows` are what follows `GCV|`, `T_DINO-1|20261201|100|-2|||` if none."""
    name = signed_by or SIGNED_BY[party_id]
    body = "".join(f"GCV|{row}\n" for row in rows or ("T_DINO-1|20261201|100|-2|||",))
    header = f"AAA|K0151001|D|{idd_time(at)}|BP|{party_id}|CR|UKDC|{number}|{test_flag}|\n"
    return sealed(f"{header}GCH|S|{season}|{name}|\n{body}".encode())


def records(content: bytes, record: str) -> list[list[str]]:
    """The items of every record of that type."""
    lines = content.decode().splitlines()
    return [line.split("|")[1:-1] for line in lines if line.split("|")[0] == record]
