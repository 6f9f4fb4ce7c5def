import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from gateway.baseline_report import baseline_report, baselined_units, stored_baseline
from market.frames import OPEN_END
from market.header import Header
from market.home import Home
from market.reference import BASELINING_DETAILS, BASELINING_STATUSES, EVENT_DAYS, EXPECTED_VOLUMES
from market.settlement_period import periods_in_day
from store import accounts, answers, effects, pair_volumes, parties, policy, record_sets
from store.database import open_store, reading, writing
from store.reference_load import load
from tests.gateway.conftest import Gridpost

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
WEEK = dt.timedelta(days=7)
AUTUMN, DAY = dt.date(2026, 10, 25), dt.date(2026, 9, 15)
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
HEADER = Header("P0333002", "D", NOON, "G", "UKDC", "VP", "FLEX", 3)
UNIT, BASELINED, SUBMITTED, ASSET = "V__FFLEX001", "1200012345679", "1200012345688", "8000000000017"
UNITS = f"""bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,\
demand_capacity,production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to
{UNIT},,,FLEX,V,_C,10,-10,C,T,T,,,
V__FFLEX002,,,FLEX,V,_C,10,-10,C,T,F,,,
V__FFLEX003,,,FLEX,V,_C,10,-10,C,T,F,,,
V__FOTHR001,,,OTHR,V,_C,10,-10,C,T,T,,,
"""
PAIRS = f"""bm_unit_id,pair_indicator,import_msid,export_msid,import_amsid,export_amsid,baselining_indicator,\
baselining_methodology,effective_from,effective_to
{UNIT},T,{BASELINED},1200012345700,,,S,,,
{UNIT},T,{SUBMITTED},,,,S,,,
{UNIT},A,1200012345697,,{ASSET},,B,BL01,,
"""


def volumes(first: dt.date, last: dt.date) -> str:
    days = [first + dt.timedelta(days=number) for number in range((last - first).days + 1)]
    rows = [
        f"{pair},{day},{period},{level}"
        for day in days
        for period in range(1, periods_in_day(day) + 1)
        for pair, level in ((f"{BASELINED},", "2.5"), (f",{ASSET}", "-0.25"))
    ]
    return "import_msid,import_amsid,settlement_date,settlement_period,volume_mwh\n" + "\n".join(rows) + "\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


_PAIR = {"bm_unit_id": UNIT, "pair_indicator": "T", "import_msid": BASELINED}


def _put(session: Session, kind: str, schema: pl.Schema, **values: object) -> None:
    traced = {"effective_from": DAY, "received_at": NOON, "submission_ref": "A", "line": 2}
    row = {name: {**traced, **values}.get(name) for name in schema}
    effects.add(session, kind, pl.DataFrame([row], schema=schema), test_flag="OPER", run_number=1)


def _fill(session: Session, home: Home, day: dt.date, submitted: int | None) -> None:
    policy.load(session, POLICY, at=NOON, actor="operator")
    for kind, text in (("bm-units", UNITS), ("msid-pairs", PAIRS), ("pair-volumes", volumes(day - WEEK, day))):
        path = home.root / f"{kind}.csv"
        path.write_text(text)
        if kind == "pair-volumes":
            pair_volumes.load(session, home, path, at=NOON, actor="operator")
        else:
            load(session, kind, path, at=NOON, actor="operator")
    _put(session, "baselining_statuses", BASELINING_STATUSES, bm_unit_id="V__FFLEX003", baselined="T")
    _put(session, "baselining_details", BASELINING_DETAILS, **_PAIR, baselining_indicator="B")
    _put(session, "event_days", EVENT_DAYS, **_PAIR, event_day=day - dt.timedelta(days=1), event_day_type="B")
    if submitted is not None:
        row = {"bm_unit_id": UNIT, "effective_from": DAY, "effective_to": OPEN_END, "settlement_period": 1}
        sent = pl.DataFrame(
            [{**dict.fromkeys(EXPECTED_VOLUMES), **row, "volume": submitted, "line": 3}], EXPECTED_VOLUMES
        )
        staged = record_sets.stage(home, "SEV", "B", 1, 1, sent)
        record_sets.add(session, home, staged, party_id="FLEX", test_flag="OPER", received_at=NOON)


def told(file: bytes | None, record: str) -> list[str]:
    assert file is not None
    return [line for line in file.decode().split("\n") if line.startswith(f"{record}|")]


def test_the_baselined_units_of_a_party(store: Engine, home: Home) -> None:
    with writing(store) as session:
        _fill(session, home, AUTUMN, None)
        assert baselined_units(session, "FLEX", AUTUMN) == [UNIT, "V__FFLEX003"]
        assert baselined_units(session, "FLEX", DAY - dt.timedelta(days=1)) == [UNIT]
        assert baselined_units(session, "OTHR", AUTUMN) == ["V__FOTHR001"]


