from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lines import index_lines
from ingest.structure import structure_of
from market.fault import Fault
from market.header import Header
from market.layout import layout
from market.settlement_period import periods_in_day
from outbound.expected_volume_report import expected_volume_report

HEADER = Header("P0333002", "D", datetime(2026, 10, 30, 6, tzinfo=UTC), "G", "UKDC", "VP", "FLEX", 3)
DAY, SPRING, AUTUMN = date(2026, 9, 15), date(2026, 3, 29), date(2026, 10, 25)
Frames = dict[str, pl.DataFrame]
Row = dict[str, Any]

UNIT: Row = {"bm_unit_id": "V__FFLEX001"}
MSID: Row = {"import_msid": 1_200_012_345_679}
OTHER_MSID: Row = {"import_msid": 1_200_012_345_688}
AMSID: Row = {"import_amsid": 8_000_000_000_017}
OTHER_AMSID: Row = {"import_amsid": 8_000_000_000_026}
SITE: Row = {"site_id": 1_234_567}


def periods(day: date, volume: int, **named: Any) -> pl.DataFrame:
    """Every period of a day, from the last to the first, with the same baseline."""
    rows = [{**named, "settlement_period_id": n, "baselined_volume": volume} for n in range(periods_in_day(day), 0, -1)]
    return pl.DataFrame(rows)


def bm_unit(day: date = DAY, **named: Any) -> pl.DataFrame:
    """The periods of a BM Unit: 0.5 MWh submitted in CVA sign, 1 MWh baselined in SVA sign."""
    volumes = {
        "submitted_expected_volume": 5_000, "baselined_expected_volume": 10_000,
        "settlement_expected_volume": -5_000, "bm_unit_deviation_volume": None,
    }  # fmt: skip
    frame = periods(day, 0, **{**UNIT, **named}).with_columns(pl.lit(v, pl.Int64).alias(c) for c, v in volumes.items())
    return frame.drop("baselined_volume")


def pair(**items: Any) -> pl.DataFrame:
    row = {**UNIT, **items}
    status = row.pop("status", "T")
    schema = {"export_msid": pl.Int64, "export_amsid": pl.Int64}
    missing = [pl.lit(row.pop(column, None), dtype).alias(column) for column, dtype in schema.items()]
    names = ("msid_pair_baseline_calculation_status", "amsid_pair_baseline_calculation_status")
    statuses = dict.fromkeys((*names, "site_baseline_calculation_status"), status)
    indicators = [f"{kind}_baseline_indicator" for kind in ("msid_pair", "amsid_pair", "site")]
    return pl.DataFrame([{**row, **statuses, **dict.fromkeys(indicators, "B")}]).with_columns(missing)


def lines(day: date, frames: Frames, run_type: str = "SF") -> list[str]:
    """The body of a report, which its structure must fit."""
    file = expected_volume_report(HEADER, day, run_type, frames)
    assert file is not None
    index = index_lines(file)
    assert structure_of(index, layout("P0333002"), 10).places == ()
    return file.decode().splitlines()[1:-1]


def first_periods(body: list[str]) -> list[str]:
    """The lines but those of periods other than the first."""
    of_periods = {record.type for record in layout("P0333002").records if record.occurs == "46-50"}
    return [line for line in body if line[:3] not in of_periods or line.split("|")[1] == "1"]


def test_a_report_of_every_branch() -> None:
    frames = {
        "DMP": periods(DAY, -7, **UNIT, **SITE, **MSID),
        "BBP": bm_unit(),
        "BTM": pair(**MSID, export_msid=1_200_012_345_697),
        "TMP": periods(DAY, 1, **UNIT, **MSID),
        "BAA": pair(**AMSID, status="F"),
        "AAP": periods(DAY, 2, **UNIT, **AMSID),
        "BAM": pl.concat([pair(**AMSID, **OTHER_MSID), pair(**AMSID, **MSID)]),
        "AMP": pl.concat([periods(DAY, n, **UNIT, **AMSID, **m) for n, m in ((4, OTHER_MSID), (3, MSID))]),
        "BDS": pair(**SITE),
        "BDP": periods(DAY, 50_000, **UNIT, **SITE),
        "BDA": pair(**SITE, **OTHER_AMSID),
        "DAP": periods(DAY, 60_000, **UNIT, **SITE, **OTHER_AMSID),
        "BDM": pair(**SITE, **MSID),
    }
    body = lines(DAY, frames)
    assert first_periods(body) == [
        "BBH|20260915|SF|",
        "BBB|V__FFLEX001|",
        "BBP|1|0.5|1|-0.5||",
        "BTM|T|B|BL01|1200012345679|1200012345697|T|",
        "TMP|1|0.0001|",
        "BAA|A|B|BL01|8000000000017||F|",
        "AAP|1|0.0002|",
        "BAM|1200012345679||T|",
        "AMP|1|0.0003|",
        "BAM|1200012345688||T|",
        "AMP|1|0.0004|",
        "BDS|D|B|BL01|1234567|T|",
        "BDP|1|5|",
        "BDA|8000000000026||T|",
        "DAP|1|6|",
        "BDM|1200012345679||T|",
        "DMP|1|-0.0007|",
    ]
    assert len(body) == 9 + 8 * 48


