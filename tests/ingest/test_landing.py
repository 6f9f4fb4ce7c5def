"""The landing: names, order, durability's visible half, and what is no landed file."""

import os
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import landing as landing_module
from ingest.landing import (
    Landed,
    Landing,
    Litter,
    Untakeable,
    is_taken_name,
    litter,
    parse,
    quoted,
    same_file_system,
    unquoted,
    waiting,
)
from market import durable
from market.durable import folder_opened, rename_without_replacing
from market.fault import Fault
from market.home import Home, is_account_name

NOON = datetime(2026, 10, 25, 12, 0, 0, 987654, tzinfo=UTC)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    made.make_account("acme")
    return made


def take(home: Home, landing: Landing, name: str, content: bytes = b"x", **more: datetime) -> Landed:
    folder = home.temp("acme")
    (folder / "source").write_bytes(content)
    with folder_opened(folder) as source:
        return landing.take(source, "source", party_id="ACME", account="acme", file_name=name, **more)


def test_a_take_moves_the_file_and_tells_all_of_it(home: Home) -> None:
    landed = take(home, Landing(home.landing, lambda: NOON), "a b%/c|é\n.csv", b"12345")
    assert landed == Landed(landed.path, "ACME", "acme", "a b%/c|é\n.csv", NOON.replace(microsecond=0), NOON, 5)
    assert landed.path.startswith("ACME/acme/20261025T120000987654Z-")
    assert list(home.temp("acme").iterdir()) == []
    assert waiting(home.landing) == [landed]
    assert waiting(home.landing, {landed.path}) == []
    assert litter(home.landing) == []
    assert (home.landing / landed.path).read_bytes() == b"12345"


@pytest.mark.parametrize("day", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)])
def test_order_of_arrival_across_the_clock_change(home: Home, day: datetime) -> None:
    now = [day]
    landing = Landing(home.landing, lambda: now[0])
    names = [f"{hour:02d}" for hour in reversed(range(6))]
    for name in names:
        take(home, landing, name)
        now[0] += timedelta(minutes=30)
    assert [landed.file_name for landed in waiting(home.landing)] == names


def test_a_clock_that_stands_still_keeps_the_order_and_the_names_apart(home: Home) -> None:
    landing = Landing(home.landing, lambda: NOON)
    names = [str(9 - number) for number in range(10)]
    first = [take(home, landing, name) for name in names]
    assert [landed.file_name for landed in waiting(home.landing)] == names
    for landed in first:
        (home.landing / landed.path).unlink()
    again = [take(home, Landing(home.landing, lambda: NOON), name) for name in names]
    assert {landed.path for landed in first}.isdisjoint(landed.path for landed in again)


def test_times_are_kept_in_utc(home: Home) -> None:
    summer = datetime(2026, 7, 1, 13, 0, 0, 5, tzinfo=timezone(timedelta(hours=1)))
    landed = take(home, Landing(home.landing, lambda: NOON), "a", arrived_at=summer)
    assert landed.received_at == datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert landed.stamp.microsecond == 5
    assert waiting(home.landing) == [landed]


