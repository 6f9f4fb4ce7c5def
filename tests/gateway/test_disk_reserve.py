"""Below the disk's reserve nothing new is decided; it goes on by itself when there is space again."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway.tenure
from gateway.office import Office
from gateway.sample_cases import read_cases
from gateway.tenure import Tenure
from ingest.landing import waiting
from ingest.sftp.limits import Limits
from market.disk import Space, space
from store import submissions
from store.database import reading
from store.states import SubmissionState
from tests.exchange.gateway_process import ThreadWorkers
from tests.exchange.running import eventually
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

CASE = read_cases()["K0151001/seasonal_accepted"]
MORE_THAN_ANY_DISK = 1 << 60
SHORT = "the reserve is 1,152,921,504,606,846,976: uploads are refused and nothing new is decided"


@pytest.fixture
def office(made_market: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Of a gateway in whose landing a file lies, and another among its dry runs."""
    monkeypatch.setattr(gateway.tenure, "SWEEP_SECONDS", 0.05)
    made = Exchange(made_market, tmp_path / "home")
    made.now = CASE.received_at
    for folder in (made.home.landing, made.home.dry_runs):
        path = folder / made._landing_name(CASE)
        path.parent.mkdir(parents=True)
        path.write_bytes(CASE.content)
    yield made.office
    made.close()


def states(office: Office) -> list[SubmissionState]:
    with reading(office.engine) as session:
        return [one.state for one in submissions.find(session)]


def await_sweeps(office: Office) -> None:
    """Two whole looks at the landing from now on, each with one at what is undecided."""
    begun = time.monotonic()
    seen: set[float] = set()

    def looked() -> bool:
        seen.add(office.swept or 0.0)
        return sum(at > begun for at in seen) >= 2

    eventually(looked)


def answers(office: Office) -> list[str]:
    return sorted(path.name for path in office.home.outbox("acme").iterdir())


def test_deciding_pauses_below_the_reserve_and_goes_on_by_itself(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    office.disk_reserve = MORE_THAN_ANY_DISK
    with Tenure(office, ThreadWorkers(), []):  # type: ignore[arg-type]
        eventually(lambda: states(office) == [SubmissionState.RECEIVED])
        await_sweeps(office)
        assert states(office) == [SubmissionState.RECEIVED]
        assert answers(office) == []
        assert len(waiting(office.home.landing)) == len(waiting(office.home.dry_runs)) == 1
        office.disk_reserve = 0
        eventually(lambda: len(answers(office)) == 5)
        assert states(office) == [SubmissionState.VALIDATED]
    told = [record.getMessage() for record in caplog.records if record.name == "gateway.dispatch"]
    assert [text.partition(", ")[2] for text in told if "reserve" in text] == [SHORT]


def test_what_has_the_space_is_decided(office: Office) -> None:
    office.disk_reserve = space(office.home.root, 0).free // 2
    with Tenure(office, ThreadWorkers(), []):  # type: ignore[arg-type]
        eventually(lambda: len(answers(office)) == 5)
    assert states(office) == [SubmissionState.VALIDATED]


def test_the_operator_is_told_with_both_numbers(
    gridpost: Gridpost, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_home = ("--home", market)
    monkeypatch.setattr("ingest.sftp.limits.Limits", lambda: Limits(disk_reserve=1))
    assert gridpost(*at_home, "doctor").code == 0
    assert "bytes are free, the reserve is 1\n" in gridpost(*at_home, "status").out
    assert not gridpost(*at_home, "status", "--format", "json").json["disk"]["deciding_paused"]
    monkeypatch.setattr("ingest.sftp.limits.Limits", lambda: Limits(disk_reserve=MORE_THAN_ANY_DISK))
    assert SHORT in gridpost(*at_home, "status").out
    disk = gridpost(*at_home, "status", "--format", "json").json["disk"]
    assert (disk["reserve"], disk["deciding_paused"]) == (MORE_THAN_ANY_DISK, True)
    done = gridpost(*at_home, "doctor")
    assert (done.code, SHORT in done.out) == (1, True)


def test_what_is_free_just_suffices() -> None:
    assert str(Space(1_000, 1_000)) == "1,000 bytes are free, the reserve is 1,000"
    assert str(Space(999, 1_000)).startswith("999 bytes are free, the reserve is 1,000: uploads are refused")
