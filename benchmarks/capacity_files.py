"""Files of GC and DC for the benchmarks that go over SFTP, and the register that they are judged against."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from market.season import season_of
from outbound.writer import sealed

_COLUMNS = (
    "bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,demand_capacity,"
    "production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to\n"
)


def write_register(path: Path, senders: Iterable[str], values: int) -> None:
    """So many BM Units of each sender, `T_<sender>-0` and on."""
    rows = (
        f"T_{sender}-{n},,Bench {n},{sender},T,,{n + 10}.000,-1.000,P,T,F,,,\n"
        for sender in senders
        for n in range(values)
    )
    path.write_text(_COLUMNS + "".join(rows))


def declaration(sender: str, number: int, values: int) -> bytes:
    """A K0151001 under that sequence number that declares the sender's BM Units for the season after the next."""
    now = datetime.now(UTC)
    season = season_of(now.date()).next.next
    day = f"{season.first_day:%Y%m%d}"
    rows = "".join(f"GCV|T_{sender}-{n}|{day}|{n + 10 + number % 3}|-1|||\n" for n in range(values))
    header = f"AAA|K0151001|D|{now:%Y%m%d%H%M%S}|BP|{sender}|CR|UKDC|{number}||\n"
    return sealed(f"{header}GCH|S|{season.code}|{season.start_year}|Ann Archer|\n{rows}".encode())