@pytest.mark.parametrize(("day", "last"), [(DAY, 48), (SPRING, 46), (AUTUMN, 50)])
def test_periods_stand_in_order_and_absent_branches_are_left_out(day: date, last: int) -> None:
    body = lines(day, {"BBP": bm_unit(day), "BTM": pair(**MSID).clear()})
    assert body[:2] == [f"BBH|{day:%Y%m%d}|SF|", "BBB|V__FFLEX001|"]
    assert [line.split("|")[:2] for line in body[2:]] == [["BBP", str(n)] for n in range(1, last + 1)]


def test_a_volume_that_is_not_there_is_empty() -> None:
    none = bm_unit().with_columns(pl.lit(None, pl.Int64).alias("submitted_expected_volume"))
    assert lines(DAY, {"BBP": none})[2] == "BBP|1||1|-0.5||"


def test_a_pair_without_a_volume_is_a_fault() -> None:
    frames = {"BBP": bm_unit(), "BTM": pair(**MSID, status="F"), "TMP": periods(DAY, 0, **UNIT, **MSID)}
    assert first_periods(lines(DAY, frames))[3:] == ["BTM|T|B|BL01|1200012345679||F|", "TMP|1|0|"]
    none = frames["TMP"].with_columns(pl.lit(None, pl.Int64).alias("baselined_volume"))
    with pytest.raises(Fault, match="TMP: a value of Baselined Volume"):
        lines(DAY, {**frames, "TMP": none})


def test_bm_units_and_pairs_stand_in_the_order_of_their_ids() -> None:
    other: Row = {"bm_unit_id": "C__AFLEX001"}
    frames = {
        "BBP": pl.concat([bm_unit(), bm_unit(**other)]),
        "BTM": pl.concat([pair(**other, **m) for m in (OTHER_MSID, MSID)]),
        "TMP": pl.concat([periods(DAY, 0, **other, **m) for m in (OTHER_MSID, MSID)]),
    }
    assert [line for line in lines(DAY, frames) if line[:3] in ("BBB", "BTM")] == [
        "BBB|C__AFLEX001|",
        "BTM|T|B|BL01|1200012345679||T|",
        "BTM|T|B|BL01|1200012345688||T|",
        "BBB|V__FFLEX001|",
    ]


def test_no_bm_unit_is_no_report() -> None:
    assert expected_volume_report(HEADER, DAY, "SF", {}) is None
    assert expected_volume_report(HEADER, DAY, "SF", {"BBP": bm_unit().clear()}) is None


TMP = {"TMP": periods(DAY, 1, **UNIT, **MSID)}


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ({"BBP": bm_unit(AUTUMN)}, "BBP: 50 periods below 1 BBB, 2026-09-15 has 1 to 48 for each"),
        ({"BBP": bm_unit().head(47)}, "BBP: 47 periods below 1 BBB"),
        ({"BBP": pl.concat([bm_unit(), bm_unit().head(1)])}, "BBP: bm_unit_id, settlement_period_id stand twice"),
        ({"BTM": pair(**MSID), **TMP}, "BTM: a record has no BBB above it"),
        ({"BBP": bm_unit(), **TMP}, "TMP: a record has no BTM above it"),
        ({"BBP": bm_unit(), "BTM": pair(**MSID)}, "BTM: a record has no TMP below it"),
        (
            {"BBP": bm_unit(), "BAA": pair(**AMSID), "AAP": periods(DAY, 1, **UNIT, **AMSID)},
            "BAA: a record has no BAM below it",
        ),
    ],
)
def test_a_report_that_its_layout_does_not_have_is_a_fault(frames: Frames, message: str) -> None:
    with pytest.raises(Fault, match=message):
        expected_volume_report(HEADER, DAY, "SF", frames)
    assert lines(DAY, {"BBP": bm_unit(), "BTM": pair(**MSID), **TMP})


def test_a_run_type_that_the_market_does_not_have_is_a_fault() -> None:
    with pytest.raises(Fault, match="Settlement Run Type"):
        expected_volume_report(HEADER, DAY, "S1", {"BBP": bm_unit()})
    assert lines(DAY, {"BBP": bm_unit()}, "DF")[0] == "BBH|20260915|DF|"


@settings(max_examples=20, deadline=None)
@given(
    day=st.sampled_from([DAY, SPRING, AUTUMN]),
    msids=st.dictionaries(st.sampled_from(["V__B", "V__A", "C__A"]), st.sets(st.integers(1, 10**13 - 1), max_size=3)),
)
def test_any_units_and_pairs_make_a_file_of_its_structure(day: date, msids: dict[str, set[int]]) -> None:
    pairs: list[Row] = [{"bm_unit_id": unit, "import_msid": msid} for unit, ids in msids.items() for msid in ids]
    frames: Frames = {}
    if msids:
        frames["BBP"] = pl.concat([bm_unit(day, bm_unit_id=unit) for unit in msids])
    if pairs:
        frames["BTM"] = pl.concat([pair(**one) for one in pairs])
        frames["TMP"] = pl.concat([periods(day, 0, **one) for one in pairs])
    if not msids:
        assert expected_volume_report(HEADER, day, "SF", frames) is None
        return
    body = lines(day, frames)
    assert len(body) == 1 + (len(msids) + len(pairs)) * (1 + periods_in_day(day))
    heads = [line.split("|") for line in body if line[:3] in ("BBB", "BTM")]
    told = [int(items[4]) for items in heads if items[0] == "BTM"]
    assert told == [msid for unit in sorted(msids) for msid in sorted(msids[unit])]
    assert [items[1] for items in heads if items[0] == "BBB"] == sorted(msids)
