import datetime as dt
import itertools
import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import audit, parties, reference, reference_load
from store.database import reading, writing
from store.reference_file import ReferenceFileError
from store.reference_kinds import KINDS
from store.reference_load import Summary
from store.refused import RefusedError

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
ROOT = Path(__file__).parents[2]
PUBLIC_REGISTER = Path(
    os.environ.get("GRIDPOST_PUBLIC_REGISTER", ROOT.parent / "shared" / "data" / "bm_unit_register.csv")
)
"""A copy of the public register of BM Units, which is not part of the repository."""

REGISTER = """\
elexonBmUnit,nationalGridBmUnit,bmUnitName,fuelType,leadPartyName,leadPartyId,bmUnitType,productionOrConsumptionFlag,\
generationCapacity,demandCapacity,transmissionLossFactor,gspGroupId,gspGroupName,interconnectorId,eic
T_ACME-1,ACME-1,Acme One,WIND,Acme Ltd,ACME,T,P,99.000,-2.500,0.01,,,,
,LOST-1,,WIND,,,,,,,,,,,
V__AOTHR001,OTHR-V1,Other Virtual,,Other Ltd,OTHR,V,C,0.000,0.000,,_A,Eastern,,
I_IOTHR1,IFA-O1,From UK,,Other Ltd,OTHR,I,C,0.000,-1000.000,,,,FRANCE,
T_OLD-1,OLD-1,Old One,,Acme Ltd,ACME,T,,,,,,,,
"""
UNIT_COLUMNS = [column.name for column in KINDS["bm-units"].columns]


def load(store: Engine, folder: Path, kind: str, content: str | bytes) -> Summary:
    path = folder / f"{kind}.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with writing(store) as session:
        return reference_load.load(session, kind, path, at=NOON, actor="operator")


def counts(summary: Summary) -> tuple[int, int, int, int]:
    return summary.added, summary.corrected, summary.ended, summary.unchanged


def frame(store: Engine, name: str) -> pl.DataFrame:
    with reading(store) as session:
        return reference.frames(session, [name])[name]


def test_the_public_registers_own_columns(store: Engine, tmp_path: Path) -> None:
    summary = load(store, tmp_path, "bm-units", REGISTER)
    assert counts(summary) == (4, 0, 0, 0)
    assert summary.parties_added == 2
    assert summary.skipped.rows() == [(3, "no BSC id stands beside the NETSO name LOST-1: the row is skipped")]
    assert summary.told.rows() == [(6, "T_OLD-1 stands without GC and DC: kept as unknown")]
    units = frame(store, "bm_units")
    assert units.select("bm_unit_id", "generation_capacity", "demand_capacity", "fpn_flag", "baselined").rows() == [
        ("I_IOTHR1", 0, -1_000_000, "T", "F"),
        ("T_ACME-1", 99_000, -2_500, "T", "F"),
        ("T_OLD-1", None, None, "T", "F"),
        ("V__AOTHR001", 0, 0, None, "F"),
    ]
    assert units.select("effective_from", "effective_to").unique().rows() == [(MARKET_START, OPEN_END)]
    assert sorted(frame(store, "parties").select("party_id", "role").rows()) == [
        ("ACME", "BP"),
        ("OTHR", "BP"),
        ("OTHR", "VP"),
    ]
    with reading(store) as session:
        assert [party.name for party in parties.listed(session)] == ["Acme Ltd", "Other Ltd"]
        (row,) = audit.of(session, "reference", "bm-units")
        assert row.detail is not None
        assert (row.actor, row.detail["added"], row.detail["skipped"]) == ("operator", 4, 1)


def test_a_known_lead_party_keeps_its_roles(store: Engine, tmp_path: Path) -> None:
    with writing(store) as session:
        parties.add(session, "OTHR", "Other plc", ["AV"], actor="operator", at=NOON)
    assert load(store, tmp_path, "bm-units", REGISTER).parties_added == 1
    with reading(store) as session:
        assert [row.role for row in parties.roles(session, "OTHR")] == ["AV"]
        assert parties.get(session, "OTHR").name == "Other plc"


