import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import Engine

from market.home import Home
from market.in_force import pair_volumes_in_force
from market.reference import PAIR_VOLUMES
from store import audit, pair_volumes, policy, reference
from store.database import reading, writing
from store.reference_file import ReferenceFileError

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
SPRING, AUTUMN = dt.date(2026, 3, 29), dt.date(2026, 10, 25)
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
HEADER = "import_msid,import_amsid,settlement_date,settlement_period,volume_mwh\n"
MSID, AMSID = "1200012345679", "8000000000017"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def load(store: Engine, home: Home, *lines: str, at: dt.datetime = NOON) -> pair_volumes.PairVolumesLoad:
    path = home.root / "volumes.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    with writing(store) as session:
        policy.load(session, POLICY, at=NOON, actor="operator")
        return pair_volumes.load(session, home, path, at=at, actor="operator")


def stored(store: Engine, home: Home, first: dt.date, last: dt.date) -> list[tuple[object, ...]]:
    with reading(store) as session:
        found = reference.frames(session, ["pair_volumes"], days=(first, last), home=home)["pair_volumes"]
    assert found.schema == PAIR_VOLUMES
    last_first = pair_volumes_in_force(found).sort("settlement_date", "settlement_period", "import_amsid")
    return last_first.drop("received_at", "submission_ref", "line").rows()


def test_volumes_come_back_of_the_days_that_are_asked(store: Engine, home: Home) -> None:
    done = load(
        store, home, f"{MSID},,2026-03-29,46,-12.5", f"{MSID},,2026-10-25,50,0", f",{AMSID},2026-10-25,50,0.0001"
    )
    assert (done.pairs, done.days, done.volumes) == (2, 2, 3)
    assert stored(store, home, SPRING, SPRING) == [(MSID, None, SPRING, 46, -125_000)]
    assert stored(store, home, AUTUMN, AUTUMN) == [(MSID, None, AUTUMN, 50, 0), (None, AMSID, AUTUMN, 50, 1)]
    with reading(store) as session:
        assert [row.detail["volumes"] for row in audit.of(session, "reference", "pair-volumes") if row.detail] == [3]


def test_what_is_loaded_later_takes_the_place_of_what_was_loaded_before(store: Engine, home: Home) -> None:
    load(store, home, f"{MSID},,2026-10-25,1,1", f"{MSID},,2026-10-25,2,1")
    load(store, home, f"{MSID},,2026-10-25,1,2", at=NOON + dt.timedelta(seconds=1))
    assert [row[-1] for row in stored(store, home, AUTUMN, AUTUMN)] == [20_000, 10_000]
    load(store, home, f"{MSID},,2026-10-25,1,1", at=NOON + dt.timedelta(seconds=2))
    assert [row[-1] for row in stored(store, home, AUTUMN, AUTUMN)] == [10_000, 10_000]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"{MSID},,2026-03-29,47,1", "line 3, settlement_period: 47 is not on 2026-03-29, which has periods 1 to 46"),
        (f"{MSID},,2026-10-24,49,1", "line 3, settlement_period: 49 is not on 2026-10-24, which has periods 1 to 48"),
        (f"{MSID},,2026-02-30,1,1", "line 3, settlement_date: 2026-02-30 is no day of the calendar"),
        (f"{MSID},,2026-10-25,51,1", "line 3, settlement_period: 51 is not a period from 1 to 50"),
        (f"{MSID},,2026-10-25,2,1.00001", "line 3, volume_mwh: 1.00001 is not MWh with at most four decimals"),
        (f"{MSID},,2026-10-25,2,", "line 3, volume_mwh: the value is missing"),
        ("120001234567,,2026-10-25,2,1", "line 3, import_msid: 120001234567 is not 13 digits"),
        (f"{MSID},{AMSID},2026-10-25,2,1", "a row names either an Import MSID or an Import AMSID"),
        (",,2026-10-25,2,1", "a row names either an Import MSID or an Import AMSID"),
        (f"{MSID},,2026-10-25,1,2", "line 3, settlement_period: the pair and period stand on an earlier line"),
    ],
)
def test_a_file_with_a_problem_changes_nothing(store: Engine, home: Home, line: str, told: str) -> None:
    with pytest.raises(ReferenceFileError) as caught:
        load(store, home, f"{MSID},,2026-10-25,1,1", line)
    assert told in str(caught.value)
    assert stored(store, home, SPRING, AUTUMN) == []
    assert not [file for file in home.record_sets.rglob("*") if file.is_file()]


def test_a_file_without_volumes_is_not_loaded(store: Engine, home: Home) -> None:
    with pytest.raises(ReferenceFileError, match="it has no volume"):
        load(store, home)
