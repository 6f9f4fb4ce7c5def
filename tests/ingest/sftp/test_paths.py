"""The path layer: no text leads anywhere but into the party's own flat folders."""

import os
import posixpath
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.landing import is_taken_name
from ingest.sftp.paths import FilePlace, Folder, Place, canonical, file_place, place, shown
from ingest.sftp.status import Refusal, Status

PIECES = st.one_of(
    st.sampled_from(["..", ".", "", "temp", "inbox", "check", "outbox", "bolt", "a.csv", "\0", "\n", "\u202e", "é"]),
    st.text(max_size=8),
)
PATHS = st.one_of(
    st.lists(PIECES, max_size=6).map(lambda parts: "/".join(parts).encode("utf-8", "surrogatepass")),
    st.builds(
        lambda folder, name: f"/{folder}/{name}".encode("utf-8", "surrogatepass"), st.sampled_from(Folder), PIECES
    ),
    st.binary(max_size=40),
)


def _place_or_refusal(path: bytes) -> Place | Refusal:
    try:
        return place(path)
    except Refusal as refusal:
        return refusal


@given(PATHS)
@example(b"/inbox/../temp/a")
@example(b"inbox/" + "e\u0301".encode())
@example(b"//inbox//a//")
def test_a_place_is_a_flat_name_in_a_folder_or_refused(path: bytes) -> None:
    found = _place_or_refusal(path)
    if isinstance(found, Refusal):
        assert found.code in (Status.PERMISSION_DENIED, Status.NO_SUCH_FILE)
        assert found.reason.isprintable()
        return
    if found.name is not None:
        assert found.folder is not None
        assert "/" not in found.name
        assert found.name not in ("", ".", "..")
        assert found.name.isprintable()
        assert len(os.fsencode(found.name)) <= 255
        if found.folder is not Folder.OUTBOX:
            assert unicodedata.is_normalized("NFC", found.name)
            assert len(found.name) <= (120 if is_taken_name(found.name) else 140)
    root = Path("/home/acme")
    assert Path(posixpath.normpath(f"{root}{found}")).is_relative_to(root)
    assert place(str(found).encode()) == found


@given(PATHS)
def test_the_canonical_form_is_absolute_and_stays(path: bytes) -> None:
    try:
        form = canonical(path)
    except Refusal:
        return
    assert form.startswith("/")
    assert not {"..", "."} & set(form.split("/"))
    assert canonical(form.encode()) == form


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"", Place()),
        (b".", Place()),
        (b"/", Place()),
        (b"inbox", Place(Folder.INBOX)),
        (b"/inbox/", Place(Folder.INBOX)),
        (b"./temp/./a b.csv", Place(Folder.TEMP, "a b.csv")),
        (b"outbox/...", Place(Folder.OUTBOX, "...")),
        ("inbox/Zählung |x.idd".encode(), Place(Folder.INBOX, "Zählung |x.idd")),
        (b"inbox/" + b"n" * 120, Place(Folder.INBOX, "n" * 120)),
        (b"outbox/" + b"n" * 200, Place(Folder.OUTBOX, "n" * 200)),
    ],
)
def test_places(path: bytes, expected: Place) -> None:
    assert place(path) == expected


def test_a_folder_is_no_file() -> None:
    assert file_place(b"inbox/a") == FilePlace(Folder.INBOX, "a")
    for path in (b"/", b"inbox"):
        with pytest.raises(Refusal, match="is a folder"):
            file_place(path)


@given(st.text(max_size=400))
def test_what_is_shown_prints_and_is_short(text: str) -> None:
    assert shown(text).isprintable()
    assert len(shown(text)) <= 163