@pytest.mark.skipif(not PUBLIC_REGISTER.is_file(), reason="no copy of the public register here")
def test_the_whole_public_register(store: Engine) -> None:
    with writing(store) as session:
        summary = reference_load.load(session, "bm-units", PUBLIC_REGISTER, at=NOON, actor="operator")
    assert counts(summary) == (2_871, 0, 0, 0)
    assert (summary.skipped.height, summary.told.height) == (1, 1)
    with writing(store) as session:
        again = reference_load.load(session, "bm-units", PUBLIC_REGISTER, at=NOON, actor="operator")
    assert counts(again) == (0, 0, 0, 2_871)
    assert again.parties_added == 0


def test_own_columns_and_what_is_told(store: Engine, tmp_path: Path) -> None:
    content = ",".join(UNIT_COLUMNS) + "\r\n"
    content += "T_ACME-1,ACME-1,Acme One,ACME,T,,15.4,-5,P,F,T,,2026-04-01,2026-10-24\r\n"
    content += 'T_ACME-1,ACME-1,"Acme, One",ACME,T,,,-5,P,F,,,2026-10-25,\r\n'
    summary = load(store, tmp_path, "bm-units", b"\xef\xbb\xbf" + content.encode())
    assert counts(summary) == (2, 0, 0, 0)
    assert summary.told.rows() == [
        (2, "ACME is no party that is known yet"),
        (3, "ACME is no party that is known yet"),
        (3, "T_ACME-1 stands without GC: kept as unknown"),
    ]
    first, second = frame(store, "bm_units").to_dicts()
    assert (first["generation_capacity"], first["baselined"], first["effective_to"]) == (
        15_400,
        "T",
        dt.date(2026, 10, 24),
    )
    assert (second["generation_capacity"], second["baselined"], second["bm_unit_name"]) == (None, "F", "Acme, One")


PARTIES = "party_id,party_name,role,effective_from,effective_to\n"


def test_parties_have_a_row_a_role(store: Engine, tmp_path: Path) -> None:
    content = PARTIES + "ACME,Acme Ltd,BP,,\nACME,Acme Ltd,VP,2026-03-29,2026-10-25\n"
    assert counts(load(store, tmp_path, "parties", content)) == (2, 0, 0, 0)
    changed = load(store, tmp_path, "parties", PARTIES + "ACME,Acme plc,VP,2026-03-29,2026-10-24\n")
    assert counts(changed) == (0, 0, 1, 0)
    with reading(store) as session:
        held = {row.role: (row.effective_from, row.effective_to) for row in parties.roles(session, "ACME")}
        assert held == {"BP": (MARKET_START, OPEN_END), "VP": (dt.date(2026, 3, 29), dt.date(2026, 10, 24))}
        assert parties.get(session, "ACME").name == "Acme plc"
        renamed = next(row for row in audit.of(session, "party", "ACME") if row.action == "rename")
        assert renamed.detail == {"from": "Acme Ltd", "to": "Acme plc"}


