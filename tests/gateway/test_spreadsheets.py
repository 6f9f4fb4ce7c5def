"""`gridpost template` and `convert`: the files that they write, and what they say of them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.convert import convert
from gateway.template import csv_flows_of, template
from ingest.csv_profile import read_table
from ingest.csv_profile_columns import csv_flows
from ingest.envelope import Refusal
from market.header import Header
from outbound.writer import header_record, sealed
from store.refused import RefusedError
from tests.gateway.conftest import Gridpost
from tests.gateway.test_csv_and_idd import rows_of
from tests.ingest.csv_files import idd_body, written
from tests.rules.world import POLICY

HEADER = Header("", "D", datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "", "ACME", "", "UKDC", 7)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_template_has_the_header_and_a_page_on_its_columns(gridpost: Gridpost, folder: Path) -> None:
    said = gridpost("template", "K0151001")
    assert said.code == 0
    header = "declaration_type,bsc_season,season_start_year,authorised_signatory_name,bm_unit_id,effective_from_date,"
    header += "generation_capacity,demand_capacity,maximum_export_qm,maximum_import_qm"
    assert (folder / "gcdc_template.csv").read_bytes() == f"\ufeff{header}\r\n".encode()
    for name in [*header.split(","), "test_flag"]:
        assert name in said.out
    page = gridpost("template", "mel", "--format", "json").json
    assert [one["column"] for one in page[0]["columns"]][:2] == ["settlement_date", "bm_unit_id"]
    assert gridpost("template", "mel").code == 2


def test_a_flow_of_several_prefixes_has_a_template_each(gridpost: Gridpost, folder: Path) -> None:
    assert gridpost("template", "K0011001").code == 0
    assert sorted(path.name for path in folder.iterdir()) == [f"{name}_template.csv" for name in ("mel", "mil", "pn")]


@pytest.mark.parametrize("flow", ["K4191001", "R0061001", "K9999999", "nothing"])
def test_flows_without_csv_files_have_no_template(gridpost: Gridpost, folder: Path, flow: str) -> None:
    said = gridpost("template", flow)
    assert (said.code, said.out, [*folder.iterdir()]) == (2, "", [])
    assert flow in said.err


@pytest.mark.parametrize("prefix", csv_flows())
def test_a_template_lacks_nothing_but_lines(prefix: str) -> None:
    (flow,) = csv_flows_of(prefix)
    found = read_table(template(flow), flow, 10)
    assert isinstance(found, Refusal)
    assert found.rule == "STR-03"


@pytest.mark.parametrize("prefix", csv_flows())
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_converted_there_and_back_a_file_says_the_same(prefix: str, folder: Path, data: st.DataObject) -> None:
    flow = csv_flows()[prefix]
    rows = data.draw(rows_of(flow))
    path = folder / f"{prefix}_1.csv"
    path.write_bytes(written([*flow.items], rows))
    idd = convert(path, POLICY, HEADER)
    role = flow.flow.from_roles[0]
    assert [*idd.files] == [f"{role}000000000007"]
    assert idd.differences == ()
    header = Header(flow.flow.file_type, "D", HEADER.creation_time, role, "ACME", flow.flow.to_role, "UKDC", 7)
    body, _ = idd_body(flow, rows)
    (content,) = idd.files.values()
    assert content == sealed(header_record(header) + f"{body}\n".encode())
    back = folder / f"{role}000000000007"
    back.write_bytes(content)
    csv = convert(back, POLICY, HEADER)
    assert [*csv.files] == [f"{prefix}_{role}000000000007.csv"]
    (folder / "again").mkdir(exist_ok=True)
    again = folder / "again" / f"{prefix}_1.csv"
    again.write_bytes(*csv.files.values())
    assert convert(again, POLICY, HEADER).files == idd.files


def sealed_file(tmp: Path, name: str, file_type: str, to_role: str, body: str, role: str = "BP") -> Path:
    header = Header(file_type, "D", HEADER.creation_time, role, "ACME", to_role, "UKDC", 7, "TR01")
    path = tmp / name
    path.write_bytes(sealed(header_record(header) + body.encode()))
    return path


def test_each_kind_of_line_gets_a_file_and_what_is_not_said_is_told(folder: Path) -> None:
    segment = "20261025003000|1|20261025010000|1|\n"
    body = f"PNH|20261025|\nPNU|A|\nPNL|{segment}PNU|B|\nMEL|{segment}PNU|C|\n"
    found = convert(sealed_file(folder, "BP000000000007", "K0011001", "SO", body), POLICY, HEADER)
    assert [*found.files] == ["pn_BP000000000007.csv", "mel_BP000000000007.csv"]
    assert found.differences == ("1 records have nothing below them and get no line",)
    assert found.files["mel_BP000000000007.csv"].decode("utf-8-sig").splitlines()[1] == (
        "20261025,B,20261025003000,1,20261025010000,1,TR01"
    )


def test_totals_that_are_no_sums_are_told(folder: Path) -> None:
    body = "NFH|20261025|SF|1|\nNFU|2__A|_A|C|\nNFP|1|1||1|\nNFT|{}||1|\n"
    for total, told in (("1", 0), ("2", 1)):
        path = sealed_file(folder, f"BP00000000000{total}", "K4192001", "G", body.format(total))
        assert len(convert(path, POLICY, HEADER).differences) == told


def test_records_without_lines_are_refused(folder: Path) -> None:
    body = "MSA|20261025|\nMSB|_A|\nMSC|V__A|\nMSJ|1|2|\nASJ|3|4|\nASP|1|1|\n"
    with pytest.raises(RefusedError, match="ASJ has no lines"):
        convert(sealed_file(folder, "VP000000000001", "P0282002", "G", body, "VP"), POLICY, HEADER)


def test_what_is_shown_in_another_way_is_told(folder: Path) -> None:
    flow = csv_flows()["gcdc"]
    row = dict.fromkeys(flow.items, "1") | {"bm_unit_id": "é|", "authorised_signatory_name": "Ann Archer"}
    path = folder / "gcdc_1.csv"
    path.write_bytes(written([*flow.items], [row]))
    found = convert(path, POLICY, HEADER)
    assert found.differences == ("1 records hold characters outside the IDD set, written as ?",)
    assert b"|??|" in found.files["BP000000000007"]
    body = "GCH|S|WIN|2026|=Ann|\nGCV|T_DINO-1|20261201|100|-2|||\n"
    told = convert(sealed_file(folder, "BP000000000001", "K0151001", "CR", body), POLICY, HEADER)
    assert told.differences == ("1 lines hold what a spreadsheet computes, now behind an apostrophe",)
    assert b"'=Ann" in told.files["gcdc_BP000000000001.csv"]


def test_the_command_writes_beside_the_file_and_never_over_one(gridpost: Gridpost, folder: Path, samples: Path) -> None:
    idd = folder / "BP000000000001"
    idd.write_bytes((samples / "K0151001" / "unchanged_values" / "BP000000000001").read_bytes())
    assert gridpost("convert", idd).code == 0
    csv = folder / "gcdc_BP000000000001.csv"
    assert gridpost("convert", csv).code == 2
    assert gridpost("convert", csv, "--party", "ACME").code == 2
    idd.unlink()
    assert gridpost("convert", csv, "--party", "ACME", "--role", "AV").code == 2
    assert gridpost("convert", csv, "--party", "ACME").code == 0
    assert idd.read_bytes().startswith(b"AAA|K0151001|D|")
    csv.write_bytes(b"a,b\n")
    said = gridpost("convert", csv, "--party", "ACME")
    assert said.code == 2
    assert "a is no column of gcdc" in said.err
