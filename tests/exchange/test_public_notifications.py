"""A real Settlement Day of Physical Notifications goes in over SFTP, a file a Lead Party, and all of it is in force.

The half-hour means are read where they lie beside the checkout or where GRIDPOST_PUBLIC_NOTIFICATIONS names them, the
register likewise; neither is ours to publish. BM Units that have left the register since are registered as they were,
for a Lead Party of their own.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import paramiko
import polars as pl
import pytest

from market.home import Home
from market.in_force import notifications_in_force
from market.settlement_period import PERIOD, period_start_expr
from outbound.writer import sealed
from store import accounts, parties, policy, record_sets, reference, reference_load
from store.database import connect, open_store, reading, writing
from tests.exchange import market_time
from tests.exchange.client import Client
from tests.exchange.made_market import REPOSITORY, public_line, records
from tests.exchange.running import Gateway
from tests.exchange.test_public_register import REGISTER, ROOT

MEANS = Path(
    os.environ.get("GRIDPOST_PUBLIC_NOTIFICATIONS", ROOT.parent / "shared/data/pn_half_hour_means_2021-07-05.csv")
)
DAY = date(2021, 7, 5)
DAY_BEFORE = datetime(2021, 7, 4, 9, 0, tzinfo=UTC)
GONE = "GONE"
"""The Lead Party of BM Units that the register no longer has."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (MEANS.is_file() and REGISTER.is_file()), reason="no copy of the public data here"),
]


def notified() -> pl.DataFrame:
    """What was notified: `bm_unit_id`, `settlement_period`, `power` (whole MW), by BM Unit and period."""
    wide = pl.read_csv(MEANS, infer_schema=False).with_row_index("settlement_period", 1)
    assert wide.height == 48
    tall = wide.drop("local_datetime").unpivot(index="settlement_period", variable_name="bm_unit_id")
    return tall.select(
        "bm_unit_id",
        pl.col("settlement_period").cast(pl.Int64),
        power=pl.col("value").cast(pl.Decimal(20, 10), strict=False).round(0).cast(pl.Int64),
    ).sort("bm_unit_id", "settlement_period")


def make_market(root: Path, keys: paramiko.PKey, named: pl.Series) -> tuple[Home, pl.DataFrame]:
    """A home with the register, the BM Units of `named` that it lacks, an account a Lead Party; the registrations."""
    home = Home(root)
    home.make()
    engine = open_store(root)
    with writing(engine) as session:
        policy.load(session, (REPOSITORY / "policy.toml").read_text(), at=DAY_BEFORE, actor="test")
        reference_load.load(session, "bm-units", REGISTER, at=DAY_BEFORE, actor="test")
        parties.add(session, GONE, "Units that are gone", ["BP"], actor="test", at=DAY_BEFORE)
        known = reference.frames(session, ["bm_units"])["bm_units"]
        gone = named.to_frame("bm_unit_id").join(known, on="bm_unit_id", how="anti")
        path = root / "gone.csv"
        gone.select(
            "bm_unit_id",
            *(pl.lit(None, pl.String).alias(name) for name in ("netso_name", "bm_unit_name")),
            lead_party_id=pl.lit(GONE),
            bm_unit_type=pl.col("bm_unit_id").str.extract("^([TEIV])_").fill_null("G"),
            **dict.fromkeys(("gsp_group_id", "generation_capacity", "demand_capacity"), pl.lit(None, pl.String)),
            production_consumption_flag=pl.lit("P"),
            fpn_flag=pl.lit("T"),
            baselined=pl.lit("F"),
            **dict.fromkeys(("interconnector_id", "effective_from", "effective_to"), pl.lit(None, pl.String)),
        ).write_csv(path)
        reference_load.load(session, "bm-units", path, at=DAY_BEFORE, actor="test")
        units = reference.frames(session, ["bm_units"])["bm_units"].join(
            named.to_frame("bm_unit_id"), on="bm_unit_id", how="semi"
        )
        for number, party_id in enumerate(units["lead_party_id"].unique().sort()):
            name = f"p{number}"
            accounts.add(session, name, party_id, [public_line(keys)], actor="test", at=DAY_BEFORE)
            home.make_account(name)
    engine.dispose()
    return home, units


