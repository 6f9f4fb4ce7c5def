"""A session's own folder, and the lock that says that it lives."""

from pathlib import Path

import pytest

from ingest.sftp.interfaces import AccountKeys
from ingest.sftp.session_folder import SessionFolder, open_session_folder
from ingest.sftp.status import Refusal
from market.home import Home

ACME = AccountKeys("acme", "ACME", (), ())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def opened(home: Home) -> SessionFolder:
    return open_session_folder(home, ACME, 1)


def test_a_session_that_ends_makes_room(home: Home) -> None:
    first = opened(home)
    with pytest.raises(Refusal, match="party ACME has 1 sessions open, the limit is 1"):
        opened(home)
    first.remove()
    assert list(home.uploading.iterdir()) == []
    opened(home).remove()


def test_a_session_whose_folder_cannot_be_deleted_makes_room_too(home: Home) -> None:
    first = opened(home)
    (first.path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        first.remove()
    opened(home).remove()
    assert list(home.uploading.iterdir()) == [first.path]