def test_the_other_kinds(store: Engine, tmp_path: Path) -> None:
    load(store, tmp_path, "parties", PARTIES + "ACME,Acme Ltd,BP,,\n")
    signatories = "party_id,name,category,effective_from,effective_to\nACME,A Person,A,,\nNONE,B Person,F,,\n"
    summary = load(store, tmp_path, "signatories", signatories)
    assert (counts(summary), summary.told.rows()) == ((2, 0, 0, 0), [(3, "NONE is no party that is known yet")])
    pairs = ",".join(column.name for column in KINDS["msid-pairs"].columns)
    pairs += "\nV__A1,T,1200023305967,,,,S,,2026-01-01,\nV__A1,D,,,1100013222946,,B,BL01,2026-01-01,\n"
    assert counts(load(store, tmp_path, "msid-pairs", pairs)) == (2, 0, 0, 0)
    assert counts(load(store, tmp_path, "msid-pairs", pairs)) == (0, 0, 0, 2)
    distributors = "distributor_id,participant_id,gsp_group_id,effective_from,effective_to\n"
    distributors += "12,LOND,_C,,\n12,LOND,_A,,\n"
    assert counts(load(store, tmp_path, "distributors", distributors)) == (2, 0, 0, 0)
    corrected = load(store, tmp_path, "msid-pairs", pairs.replace("BL01,2026-01-01,", "BL01,2026-01-01,2026-12-31"))
    assert counts(corrected) == (0, 0, 1, 1)
    assert frame(store, "msid_pairs").height == frame(store, "distributors").height == 2


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("ACME,Acme Ltd,bp,,\n", "line 2, role: bp is not a role of two capital letters"),
        ("ACME,Acme Ltd,BP,,\n,Acme Ltd,BP,,\n", "line 3, party_id: the value is missing"),
        ("ACME,Acme Ltd,BP,2026-02-30,\n", "line 2, effective_from: 2026-02-30 is no day of the calendar"),
        ("ACME,Acme Ltd,BP,30/02/2026,\n", "line 2, effective_from: 30/02/2026 is not a date as YYYY-MM-DD"),
        (
            "ACME,Acme Ltd,BP,2026-03-01,2026-02-28\n",
            "line 2, effective_to: 2026-02-28 is before effective_from 2026-03-01",
        ),
        (
            "ACME,Acme Ltd,BP,2026-03-01,\nACME,Acme Ltd,BP,,2026-03-01\n",
            "line 2, effective_from: 2026-03-01 overlaps an earlier row of ACME BP",
        ),
        ("ACME,Acme Ltd,BP,,\nACME,Acme Ltd,BP,,\n", "overlaps an earlier row of ACME BP"),
        ("ACME,Acme Ltd,BP,,\nACME,Acme,VP,,\n", "line 3, party_name: ACME is named Acme Ltd on an earlier line"),
        ("ACME,Acme Ltd,BP,\n", "line 2, all columns: 4 values, the header names 5"),
        ("ACME,Acme Ltd,BP,,,\n", "is no CSV in UTF-8"),
        ("ACME, Acme Ltd,BP,,\n", "line 2, party_name:  Acme Ltd is not a text"),
    ],
)
def test_a_file_with_a_problem_changes_nothing(store: Engine, tmp_path: Path, rows: str, told: str) -> None:
    with pytest.raises(ReferenceFileError) as caught:
        load(store, tmp_path, "parties", PARTIES + rows)
    assert told in str(caught.value)
    assert frame(store, "parties").is_empty()
    with reading(store) as session:
        assert parties.listed(session) == []