def test_the_report_of_a_day_of_50_periods(store: Engine, home: Home) -> None:
    with writing(store) as session:
        _fill(session, home, AUTUMN, 7_500)
        found = stored_baseline(session, home, [UNIT], AUTUMN, {UNIT: 20})
    chosen = found.days.filter("chosen").group_by("import_msid").agg("settlement_date")
    days = dict(chosen.iter_rows())
    assert days[None] == [dt.date(2026, 10, 24), dt.date(2026, 10, 18)]
    assert days[BASELINED] == [dt.date(2026, 10, 18)]
    file = baseline_report(HEADER, "SF", found)
    assert told(file, "BBH") == ["BBH|20261025|SF|"]
    assert told(file, "BBP")[:2] == ["BBP|1|0.75|2.25|-1.5||", "BBP|2||2.25|||"]
    assert told(file, "BTM") == [f"BTM|T|B|BL01|{BASELINED}|1200012345700|T|"]
    assert told(file, "BAA") == [f"BAA|A|B|BL01|{ASSET}||T|"]
    assert told(file, "BAM") == ["BAM|1200012345697||F|"]
    assert told(file, "TMP")[-1] == "TMP|50|2.5|"
    assert [len(told(file, record)) for record in ("BBP", "TMP", "AAP", "AMP")] == [50] * 4


def test_a_pair_without_history_stands_as_not_calculated(store: Engine, home: Home) -> None:
    with writing(store) as session:
        _fill(session, home, DAY, None)
        found = stored_baseline(session, home, [UNIT], DAY - 10 * WEEK, {})
        assert baseline_report(HEADER, "SF", stored_baseline(session, home, [], DAY, {})) is None
    file = baseline_report(HEADER, "SF", found)
    assert told(file, "BBP")[0] == "BBP|1|||||"
    assert told(file, "BAA") == [f"BAA|A|B|BL01|{ASSET}||F|"]
    assert told(file, "AAP")[0] == "AAP|1|0|"
    assert told(file, "BTM") == []


def test_pair_volumes_are_loaded_at_the_command_line(gridpost: Gridpost, tmp_path: Path) -> None:
    path = tmp_path / "volumes.csv"
    path.write_text(volumes(AUTUMN, AUTUMN))
    load_it = ("--home", tmp_path / "home", "reference", "load", "pair-volumes", path)
    assert gridpost(*load_it, "--format", "json").json["volumes"] == 100
    assert "pair-volumes: 100 volumes of 2 pairs on 1 days, as load-" in gridpost(*load_it).out
    path.write_text(path.read_text() + f"{BASELINED},,2026-10-25,51,1\n")
    done = gridpost(*load_it)
    assert (done.code, done.out) == (2, "")
    assert "line 102, settlement_period: 51 is not a period from 1 to 50" in done.err


def test_the_command_shows_the_working_and_sends_the_report(gridpost: Gridpost, home: Home) -> None:
    engine = open_store(home.root)
    with writing(engine) as session:
        _fill(session, home, AUTUMN, 7_500)
        parties.add(session, "FLEX", "Flex Ltd", ["VP"], actor="operator", at=NOON)
        accounts.add(session, "flex", "FLEX", [], actor="operator", at=NOON)
    command = ("--home", home.root, "baseline", "FLEX", AUTUMN, "--event", f"{UNIT}=20")
    found = gridpost(*command, "--format", "json").json
    assert found["units"][0]["expected"] == "-1.5"
    assert {day["reason"] for day in found["days"]} >= {None, "event day"}
    text = gridpost(*command).out
    assert "V__FFLEX001" in text
    assert "not metered in every period" in text
    done = gridpost(*command, "--send", "SF")
    assert (done.code, done.err) == (0, "P0333002 G0000000000001 goes to flex\n")
    with reading(engine) as session:
        (sent,) = answers.pending(session)
    assert told(sent.body, "BBH") == ["BBH|20261025|SF|"]
    assert (sent.body or b"").startswith(b"AAA|P0333002|D|")
    engine.dispose()


def test_the_command_refuses_what_cannot_be(gridpost: Gridpost, home: Home) -> None:
    engine = open_store(home.root)
    with writing(engine) as session:
        _fill(session, home, AUTUMN, None)
    engine.dispose()
    command = ("--home", home.root, "baseline", "FLEX", AUTUMN)
    for wrong, why in (
        (("--event", "V__FOTHR001=20"), "V__FOTHR001 is no Baselined BM Unit of FLEX on 2026-10-25"),
        (("--event", f"{UNIT}=51"), f"{UNIT}=51 is not BM_UNIT=PERIOD with a period from 1 to 50"),
        (("--send", "XX"), "XX is no settlement run"),
        (("--send", "SF"), "party FLEX has no live account: nothing can be sent"),
    ):
        done = gridpost(*command, *wrong)
        assert (done.code, why in done.err) == (2, True)
    assert "leads no Baselined BM Unit" in gridpost("--home", home.root, "baseline", "NONE", AUTUMN).out
