from pathlib import Path

import pytest

from outbound.outbox import Staged, in_outbox, publish, remove_leftovers, stage, staged_files

ONE = Staged(12, 3)


@pytest.fixture
def outgoing(tmp_path: Path) -> Path:
    (tmp_path / "outgoing").mkdir()
    return tmp_path / "outgoing"


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    (tmp_path / "outbox").mkdir()
    return tmp_path / "outbox"


def test_an_answer_is_staged_then_published(outgoing: Path, outbox: Path) -> None:
    stage(outgoing, ONE, b"AAA|\n")
    assert staged_files(outgoing) == [ONE]
    assert not in_outbox(outbox, "X.ADT")
    publish(outgoing, ONE, outbox, "X.ADT")
    assert (outbox / "X.ADT").read_bytes() == b"AAA|\n"
    assert in_outbox(outbox, "X.ADT")
    assert staged_files(outgoing) == []


def test_staging_again_after_a_crash_replaces_what_was_half_written(outgoing: Path) -> None:
    (outgoing / ONE.name).write_bytes(b"half of a longer answer")
    stage(outgoing, ONE, b"whole")
    assert (outgoing / ONE.name).read_bytes() == b"whole"


def test_publishing_never_replaces_an_answer(outgoing: Path, outbox: Path) -> None:
    stage(outgoing, ONE, b"first")
    publish(outgoing, ONE, outbox, "X.ADT")
    late = Staged(12, 2)
    stage(outgoing, late, b"late")
    with pytest.raises(FileExistsError):
        publish(outgoing, late, outbox, "X.ADT")
    assert (outbox / "X.ADT").read_bytes() == b"first"
    assert staged_files(outgoing) == [late]


def test_publishing_never_follows_a_link(outgoing: Path, outbox: Path, tmp_path: Path) -> None:
    stage(outgoing, ONE, b"answer")
    (outbox / "X.ADT").symlink_to(tmp_path / "elsewhere")
    assert in_outbox(outbox, "X.ADT")
    with pytest.raises(FileExistsError):
        publish(outgoing, ONE, outbox, "X.ADT")
    assert not (tmp_path / "elsewhere").exists()


def test_publishing_what_is_not_staged_tells_so(outgoing: Path, outbox: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(outgoing, ONE, outbox, "X.ADT")
    stage(outgoing, ONE, b"answer")
    publish(outgoing, ONE, outbox, "X.ADT")
    (outbox / "X.ADT").unlink()
    with pytest.raises(FileNotFoundError):
        publish(outgoing, ONE, outbox, "X.ADT")
    assert not in_outbox(outbox, "X.ADT")


def test_leftovers_go_and_wanted_deliveries_stay(outgoing: Path) -> None:
    for staged in (Staged(12, 3), Staged(12, 4), Staged(9, 1)):
        stage(outgoing, staged, b"x")
    (outgoing / "notes.txt").write_text("not ours")
    assert staged_files(outgoing) == [Staged(9, 1), Staged(12, 3), Staged(12, 4)]
    assert remove_leftovers(outgoing, {Staged(12, 4)}) == [Staged(9, 1), Staged(12, 3)]
    assert remove_leftovers(outgoing, {Staged(12, 4)}) == []
    assert sorted(path.name for path in outgoing.iterdir()) == ["12.4", "notes.txt"]