def test_every_problem_is_kept_and_the_first_ones_are_told(store: Engine, tmp_path: Path) -> None:
    with pytest.raises(ReferenceFileError) as caught:
        load(store, tmp_path, "parties", PARTIES + ",Acme Ltd,BP,x,\n" * 20)
    assert caught.value.problems.height == 40
    assert caught.value.problems.row(0) == (2, "party_id", "the value is missing")
    assert str(caught.value).endswith("and 30 more")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is no CSV"),
        (b"party_id,role\nACME,BP\n", "column effective_from is missing"),
        (PARTIES.encode() + b"ACME,Acm\xe9 Ltd,BP,,\n", "is no CSV in UTF-8"),
        (b"colour," + PARTIES.encode(), "column colour is unknown"),
        (b"line," + PARTIES.encode(), "column line is unknown"),
    ],
)
def test_a_file_of_other_columns_is_not_loaded(store: Engine, tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(ReferenceFileError, match=told):
        load(store, tmp_path, "parties", content)


@pytest.mark.parametrize("capacities", ["-1,0", "1,1", "1.2345,0", "1e3,0", "01,0", ".5,0", "1,-"])
def test_capacities_have_their_sign_and_three_decimals(store: Engine, tmp_path: Path, capacities: str) -> None:
    content = ",".join(UNIT_COLUMNS) + f"\nT_A-1,,,ACME,T,,{capacities},,,,,,\n"
    with pytest.raises(ReferenceFileError, match="MW with at most three decimals"):
        load(store, tmp_path, "bm-units", content)


def test_an_unknown_kind_names_those_that_exist(store: Engine, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"calendar is no kind .* parties, signatories, bm-units, msid-pairs, distr"):
        load(store, tmp_path, "calendar", "")


FIRST_DAY = dt.date(2026, 3, 20)
DAYS = [FIRST_DAY + dt.timedelta(days=number) for number in range(20)]
# Days at which rows begin, each with what holds until the next; None leaves the days out.
HISTORIES = st.lists(
    st.tuples(st.integers(0, 19), st.sampled_from(["LOND", "EELC", None])),
    min_size=1,
    max_size=5,
    unique_by=lambda entry: entry[0],
).map(sorted)
FILES = st.lists(st.dictionaries(st.sampled_from(["10", "12"]), HISTORIES, min_size=1), min_size=1, max_size=4)
_numbers = itertools.count()


def _lines(key: str, history: list[tuple[int, str | None]]) -> list[tuple[str, str, dt.date, dt.date]]:
    ends = [start - 1 for start, _ in history[1:]] + [19]
    return [
        (key, value, DAYS[start], DAYS[end])
        for (start, value), end in zip(history, ends, strict=True)
        if value is not None
    ]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES)
def test_on_each_day_holds_what_the_last_file_that_covers_it_says(
    store: Engine, tmp_path: Path, files: list[dict[str, list[tuple[int, str | None]]]]
) -> None:
    group = f"_{chr(65 + next(_numbers) % 26)}"
    with writing(store) as session:
        session.connection().exec_driver_sql("DELETE FROM distributor")
    expected: dict[tuple[str, dt.date], str] = {}
    versions = []
    for file in files:
        rows = [line for key, history in file.items() for line in _lines(key, history)]
        text = "distributor_id,participant_id,gsp_group_id,effective_from,effective_to\n"
        text += "".join(f"{key},{value},{group},{start},{end}\n" for key, value, start, end in rows)
        _expect(expected, rows, frame(store, "distributors"))
        summary = load(store, tmp_path, "distributors", text)
        assert summary.added + summary.corrected + summary.unchanged <= len(rows)
        again = load(store, tmp_path, "distributors", text)
        assert counts(again) == (0, 0, 0, len(rows))
        assert _holding(frame(store, "distributors")) == expected
        versions.append((again.version, dict(expected)))
    for version, then in versions:
        with reading(store) as session:
            assert _holding(reference.frames(session, ["distributors"], as_of=version)["distributors"]) == then


def _expect(
    expected: dict[tuple[str, dt.date], str], rows: list[tuple[str, str, dt.date, dt.date]], standing: pl.DataFrame
) -> None:
    """A row takes the place of the standing one that begins with it, and of whatever else is on its days."""
    begins = {(key, start) for key, _, start, _ in rows}
    for key, start, end in standing.select("distributor_id", "effective_from", "effective_to").iter_rows():
        if (key, start) in begins:
            for day in DAYS:
                if start <= day <= end:
                    expected.pop((key, day), None)
    for key, value, start, end in rows:
        expected.update({(key, day): value for day in DAYS if start <= day <= end})


def _holding(rows: pl.DataFrame) -> dict[tuple[str, dt.date], str]:
    found: dict[tuple[str, dt.date], str] = {}
    for row in rows.iter_rows(named=True):
        for day in DAYS:
            if row["effective_from"] <= day <= row["effective_to"]:
                assert (row["distributor_id"], day) not in found
                found[row["distributor_id"], day] = row["participant_id"]
    return found
