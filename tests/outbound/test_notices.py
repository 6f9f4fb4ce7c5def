"""The files of scheduled runs, byte for byte."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from market.fault import Fault
from market.header import Header
from market.season import Season
from outbound.notice import notice
from outbound.season_notice import season_notice

AT = datetime(2026, 11, 10, 8, 0, 2, tzinfo=UTC)
WINTER = Season("WIN", 2026)
VALUES = pl.Schema({"bm_unit_id": pl.String, "generation_capacity": pl.Int64, "demand_capacity": pl.Int64})


def header(file_type: str, role: str) -> Header:
    return Header(file_type, "D", AT, role, "UKDC", "BP", "ACME", 8)


def season_lines(kind: str, *units: tuple[str, int | None, int | None]) -> list[str]:
    rows = pl.DataFrame(units, VALUES, orient="row")
    found = season_notice(header("K0154001", "CR"), kind, "WIN", 2026, WINTER.deadline, rows)
    return found.decode().splitlines()


def test_a_season_notice_names_units_with_their_values_and_the_deadline() -> None:
    first, *records, last = season_lines(
        "D", ("T_DINO-1", 99_500, -2_000), ("T_NEWU-1", None, None), ("T_ZERO-1", 0, 0)
    )
    assert first == "AAA|K0154001|D|20261110080002|CR|UKDC|BP|ACME|8||"
    assert records == [
        "GSN|D|T_DINO-1|WIN|2026|20261117170000|99.5|-2|",
        "GSN|D|T_NEWU-1|WIN|2026|20261117170000|||",
        "GSN|D|T_ZERO-1|WIN|2026|20261117170000|0|0|",
    ]
    assert last.startswith("ZZZ|5|")


def test_a_deadline_in_summer_is_told_in_gmt() -> None:
    rows = pl.DataFrame([("T_DINO-1", 1_000, 0)], VALUES, orient="row")
    autumn = Season("AUT", 2026)
    found = season_notice(header("K0154001", "CR"), "R", autumn.code, 2026, autumn.deadline, rows).decode()
    assert f"|{autumn.deadline:%Y%m%d}160000|" in found


def test_a_kind_that_is_none_is_a_fault_of_ours() -> None:
    with pytest.raises(Fault, match=r"Notice Type is not .* of R, D, C"):
        season_lines("X", ("T_DINO-1", 0, 0))


def test_a_notice_tells_its_rule_its_day_and_its_text() -> None:
    found = pl.DataFrame({"bm_unit_id": ["V__FEXMP001", "V__CEXMP001"], "message": ["one", "other"]})
    file = notice(header("K9002001", "G"), "MON-09", date(2026, 10, 24), found).decode().splitlines()
    assert file[1:-1] == ["NOT|MON-09|20261024|V__FEXMP001||one|", "NOT|MON-09|20261024|V__CEXMP001||other|"]
    periods = found.with_columns(settlement_period=pl.Series([49, None], dtype=pl.Int64))
    file = notice(header("K9002001", "G"), "MON-09", date(2026, 10, 24), periods).decode().splitlines()
    assert file[1:-1] == ["NOT|MON-09|20261024|V__FEXMP001|49|one|", "NOT|MON-09|20261024|V__CEXMP001||other|"]
