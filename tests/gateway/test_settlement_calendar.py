from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.sample_cases import Case
from gateway.settlement_calendar import load
from outbound.writer import sealed
from store import policy, reference
from store.database import reading, writing
from store.refused import RefusedError
from tests.samples.exchange import Exchange

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
HEAD = "AAA|S0161001|D|20261101090000|SA|UKDC|CR|UKDC|1||\nPUB|20261101090000|\n"
TIMES = "20261112|20261120|20261124|29|29|12|8|5"


def row(day: str, run: str, sva_run: str, times: str = TIMES) -> str:
    return f"SCD|{day}|{run}|20261101|{sva_run}|{times.split('|', 1)[0]}|{times.split('|', 1)[1]}|\n"


def loaded(store: Engine, tmp_path: Path, *rows: str) -> None:
    path = tmp_path / "SA000000000001"
    path.write_bytes(sealed((HEAD + "".join(rows)).encode()))
    with writing(store) as session:
        policy.load(session, POLICY, at=NOW, actor="test")
        load(session, path, at=NOW, actor="test")


def known(store: Engine) -> list[tuple[object, ...]]:
    with reading(store) as session:
        frame = reference.frames(session, ["settlement_calendar"])["settlement_calendar"]
    return frame.select("settlement_date", "settlement_run_type", "sva_run_date", "notification_date").rows()


def test_a_calendar_is_loaded_and_a_later_one_corrects_the_runs_that_it_names(store: Engine, tmp_path: Path) -> None:
    loaded(store, tmp_path, row("20261025", "SF", "20261104"), row("20261025", "R1", ""))
    notified = date(2026, 11, 20)
    first = (date(2026, 10, 25), "SF", date(2026, 11, 4), notified)
    assert sorted(map(str, known(store))) == sorted(map(str, [first, (date(2026, 10, 25), "R1", None, notified)]))
    loaded(store, tmp_path, row("20261025", "R1", "20270104"))
    assert set(known(store)) == {first, (date(2026, 10, 25), "R1", date(2027, 1, 4), notified)}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ((row("20261025", "XX", "20261104"),), "FLD-08"),
        ((row("20261025", "SF", "20261104"),) * 2, "stand on an earlier line"),
        (("SCD|20261025|\n",), "STR-02"),
    ],
)
def test_a_calendar_that_is_not_whole_changes_nothing(
    store: Engine, tmp_path: Path, rows: tuple[str, ...], why: str
) -> None:
    with pytest.raises(RefusedError, match=why):
        loaded(store, tmp_path, *rows)
    assert known(store) == []


def test_another_flow_is_no_calendar(store: Engine, tmp_path: Path) -> None:
    path = tmp_path / "BP000000000001"
    path.write_bytes(sealed(b"AAA|K0151001|D|20261101090000|BP|ACME|CR|UKDC|1||\nGCH|S|WIN|2026|Ann Archer|\n"
                            b"GCV|T_DINO-1|20261201|100|-2|||\n"))  # fmt: skip
    with writing(store) as session:
        policy.load(session, POLICY, at=NOW, actor="test")
        with pytest.raises(RefusedError, match="is no S0161001"):
            load(session, path, at=NOW, actor="test")


def test_a_calendar_comes_from_the_central_systems_over_sftp(made_market: Path, exchange_root: Path) -> None:
    exchange = Exchange(made_market, exchange_root)
    before = len(known(exchange.engine))
    for number, (flag, known_then) in enumerate((("TR01", before), ("", before + 1)), 1):
        head = f"AAA|S0161001|D|20261102092000|SA|UKDC|CR|UKDC|1|{flag}|\nPUB|20261101090000|\n"
        rows = row("20261025", "SF", "20261104") + row("20261025", "XX", "20261104")
        case = Case(
            name=f"S0161001/{number}",
            shows="",
            party_id="UKDC",
            file_name=f"SA{number:012d}",
            received_at=NOW + timedelta(minutes=number),
            before=(),
            receipt=100,
            rules=(),
            content=sealed((head + rows).encode()),
            answers={},
        )
        answers = exchange.receive(case)
        assert b"|PARTIAL|2|1|1|0|" in answers[f"{case.file_name}.VAL"]
        assert len(known(exchange.engine)) == known_then
    exchange.close()
