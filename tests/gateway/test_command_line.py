"""The commands that make a market, and how every command ends."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.command_line.output import plain
from gateway.sample_cases import SAMPLES
from ingest.envelope import judge_body
from ingest.lines import index_lines
from ingest.structure import Structure
from market.layout import layout
from tests.gateway.conftest import Gridpost

GRIDPOST = Path(sys.executable).with_name("gridpost")
HEADER = b"AAA|K0151001|D|20261102092000|BP|ACME|CR|UKDC|1||"
BODY = b"GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7pXfAqGMcV/mCy1QEBkkiJNrd6bpsBTLVFwOI0KmqJ somebody"


def imports(*args: str) -> set[str]:
    """The packages that a command has imported at its end."""
    script = (
        "import sys\nfrom gateway.command_line import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script, *args], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize("args", [("flows",), ("flows", "K0151001"), ("--help",)])
def test_what_needs_no_frames_imports_none(args: tuple[str, ...]) -> None:
    assert imports(*args).isdisjoint({"polars", "sqlmodel", "sqlalchemy", "paramiko", "pandera", "numpy"})


def test_what_needs_no_store_imports_none() -> None:
    assert imports("rules").isdisjoint({"sqlmodel", "sqlalchemy", "paramiko", "alembic"})


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["flows", "K9999001"], "K9999001 is no flow"),
        (["rules", "GCD-99"], "GCD-99 is no rule"),
        (["party", "list"], "no home is named"),
        (["seal", "nothing"], "nothing: No such file or directory"),
        (["--store", "oracle://x", "party", "list"], "names neither sqlite nor postgresql"),
        (["--store", "nonsense", "party", "list"], "the store cannot be used"),
        (["--store", "sqlite:////nowhere/at/all.db", "party", "list"], "unable to open database file"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(gridpost: Gridpost, args: list[str], said: str) -> None:
    done = gridpost(*args)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("gridpost: ")
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["check", "nothing"], "nothing: No such file or directory"),
        (["check", "nothing", "--received-at", "2026-11-02T09:00:00"], "has neither an offset nor Z"),
        (["check", "nothing", "--received-at", "yesterday"], "yesterday is no time of ISO 8601"),
        (["account", "add", "new", "--party", "ACME", "--key", "nothing"], "nothing: No such file or directory"),
        (["account", "end", "nobody"], "account nobody is not known"),
        (["signatory", "end", "Nobody", "--party", "ACME"], "party ACME has no signatory Nobody"),
        (["party", "end", "NONE"], "party NONE is not known"),
        (["party", "end", "ACME", "--last-day", "2026-02-30"], "2026-02-30 is no day YYYY-MM-DD"),
        (["reference", "load", "colours", "nothing"], "colours is no kind of reference data"),
        (["policy", "load", "nothing"], "nothing: No such file or directory"),
        (["show", "ZZ"], "ZZ is no submission's reference"),
        (["submissions", "--from", "soon"], "soon is neither a day YYYY-MM-DD nor a time of ISO 8601"),
        (["serve", "--listen", "2222"], "2222 is not HOST:PORT"),
        (["serve", "--listen", "127.0.0.1:99999"], "127.0.0.1:99999 is not HOST:PORT"),
    ],
)
def test_a_request_that_is_not_carried_out_ends_with_2(
    gridpost: Gridpost, market: Path, args: list[str], said: str
) -> None:
    done = gridpost("--home", market, *args)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_usage_ends_with_2(gridpost: Gridpost) -> None:
    assert gridpost("nonsense").code == 2
    assert gridpost("check", "--colour").code == 2


def test_a_failure_of_ours_shows_where_it_comes_from(gridpost: Gridpost, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> str:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("gateway.flow_pages.flows_text", fail)
    done = gridpost("flows")
    assert done.code == 2
    assert "Traceback" in done.err


def test_home_may_stand_behind_the_command_and_in_the_environment(gridpost: Gridpost, market: Path) -> None:
    before = gridpost("--home", market, "party", "list", "--format", "json").json
    assert {row["party_id"] for row in before} == {"ACME", "OTHR", "UKDC", "VOLT"}
    assert gridpost("party", "list", "--format", "json", "--home", market).json == before
    assert gridpost("party", "list", f"--home={market}", "--format", "json").json == before
    assert gridpost("party", "list", "--format", "json", env={"GRIDPOST_HOME": str(market)}).json == before
    store = f"sqlite:///{market / 'gridpost.db'}"
    assert gridpost("--store", store, "party", "list", "--format", "json").json == before


def test_a_new_home_has_the_policy_of_the_product(gridpost: Gridpost, tmp_path: Path) -> None:
    found = gridpost("--home", tmp_path / "new", "policy", "--format", "json")
    assert found.code == 0
    assert found.json["policy"]["gateway_id"] == "UKDC"
    assert found.json["policy"]["run_change_pct"] == "60"
    assert gridpost("--home", tmp_path / "new", "policy", "--format", "json").json == found.json
    assert "gateway_id" in gridpost("--home", tmp_path / "new", "policy").out


def test_limits_of_a_season_that_has_begun_name_the_command_for_its_past_days(
    gridpost: Gridpost, market: Path, tmp_path: Path
) -> None:
    text, file = (SAMPLES / "market" / "policy.toml").read_text(), tmp_path / "policy.toml"
    limits = text[text.index("[[capacity_limit]]") :]
    text = (SAMPLES.parent / "policy.toml").read_text() + "\n"
    told = [
        (limits.replace("2026", "2020"), "Limits of AUT 2020 are new: past days"),
        (limits.replace("2026", "2020"), ""),
        (limits.replace("2026", "2020") + limits.replace("2026", "2099"), ""),
    ]
    for limited, expected in told:
        file.write_text(text + limited)
        done = gridpost("--home", market, "policy", "load", file)
        assert ("gridpost run gcdc-breaches --date D" in done.out) == bool(expected)
        assert expected in done.out


def test_another_policy_is_loaded_and_one_that_is_none_is_not(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    before = gridpost("--home", market, "policy", "--format", "json").json
    text = (Path("policy.toml").resolve()).read_text()
    wrong, right = tmp_path / "wrong.toml", tmp_path / "right.toml"
    wrong.write_text(text.replace('late_seasonal = "reject"', 'late_seasonal = "perhaps"'))
    done = gridpost("--home", market, "policy", "load", wrong)
    assert (done.code, "late_seasonal is 'perhaps'" in done.err) == (2, True)
    assert gridpost("--home", market, "policy", "--format", "json").json == before
    right.write_text(text.replace("unit_limit = 1_000 ", "unit_limit = 7 "))
    assert gridpost("--home", market, "policy", "load", right).code == 0
    assert gridpost("--home", market, "policy", "--format", "json").json["policy"]["unit_limit"] == 7


def test_parties_signatories_accounts_and_keys_come_and_go(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text(f"# a comment\n\n{KEY}\n")
    home = ("--home", market)
    assert gridpost(*home, "party", "add", "NEWP", "--name", "New Power", "--role", "BP").code == 0
    assert gridpost(*home, "party", "add", "NEWP", "--role", "VP", "--since", "2026-06-01").code == 0
    added = gridpost(*home, "account", "add", "new", "--party", "NEWP", "--key", key, "--notices")
    assert (added.code, added.out) == (0, "account new of NEWP opens with 1 key\n")
    assert sorted(path.name for path in (market / "accounts/new").iterdir()) == ["check", "inbox", "outbox", "temp"]
    assert gridpost(*home, "signatory", "add", "Nora Nash", "--party", "NEWP", "--category", "F").code == 0

    roles = {
        row["role"]: row
        for row in gridpost(*home, "party", "list", "--format", "json").json
        if row["party_id"] == "NEWP"
    }
    assert {role: (row["name"], row["effective_from"]) for role, row in roles.items()} == {
        "BP": ("New Power", "2001-03-27"),
        "VP": ("New Power", "2026-06-01"),
    }
    (account,) = gridpost(*home, "account", "list", "--party", "NEWP", "--format", "json").json
    assert (account["account"], account["notices"], account["ended_at"]) == ("new", True, None)
    (signatory,) = gridpost(*home, "signatory", "list", "--party", "NEWP", "--format", "json").json
    assert (signatory["name"], signatory["category"]) == ("Nora Nash", "F")

    assert gridpost(*home, "account", "add-key", "new", "--key", key).code == 2
    assert gridpost(*home, "account", "end-key", "new", account["fingerprint"]).code == 0
    assert gridpost(*home, "account", "end", "new", "--reason", "moved").code == 0
    assert gridpost(*home, "signatory", "end", "Nora Nash", "--party", "NEWP", "--last-day", "2026-10-25").code == 0
    assert gridpost(*home, "party", "end", "NEWP", "--role", "VP", "--last-day", "2026-10-25").code == 0
    (account,) = gridpost(*home, "account", "list", "--party", "NEWP", "--format", "json").json
    assert account["ended_at"] is not None
    assert account["valid_to"] is not None
    (signatory,) = gridpost(*home, "signatory", "list", "--party", "NEWP", "--format", "json").json
    assert signatory["effective_to"] == "2026-10-25"


def test_an_account_without_a_key_that_reads_is_not_there(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert gridpost("--home", market, "account", "add", "new", "--party", "ACME", "--key", key).code == 2
    key.write_text("")
    assert gridpost("--home", market, "account", "add", "new", "--party", "ACME", "--key", key).code == 2
    assert "new" not in gridpost("--home", market, "account", "list").out
    assert not (market / "accounts/new").exists()


def test_reference_data_is_loaded_and_told(gridpost: Gridpost, tmp_path: Path, samples: Path) -> None:
    home = ("--home", tmp_path / "home")
    for kind, name in (("parties", "parties.csv"), ("signatories", "signatories.csv")):
        assert gridpost(*home, "reference", "load", kind, samples / "market" / name).code == 0
    first = gridpost(*home, "reference", "load", "bm-units", samples / "market/bm_units.csv", "--format", "json").json
    again = gridpost(*home, "reference", "load", "bm-units", samples / "market/bm_units.csv", "--format", "json").json
    registrations = (samples / "market/bm_units.csv").read_text().count("\n") - 1
    assert (first["added"], first["unchanged"]) == (registrations, 0)
    assert (again["added"], again["unchanged"]) == (0, registrations)
    assert "T_NEWU-1" in first["told"][0]["message"]
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("party_id,name,category,effective_from,effective_to\nACME,Ann,F,2026-02-30,\n")
    done = gridpost(*home, "reference", "load", "signatories", wrong)
    assert done.code == 2
    assert "line 2, effective_from" in done.err


def test_the_catalogue_is_as_written(gridpost: Gridpost) -> None:
    assert gridpost("rules", "--check").code == 0
    assert gridpost("rules", "gcd-01").out.startswith("### GCD-01\n")
    assert gridpost("rules", "GCD-01", "--format", "json").json["id"] == "GCD-01"
    assert {rule["id"] for rule in gridpost("rules", "--format", "json").json} >= {"ENV-01", "GCM-05"}


def test_flows_are_shown(gridpost: Gridpost) -> None:
    assert gridpost("flows", "K0151001", "--format", "json").json["records"][0]["type"] == "GCH"
    assert len(gridpost("flows", "--format", "json").json) >= 65
    assert "K0151001" in gridpost("flows").out


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("footer", [b"", b"ZZZ|1|2|", b"ZZZ|"])
@pytest.mark.parametrize("end", [b"", b"E", b"EE"])
def test_a_sealed_file_can_be_read(
    gridpost: Gridpost, tmp_path: Path, line_end: bytes, footer: bytes, end: bytes
) -> None:
    path = tmp_path / "BP000000000001"
    lines = [HEADER, *BODY.split(b"\n"), *([footer] if footer else [])]
    path.write_bytes(line_end.join(lines) + end.replace(b"E", line_end))
    path.chmod(0o640)
    assert gridpost("seal", path).code == 0
    sealed = path.read_bytes()
    assert isinstance(judge_body(index_lines(sealed), layout("K0151001"), 10), Structure)
    assert sealed.startswith(HEADER + line_end)
    assert sealed.count(b"ZZZ") == 1
    assert path.stat().st_mode & 0o777 == 0o640
    assert gridpost("seal", path).code == 0
    assert path.read_bytes() == sealed
    assert [one.name for one in tmp_path.iterdir()] == ["BP000000000001"]


@pytest.mark.parametrize("content", [b"", b"\n", b"ZZZ|2|0|\n", b"GCH|S|WIN|2026|Ann Archer|\n"])
def test_what_has_no_header_is_not_sealed(gridpost: Gridpost, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    done = gridpost("seal", path)
    assert done.code == 2
    assert "does not begin with AAA" in done.err
    assert path.read_bytes() == content


@given(st.text())
def test_no_text_is_obeyed_by_a_terminal(text: str) -> None:
    assert plain(text).isprintable()
    assert plain(text) == text or not text.isprintable()


@pytest.mark.parametrize("text", ["\x1b[31m", "\x9b2J", "a\nb", "\r", "\x07", "\u202e", "\udc80"])
def test_what_a_terminal_obeys_is_shown_by_its_code(text: str) -> None:
    assert re.fullmatch(r"[ -~]+", plain(text))


def test_the_console_script_runs() -> None:
    done = subprocess.run([GRIDPOST, "flows"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_store_by_its_url_serves_every_command(gridpost: Gridpost, store_location: str, samples: Path) -> None:
    store = {"GRIDPOST_STORE": store_location}
    for kind, name in (("parties", "parties"), ("signatories", "signatories"), ("bm-units", "bm_units")):
        assert gridpost("reference", "load", kind, samples / f"market/{name}.csv", env=store).code == 0
    file = samples / "K0151001/seasonal_accepted/BP000000000001"
    done = gridpost("check", file, "--received-at", "2026-11-02T09:30:00Z", "--format", "json", env=store)
    assert (done.code, done.json[0]["outcome"]) == (0, "ACCEPTED")
    assert gridpost("status", "--format", "json", env=store).json["reference_version"] == 3
    assert gridpost("show", "0", env=store).code == 2
