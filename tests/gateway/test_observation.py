"""What a monitor is told: numbers that add up, and whether the gateway is well."""

import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.doctor import differences
from gateway.metrics import Metric, metrics, metrics_text
from gateway.observation import SWEPT_SECONDS, Observation, health
from gateway.sample_cases import RunAfter, read_cases
from store.database import reading
from tests.samples.exchange import Exchange

CASES = read_cases()
LABEL = r'[a-z]+="((?:[^"\\\n]|\\["\\n])*)"'
LINE = re.compile(rf"([a-z_]+)(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9.e+-]+)")


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that has received a good file, one with a refused unit and one of no flow."""
    made = Exchange(made_market, tmp_path / "home")
    for account in ("acme", "othr", "ukdc", "volt"):
        made.home.make_account(account)
    for name in ("K0151001/seasonal_accepted", "K0151001/seasonal_with_a_slipped_sign"):
        made.receive(CASES[name])
    made.deliver()
    yield made
    made.close()


def read(text: str) -> dict[tuple[str, str], float]:
    """The values of a text by name and label, as Prometheus's own parser would read it."""
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            match = LINE.fullmatch(line)
            assert match, line
            labels = " ".join(label[1] for label in re.finditer(LABEL, match[2] or ""))
            found[match[1].removeprefix("gridpost_"), labels] = float(match[5])
    return found


def measured(exchange: Exchange) -> dict[tuple[str, str], float]:
    with reading(exchange.engine) as session:
        return read(metrics_text(metrics(session, exchange.home, exchange.now, 1 << 30)))


def test_the_numbers_are_those_of_the_store(exchange: Exchange) -> None:
    found = measured(exchange)
    assert found["submissions", "VALIDATED"] == 2
    assert found["received_today", "K0151001 100"] == 2
    assert found["refused_today", "GCD-01"] == 1
    delivered = len(list(exchange.home.outbox("acme").iterdir()))
    assert found["uncollected", "acme"] == found["answers", "DELIVERED"] == delivered
    assert found["undelivered", ""] == found["faults", ""] == found["landed", ""] == 0
    assert 0 < found["receipt_seconds", "0.5"] <= found["receipt_seconds", "1.0"]
    assert found["report_seconds", "1.0"] >= found["receipt_seconds", "1.0"]
    assert found["gateways_working", ""] == 1
    assert found["disk_reserve_bytes", ""] == 1 << 30
    assert found["deciding_paused", ""] == (found["disk_free_bytes", ""] < 1 << 30)
    assert ("differences", "") not in found


def test_a_day_without_files_counts_none(exchange: Exchange) -> None:
    exchange.now += timedelta(days=1)
    found = measured(exchange)
    assert not [name for name, _ in found if name in ("received_today", "refused_today")]
    assert found["uncollected_oldest_seconds", "acme"] >= 86_400


def test_reconciliation_tells_on_how_much_store_and_disk_disagree(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.checks.reconciliation.SECOND_LOOK", 0)
    exchange._make(RunAfter("reconciliation", exchange.now + timedelta(minutes=1)))
    assert measured(exchange)["differences", ""] == 0
    (exchange.home.archive / "stray").touch()
    assert len(differences(exchange.home, exchange.engine)) == 1
    exchange._make(RunAfter("reconciliation", exchange.now + timedelta(minutes=1)))
    found = measured(exchange)
    assert found["differences", ""] == 1
    assert found["reconciled_at_seconds", ""] == int(exchange.now.timestamp())


def test_a_label_cannot_end_its_line() -> None:
    text = metrics_text([Metric("x", "tells", (({"account": 'a"b\\c\nd'}, 1.5),))])
    assert text == '# HELP gridpost_x tells\n# TYPE gridpost_x gauge\ngridpost_x{account="a\\"b\\\\c\\nd"} 1.5\n'
    assert read(text)["x", 'a\\"b\\\\c\\nd'] == 1.5


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_monitor_asks_over_http(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    with Observation(listening, exchange.office, 0):
        code, text = get(port, "/metrics")
        assert code == 200
        assert read(text)["submissions", "VALIDATED"] == 2
        code, text = get(port, "/health")
        assert (code, json.loads(text)) == (200, {"gateway": "test", "working": True, "well": True, "wrong": []})
        assert get(port, "/etc/passwd") == (404, "there are /metrics and /health\n")
        exchange.office.swept = time.monotonic() - SWEPT_SECONDS - 1
        assert get(port, "/health")[0] == 503
        monkeypatch.setattr("gateway.observation.KEPT_SECONDS", -1)
        monkeypatch.setattr("gateway.observation.metrics", lambda *_: 1 / 0)
        assert get(port, "/metrics") == (503, "the store cannot be asked now\n")
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port))


def test_what_is_wrong_is_told_with_both_numbers(exchange: Exchange) -> None:
    assert health(exchange.office, 0)["wrong"] == []
    (full,) = health(exchange.office, 1 << 60)["wrong"]
    assert re.fullmatch(
        rf"[\d,]+ bytes are free, the reserve is {1 << 60:,}: uploads are refused and nothing new is decided", full
    )
    exchange.office.swept = time.monotonic() - SWEPT_SECONDS - 1
    (silent,) = health(exchange.office, 0)["wrong"]
    assert silent.startswith("the landing was last looked at 6")
    exchange.office.release()
    found = health(exchange.office, 0)
    assert (found["working"], found["wrong"]) == (False, [])


def test_a_store_that_cannot_be_reached_is_told(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("gateway.observation.reading", unreachable)
    assert health(exchange.office, 0)["wrong"] == ["the store cannot be reached: OSError"]
