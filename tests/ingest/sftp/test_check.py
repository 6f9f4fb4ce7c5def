"""The check folder takes files as the inbox does, for dry runs: nothing of it is ever a submission."""

import io

from ingest.sftp.interfaces import SessionKind
from tests.ingest.sftp.front_door import FrontDoor


def test_a_file_in_check_becomes_a_dry_run_and_no_submission(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b"direct"), "check/gcdc_1.csv")
        client.putfo(io.BytesIO(b"renamed"), "temp/gcdc_2.csv")
        client.rename("temp/gcdc_2.csv", "check/gcdc_2.csv")
        client.putfo(io.BytesIO(b"aside"), "check/gcdc_3.csv.part")
        assert client.listdir("check") == ["gcdc_3.csv.part"]
        client.rename("check/gcdc_3.csv.part", "check/gcdc_3.csv")
        assert client.listdir("check") == []
        assert client.stat("check/gcdc_1.csv").st_size == 6
    assert [*map(bytes.decode, dict(front.checked()).values())] == ["direct", "renamed", "aside"]
    assert front.landed() == []
    assert front.kinds().count(SessionKind.TAKEN) == 3


def test_one_name_may_be_uploaded_into_inbox_and_check_at_once(front: FrontDoor) -> None:
    with front.client() as client:
        submitted, checked = client.open("inbox/a.csv", "w"), client.open("check/a.csv", "w")
        submitted.write(b"submitted")
        checked.write(b"checked")
        assert (client.listdir("inbox"), client.listdir("check")) == (["a.csv"], ["a.csv"])
        checked.close()
        assert (client.listdir("inbox"), client.listdir("check")) == (["a.csv"], [])
        submitted.close()
    assert front.checked() == [("a.csv", b"checked")]
    assert front.landed() == [("a.csv", b"submitted")]


def test_an_upload_that_is_cut_off_is_no_dry_run(front: FrontDoor) -> None:
    with front.client() as client:
        file = client.open("check/a.csv", "w")
        file.write(b"half")
    front.await_event(SessionKind.ABANDONED)
    assert front.checked() == front.landed() == []