def test_many_threads_lose_nothing(home: Home) -> None:
    landing = Landing(home.landing, lambda: NOON)

    def work(number: int) -> None:
        folder = home.temp("acme") / str(number)
        folder.mkdir()
        with folder_opened(folder) as source:
            for name in range(20):
                (folder / "f").write_bytes(b"1")
                landing.take(source, "f", party_id=f"P{number % 3}", account="acme", file_name=f"{number}-{name}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.file_name for one in waiting(home.landing)} == {f"{a}-{b}" for a in range(6) for b in range(20)}


def test_only_a_regular_file_with_one_name_is_taken(home: Home) -> None:
    landing, temp = Landing(home.landing, lambda: NOON), home.temp("acme")
    (temp / "file").write_bytes(b"1")
    (temp / "link").symlink_to("file")
    os.mkfifo(temp / "pipe")
    (temp / "folder").mkdir()
    (temp / "twin").write_bytes(b"1")
    os.link(temp / "twin", temp / "twin2")
    with folder_opened(temp) as source:
        for name in ("link", "pipe", "folder", "twin"):
            with pytest.raises(Untakeable):
                landing.take(source, name, party_id="ACME", account="acme", file_name="a")
        with pytest.raises(FileNotFoundError):
            landing.take(source, "missing", party_id="ACME", account="acme", file_name="a")
        landing.take(source, "file", party_id="ACME", account="acme", file_name="a")
    assert [landed.file_name for landed in waiting(home.landing)] == ["a"]


def test_a_name_that_no_answer_could_have_is_refused(home: Home) -> None:
    landing = Landing(home.landing, lambda: NOON)
    with pytest.raises(Untakeable, match="takes 201 bytes, the limit is 200"):
        take(home, landing, "n" * 201)
    assert take(home, landing, "n" * 200).file_name == "n" * 200


@pytest.mark.parametrize("party", ["..", ".", "a/b", "%", ".x"])
def test_no_party_id_leaves_the_landing(home: Home, party: str) -> None:
    (home.temp("acme") / "f").write_bytes(b"1")
    with folder_opened(home.temp("acme")) as source:
        landed = Landing(home.landing, lambda: NOON).take(source, "f", party_id=party, account="acme", file_name="f")
    assert waiting(home.landing) == [landed]
    assert landed.party_id == party


def test_litter_is_told_and_left(home: Home) -> None:
    landed = take(home, Landing(home.landing, lambda: NOON), "a")
    account = home.landing / "ACME" / "acme"
    (home.landing / "stray").write_bytes(b"")
    (home.landing / "ACME" / "stray").write_bytes(b"")
    (account / "stray").write_bytes(b"")
    (account / "20261325T120000987654Z-000000000001-a").write_bytes(b"")
    (account / "folder").mkdir()
    (account / f"{landed.path.rpartition('/')[2]}b").symlink_to("/etc/passwd")
    assert waiting(home.landing) == [landed]
    assert len(litter(home.landing)) == 6
    assert Litter("stray", "it is not a party's folder") in litter(home.landing)
    assert (account / "stray").exists()


def test_without_renameat2_nothing_is_replaced_either(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for found in (None, lambda *names: 38):
        monkeypatch.setattr(durable, "_renameat2", found)
        temp = home.temp("acme")
        (temp / "a").write_bytes(b"a")
        (temp / "b").write_bytes(b"b")
        with folder_opened(temp) as folder:
            with pytest.raises(FileExistsError):
                rename_without_replacing("a", "b", folder, folder)
            rename_without_replacing("a", "c", folder, folder)
        assert sorted(path.name for path in temp.iterdir()) == ["b", "c"]
        assert (temp / "b").read_bytes() == b"b"
        (temp / "c").unlink()


def test_a_rename_replaces_nothing(home: Home) -> None:
    temp = home.temp("acme")
    (temp / "a").write_bytes(b"a")
    (temp / "b").write_bytes(b"b")
    with folder_opened(temp) as folder:
        with pytest.raises(FileExistsError):
            rename_without_replacing("a", "b", folder, folder)
        with pytest.raises(FileNotFoundError):
            rename_without_replacing("none", "c", folder, folder)
    assert (temp / "b").read_bytes() == b"b"


def test_one_file_system_is_asked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    same_file_system(home)
    elsewhere = Path("/dev/shm")
    if elsewhere.stat().st_dev == home.root.stat().st_dev:
        pytest.skip("this machine has one file system")
    home.inbox("acme").rmdir()
    home.inbox("acme").symlink_to(elsewhere)
    with pytest.raises(Fault, match="different file systems"):
        same_file_system(home)


@pytest.mark.parametrize("name", ["a", "a.csv", "part", "a.partly", "a.tmp.csv", "a.part.idd"])
def test_finished_names(name: str) -> None:
    assert is_taken_name(name)


@pytest.mark.parametrize("name", [".a", ".", "a.part", "a.PART", "a.Partial", "a.tmp", "a.FilePart", ".part"])
def test_unfinished_names(name: str) -> None:
    assert not is_taken_name(name)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_quoting_is_undone_and_names_one_file(name: str) -> None:
    there = quoted(name)
    assert unquoted(there) == name
    assert "/" not in there
    assert "\0" not in there
    assert there.isprintable()


@given(st.binary(min_size=1))
def test_names_that_are_no_utf_8_are_quoted_too(name: bytes) -> None:
    assert os.fsencode(unquoted(quoted(os.fsdecode(name)))) == name


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.integers(0, 10**16).map(lambda since: NOON + timedelta(microseconds=since)),
)
def test_a_path_tells_what_the_take_told(name: str, stamp: datetime) -> None:
    path = f"ACME/acme/{stamp.strftime(landing_module._STAMP)}-000000000042-{quoted(name)}"
    landed = parse(path, 7)
    assert landed == Landed(path, "ACME", "acme", name, stamp.replace(microsecond=0), stamp, 7)


@pytest.mark.parametrize("name", ["", ".", "..", ".a", "a/b", "-a", "a" * 33, "a b", "é", "a~b", "a\n"])
def test_names_of_no_account(home: Home, name: str) -> None:
    assert not is_account_name(name)
    with pytest.raises(ValueError, match="no account name"):
        home.account(name)
