"""A spreadsheet user's day at a whole gateway: a dry run, the corrected file, and the answers in CSV."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

from tests.exchange.client import Client, openssh
from tests.exchange.running import Gateway, eventually

MakeClient = Callable[[Gateway, str], Client]

COLUMNS = "bm_unit_id;declaration_type;bsc_season;season_start_year;authorised_signatory_name;"
COLUMNS += "effective_from_date;generation_capacity;demand_capacity\r\n"


def spreadsheet(*values: str) -> bytes:
    """What a program with semicolons writes: a byte-order mark, CR LF."""
    rows = [f"{value.split(';')[0]};S;WIN;2026;Ann Archer;2026-12-01;{value.split(';', 1)[1]}\r\n" for value in values]
    return ("\ufeff" + COLUMNS + "".join(rows)).encode()


def rows(answer: bytes) -> list[dict[str, str]]:
    assert answer.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.decode("utf-8-sig"), newline=""), delimiter=";"))


def test_a_spreadsheet_users_day(gateway: Gateway, client_of: MakeClient) -> None:
    gateway.start()
    acme = client_of(gateway, "acme")
    with acme.sftp.open("check/gcdc_winter.csv", "wb") as file:
        file.write(spreadsheet("T_DINO-1;120;3"))
    tried, told = acme.wait_for("gcdc_winter.csv.DRYRUN.ack.csv", "gcdc_winter.csv.DRYRUN.report.csv")
    assert rows(tried)[0]["response_code"] == "100"
    assert [(row["line_number"], row["rule_id"]) for row in rows(told) if row["severity"] == "E"] == [("2", "GCD-01")]
    assert gateway.rows("SELECT count(*) FROM submission") == gateway.rows("SELECT count(*) FROM answer") == [(0,)]
    # the audit follows the answers
    audited = eventually(lambda: gateway.rows("SELECT actor, why FROM audit WHERE action = 'dry run'"))
    assert audited == [("acme", "REJECTED")]
    assert acme.sftp.listdir("check") == []
    acme.send("gcdc_winter.csv", spreadsheet("T_DINO-1;120;-3", "T_OTTR-1;1;-1"))
    receipt, report, registered = acme.wait_for(
        *(f"gcdc_winter.csv.{name}.csv" for name in ("ack", "report", "R0145005"))
    )
    assert rows(receipt)[0]["response_code"] == "100"
    assert rows(report)[0]["submission_outcome"] == "PARTIAL"
    assert [row["acceptance_unit_outcome"] for row in rows(report) if row["record"] == "VRU"][1] == "R"
    assert [(row["bm_unit_id"], row["generation_capacity"]) for row in rows(registered)] == [("T_DINO-1", "120")]
    values = gateway.rows("SELECT bm_unit_id, generation_capacity_kw, demand_capacity_kw FROM capacity_value")
    assert values == [("T_DINO-1", 120_000, -3_000)]
    for name in acme.outbox():
        acme.collect(name)
    eventually(lambda: {state for (state,) in gateway.rows("SELECT state FROM answer")} == {"COLLECTED"})
    assert gateway.stop() == 0


def test_the_same_bytes_are_a_duplicate_of_the_latest_alone(
    shared_gateway: Gateway, client_of: MakeClient, tmp_path: Path
) -> None:
    othr = client_of(shared_gateway, "othr")
    first, second = (spreadsheet(f"T_OTTR-1;{value};-1") for value in (11, 12))
    for number, (content, code) in enumerate(((first, "100"), (first, "101"), (second, "100"), (first, "100"))):
        (tmp_path / f"gcdc_{number}.csv").write_bytes(content)
        openssh(othr, tmp_path, f"put gcdc_{number}.csv inbox/gcdc_{number}.csv")
        (receipt,) = othr.wait_for(f"gcdc_{number}.csv.ack.csv")
        assert rows(receipt)[0]["response_code"] == code


def test_a_name_that_is_no_csv_name_is_an_unreadable_idd_file(shared_gateway: Gateway, client_of: MakeClient) -> None:
    volt = client_of(shared_gateway, "volt")
    volt.send("winter.csv", spreadsheet("T_DINO-1;120;-3"))
    volt.send("pn_1.csv", spreadsheet("T_DINO-1;120;-3"))
    idd, csv_receipt = volt.wait_for("winter.csv.ADT", "pn_1.csv.ack.csv")
    assert b"|1|ENV-01 the first record is no AAA header|" in idd
    assert rows(csv_receipt)[0]["response_code"] == "4"