def files(units: pl.DataFrame) -> dict[str, bytes]:
    """A file a Lead Party: a flat segment a period of each of its BM Units."""
    start = period_start_expr(pl.lit(DAY), pl.col("settlement_period"))
    time_from, time_to = (moment.dt.strftime("%Y%m%d%H%M%S") for moment in (start, start + PERIOD))
    segments = notified().with_columns(
        pl.format("PNL|{}|{}|{}|{}|\n", time_from, "power", time_to, "power").alias("segment")
    )
    bodies = (
        segments.group_by("bm_unit_id", maintain_order=True)
        .agg(pl.col("segment").str.join(""))
        .with_columns(pl.format("PNU|{}|\n{}", "bm_unit_id", "segment").alias("body"))
        .join(units.select("bm_unit_id", "lead_party_id"), on="bm_unit_id", maintain_order="left")
        .group_by("lead_party_id")
        .agg(pl.col("body").str.join(""))
    )
    head = "AAA|K0011001|D|20210704085900|BP|{}|SO|UKDC|1||\nPNH|20210705|\n{}"
    return {str(party): sealed((head.format(party, body)).encode()) for party, body in bodies.iter_rows()}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, dict[str, Client], pl.DataFrame]]:
    """A gateway on the day before, the clients of its Lead Parties, and the registrations of what they notify."""
    key = paramiko.ECDSAKey.generate(bits=256)
    named = notified()["bm_unit_id"].unique(maintain_order=True)
    home, units = make_market(tmp_path_factory.mktemp("public") / "home", key, named)
    offset = os.environ.get(market_time.VARIABLE)
    os.environ[market_time.VARIABLE] = str((DAY_BEFORE - datetime.now(UTC)).total_seconds())
    made = Gateway(home)
    made.start()
    names = enumerate(units["lead_party_id"].unique().sort())
    yield made, {party: Client(made, f"p{number}", key) for number, party in names}, units
    made.kill()
    if offset is None:
        del os.environ[market_time.VARIABLE]
    else:
        os.environ[market_time.VARIABLE] = offset


def test_a_real_day_is_accepted_and_in_force(
    gateway: tuple[Gateway, dict[str, Client], pl.DataFrame], tmp_path: Path
) -> None:
    running, clients, units = gateway
    assert units.height == 1_380
    sent = files(units)
    assert sent.keys() == clients.keys()
    for party, content in sent.items():
        clients[party].send("BP000000000001", content)
    accepted = 0
    for party, client in clients.items():
        receipt, report = client.answers("BP000000000001")
        client.close()
        assert records(receipt, "ADT")[0][3] == "100"
        (verdict,) = records(report, "VRH")
        errors = [row for row in records(report, "VRB") if row[4] == "E"]
        assert (party, verdict[7], errors) == (party, "ACCEPTED", [])
        accepted += int(verdict[9])
    assert accepted == 1_380 * 48
    engine = connect(running.home.root)
    with reading(engine) as session:
        stored = record_sets.read(session, running.home, "PN", days=(DAY, DAY))
    engine.dispose()
    in_force = notifications_in_force(stored).sort("bm_unit_id", "settlement_period")
    assert (in_force["level_from"] == in_force["level_to"]).all()
    found = in_force.select("bm_unit_id", "settlement_period", power="level_from")
    assert found.equals(notified())
    printed(running.home, tmp_path)


def printed(home: Home, tmp_path: Path) -> None:
    """What `gridpost pn` prints of a unit is what was sent of it."""
    command = [sys.executable, "-m", "gateway.command_line", "--home", str(home.root), "pn", "T_DRAXX-1", str(DAY)]
    told = json.loads(subprocess.run([*command, "--format", "json"], capture_output=True, check=True).stdout)
    sent = notified().filter(pl.col("bm_unit_id") == "T_DRAXX-1")["power"].cast(pl.String).to_list()
    assert [piece["mw_from"] for piece in told["profile"]] == sent
    assert [piece["mw_to"] for piece in told["profile"]] == sent
    assert told["history"][0]["in_force"] == 48
    lines = subprocess.run(command, capture_output=True, check=True, text=True).stdout.splitlines()
    assert lines[0] == "T_DRAXX-1 on 2021-07-05, local time"
    assert timedelta(hours=24) == PERIOD * len([line for line in lines if line.startswith("PN  ")])
