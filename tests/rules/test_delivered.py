"""Volumes delivered at pairs of Secondary BM Units (P0282002)."""

from datetime import UTC, date, datetime
from itertools import chain

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from market.reference import BASELINING_DETAILS
from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, References, judged, lines_broken, references

HEAD = "MSB|_C|\nMSC|V__CEXMP001|\n"
PAIR = "MSJ|1200012345679|1200023305967|\n"


def delivered(
    body: str,
    day: str = "20261030",
    sender: str = "VOLT",
    received_at: datetime = RECEIVED_AT,
    known: References | None = None,
    slice_records: int = 250_000,
) -> Judgement:
    return judged(
        f"MSA|{day}|\n{body}",
        flow="P0282002",
        sender=sender,
        received_at=received_at,
        known=known,
        slice_records=slice_records,
    )


def periods(*numbers: int, record: str = "MSP") -> str:
    return "\n".join(f"{record}|{number}|0.5|" for number in numbers)


def messages(judgement: Judgement) -> list[str]:
    return judgement.breaches["message"].to_list()


def outcomes(judgement: Judgement) -> list[tuple[str, str]]:
    return judgement.units.select("key", "outcome").rows()


def test_a_unit_is_a_pair_and_period() -> None:
    judgement = delivered(HEAD + PAIR + "MSP|1|0.5|\nMSP|2|-1.25|\nMSJ|1200000000100||\nASJ|9000000000011||\nASP|2|3|")
    assert judgement.outcome == "ACCEPTED", messages(judgement)
    assert outcomes(judgement) == [("1200012345679 1", "A"), ("1200012345679 2", "A"), ("9000000000011 2", "A")]
    assert judgement.units["line"].to_list() == [6, 7, 10]
    told = (date(2026, 10, 30), "_C", "V__CEXMP001")
    assert judgement.effect.drop("key").rows() == [
        (6, *told, "T", 1200012345679, 1200023305967, None, None, 1, 5_000, "A"),
        (7, *told, "T", 1200012345679, 1200023305967, None, None, 2, -12_500, "A"),
        (10, *told, "A", 1200000000100, None, 9000000000011, None, 2, 30_000, "A"),
    ]


def test_a_pair_may_have_periods_of_its_own_and_amsids() -> None:
    judgement = delivered(
        HEAD + "MSJ|1200000000100||\nMSP|1|1|\nASJ|9000000000011|9000000000012|\nASP|1|0.5|\nASP|2|0.5|"
    )
    assert judgement.outcome == "ACCEPTED", messages(judgement)
    assert [key for key, _ in outcomes(judgement)] == ["1200000000100 1", "9000000000011 1", "9000000000011 2"]


def test_a_breach_of_a_period_refuses_that_period_alone() -> None:
    judgement = delivered(HEAD + PAIR + "MSP|1|0.5|\nMSP|2|x|\nMSP|x|1|\nMSP|3|1|")
    assert outcomes(judgement) == [
        ("1200012345679 1", "A"),
        ("1200012345679 2", "R"),
        ("line 8", "R"),
        ("1200012345679 3", "A"),
    ]
    assert judgement.effect["line"].to_list() == [6, 9]
    refused = judgement.refused.row(0, named=True)
    assert (refused["settlement_period_id"], refused["delivered_volume"]) == (2, None)


def test_a_breach_of_a_pair_falls_on_all_below_it_and_on_nothing_beside() -> None:
    asset = "MSJ|1200000000100||\nASJ|{}||\nASP|1|1|\nASJ|9000000000021||\nASP|1|1|"
    refused = delivered(HEAD + PAIR + "MSP|1|0.5|\n" + asset.format("9000000000019"))
    assert lines_broken(refused, "DLV-02") == [8]
    assert outcomes(refused) == [("1200012345679 1", "A"), ("9000000000019 1", "R"), ("9000000000021 1", "W")]
    above = delivered(HEAD + "MSJ|1200000000208||\nMSP|1|1|\nASJ|9000000000011||\nASP|1|1|\n" + PAIR + "MSP|1|1|")
    assert above.counts == {"IDN-05": 1}
    assert [outcome for _, outcome in outcomes(above)] == ["R", "R", "A"]


def test_a_breach_of_a_bm_unit_falls_on_all_of_its_pairs() -> None:
    judgement = delivered(
        "MSB|_C|\nMSC|V__NOSUCH01|\n" + PAIR + "MSP|1|1|\nMSC|V__CEXMP001|\nMSJ|1300000000104||\nMSP|1|1|"
    )
    assert [outcome for _, outcome in outcomes(judgement)] == ["R", "W"]
    assert judgement.counts == {"IDN-01": 1, "IDN-06": 1}


def test_a_row_of_a_pair_that_cannot_be_read_is_named_by_its_line() -> None:
    judgement = delivered(HEAD + "MSJ|x||\nMSP|1|1|\nMSP|2|1|\nMSJ|y||")
    assert outcomes(judgement) == [("line 6", "R"), ("line 7", "R"), ("line 8", "R")]
    assert judgement.counts == {"FLD-03": 2}


@pytest.mark.parametrize(
    ("received_at", "day", "broken"),
    [
        (datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), "20261025", True),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), "20261025", False),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), "20261024", False),
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), "20261024", True),
        (datetime(2027, 3, 28, 22, 59, 59, tzinfo=UTC), "20270328", True),
        (datetime(2027, 3, 28, 23, 0, tzinfo=UTC), "20270328", False),
        (RECEIVED_AT, "99991231", True),
    ],
)
def test_the_settlement_date_is_a_london_day_that_is_past(received_at: datetime, day: str, broken: bool) -> None:
    judgement = delivered(HEAD + PAIR + "MSP|1|1|", day, received_at=received_at)
    assert judgement.counts == ({"DLV-01": 1} if broken else {})


@pytest.mark.parametrize(
    ("received_at", "day", "warned"),
    [
        (RECEIVED_AT, "20261029", True),
        (RECEIVED_AT, "20261030", False),
        (RECEIVED_AT, "20261101", False),
        (datetime(2026, 11, 3, 0, 0, tzinfo=UTC), "20261101", True),
        (datetime(2026, 10, 26, 23, 59, 59, tzinfo=UTC), "20261023", False),
        (datetime(2026, 10, 27, 0, 0, tzinfo=UTC), "20261023", True),
        (datetime(2026, 12, 29, 12, 0, tzinfo=UTC), "20261224", False),
        (datetime(2026, 12, 30, 12, 0, tzinfo=UTC), "20261224", True),
    ],
)
def test_volumes_come_within_a_working_day(received_at: datetime, day: str, warned: bool) -> None:
    judgement = delivered(HEAD + PAIR + "MSP|1|1|\nMSP|2|1|", day, received_at=received_at)
    assert judgement.counts == ({"DLV-06": 1} if warned else {})
    assert {outcome for _, outcome in outcomes(judgement)} == ({"W"} if warned else {"A"})


def test_a_date_before_the_market_is_no_fault() -> None:
    assert delivered(HEAD + PAIR + "MSP|1|1|", "00010101").counts == {"IDN-01": 1, "IDN-06": 2}


@pytest.mark.parametrize(("day", "last"), [("20261025", 50), ("20261024", 48), ("20260927", 48), ("20270328", 46)])
def test_periods_exist_on_the_date(day: str, last: int) -> None:
    received_at = datetime(2027, 3, 30, 12, 0, tzinfo=UTC)
    judgement = delivered(HEAD + PAIR + periods(*range(1, 51)), day, received_at=received_at)
    assert lines_broken(judgement, "DLV-03") == list(range(5 + last + 1, 56))
    assert judgement.units_with("R") == 50 - last
    if last < 50:
        assert f"Settlement Period {last + 1} does not exist on {day}, which has periods 1 to {last}" in messages(
            judgement
        )
    assert lines_broken(delivered(HEAD + PAIR + periods(0, 1)), "DLV-03") == [6]
    assert lines_broken(delivered(HEAD + PAIR + periods(1)), "DLV-03") == []


def test_a_period_stands_once_for_a_pair() -> None:
    judgement = delivered(HEAD + PAIR + periods(1, 2, 1))
    assert lines_broken(judgement, "DLV-03") == [6, 8]
    assert outcomes(judgement) == [("1200012345679 1", "R"), ("1200012345679 2", "A"), ("1200012345679 1", "R")]
    beside = HEAD + PAIR + periods(1) + "\nMSJ|1300000000104||\n" + periods(1)
    assert "DLV-03" not in delivered(beside).counts


def test_a_period_stands_once_for_an_amsid_pair() -> None:
    head = HEAD + "MSJ|1200000000100||\n"
    assets = ["ASJ|9000000000011||\n" + periods(1, 2, record="ASP"), "ASJ|9000000000021||\n" + periods(1, record="ASP")]
    assert "DLV-03" not in delivered(head + periods(1) + "\n" + "\n".join(assets)).counts
    assert lines_broken(delivered(head + assets[0] + "\nASP|2|1|\n" + assets[1]), "DLV-03") == [8, 9]
    assert lines_broken(delivered(head + assets[0] + "\nASP|49|1|"), "DLV-03") == [9]


def test_a_pair_stands_once_for_a_bm_unit_wherever_it_stands() -> None:
    twice = HEAD + PAIR + "MSP|1|1|\nMSJ|1300000000104||\nMSP|1|1|\nMSC|V__CEXMP001|\n" + PAIR + "MSP|2|1|"
    judgement = delivered(twice)
    assert lines_broken(judgement, "DLV-03") == [5, 10]
    assert "MSID Pair 1200012345679 stands 2 times for V__CEXMP001" in messages(judgement)
    assert [outcome for _, outcome in outcomes(judgement)] == ["R", "W", "R"]
    other = HEAD + PAIR + "MSP|1|1|\nMSB|_F|\nMSC|V__FEXMP001|\n" + PAIR + "MSP|1|1|"
    assert "DLV-03" not in delivered(other).counts
    asset = "MSJ|{}||\nASJ|9000000000011||\nASP|1|1|\n"
    body = HEAD + asset.format(1200000000100) + asset.format(1300000000104).strip()
    assert lines_broken(delivered(body), "DLV-03") == [6, 9]


def test_a_pair_with_neither_periods_nor_amsids_is_refused() -> None:
    judgement = delivered(HEAD + "MSJ|1200000000030||\n" + PAIR + "MSP|1|1|\nMSJ|1200000000100||")
    assert outcomes(judgement) == [("1200000000030", "R"), ("1200012345679 1", "A"), ("1200000000100", "R")]
    assert judgement.counts == {"DLV-04": 2, "DLV-05": 1}
    assert judgement.refused["reason"].to_list() == [
        f"DLV-04 MSID Pair {pair} has neither periods nor AMSID records" for pair in (1200000000030, 1200000000100)
    ]
    assert delivered(HEAD + "MSJ|1200000000100||\nASJ|9000000000011||\nASP|1|1|").counts == {}


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ("MSJ|1200012345679||", None),
        ("MSJ|1200012345679|1200023305967|", None),
        (
            "MSJ|1200012345679|1200000000304|",
            "Export MSID is 1200000000304, that of MSID Pair 1200012345679 is 1200023305967",
        ),
        (
            "MSJ|1200000000100|1200000000304|",
            "Export MSID is 1200000000304, that of MSID Pair 1200000000100 is none",
        ),
        ("MSJ|1200000000304||", "MSID Pair 1200000000304 is not allocated to V__CEXMP001 on 20261030"),
        ("MSJ|1200000000401||", "MSID Pair 1200000000401 is not allocated to V__CEXMP001 on 20261030"),
    ],
)
def test_a_pair_is_the_bm_units_on_the_date(pair: str, told: str | None) -> None:
    judgement = delivered(HEAD + pair + "\nMSP|1|1|")
    assert judgement.counts == ({} if told is None else {"DLV-02": 1})
    assert messages(judgement) == ([] if told is None else [told])


def test_an_allocation_holds_from_its_first_day() -> None:
    late = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
    assert delivered(HEAD + "MSJ|1200000000401||\nMSP|1|1|", "20261116", received_at=late).counts == {}


def test_an_amsid_pair_is_the_bm_units_on_the_date() -> None:
    body = HEAD + "MSJ|1200000000100||\nASJ|{}|\nASP|1|1|"
    assert delivered(body.format("9000000000011|9000000000012")).counts == {}
    assert messages(delivered(body.format("9000000000011|9000000000019"))) == [
        "Export AMSID is 9000000000019, that of AMSID Pair 9000000000011 is 9000000000012"
    ]
    assert messages(delivered(body.format("1200000000100|"))) == [
        "AMSID Pair 1200000000100 is not allocated to V__CEXMP001 on 20261030"
    ]


def test_an_answer_does_not_say_what_the_units_of_others_have_in_them() -> None:
    for pair in ("1200012345679", "1200000000030", "1200000000401"):
        assert delivered(HEAD + f"MSJ|{pair}||\nMSP|1|1|", sender="OTHR").counts == {"IDN-02": 1}


def changed(*changes: tuple[str, date, int]) -> References:
    """The market with changes of how MSID Pair 1200012345679 is baselined: indicator, first day, hour of receipt."""
    rows = [
        (
            "V__CEXMP001",
            "T",
            "1200012345679",
            None,
            day,
            indicator,
            None,
            datetime(2026, 9, 1, hour, tzinfo=UTC),
            "B",
            2,
        )
        for indicator, day, hour in changes
    ]
    return {**references(), "baselining_details": pl.DataFrame(rows, BASELINING_DETAILS, orient="row")}


def test_a_pair_that_central_systems_calculate_is_told() -> None:
    judgement = delivered(HEAD + "MSJ|1200000000030||\nMSP|1|1|\n" + PAIR + "MSP|1|1|")
    assert outcomes(judgement) == [("1200000000030 1", "W"), ("1200012345679 1", "A")]
    assert messages(judgement) == [
        "MSID Pair 1200000000030 in V__CEXMP001 is baselined (B) on 20261030: central systems calculate its volumes"
    ]
    assets = "MSJ|1200000000100||\nASJ|9000000000011||\nASP|1|1|\nASJ|9000000000021||\nASP|1|1|"
    assert lines_broken(delivered(HEAD + assets), "DLV-05") == [8]
    differencing = "MSJ|1200000000100||\nMSP|1|1|\nASJ|9000000000031||\nASP|1|1|"
    assert delivered(HEAD + differencing).counts == {}


@pytest.mark.parametrize(
    ("changes", "warned"),
    [
        ((("B", date(2026, 10, 30), 1),), True),
        ((("B", date(2026, 10, 31), 1),), False),
        ((("B", date(2026, 10, 1), 1), ("S", date(2026, 10, 20), 1)), False),
        ((("S", date(2026, 10, 1), 1), ("B", date(2026, 10, 20), 1)), True),
        ((("B", date(2026, 10, 1), 1), ("I", date(2026, 10, 1), 2)), False),
        ((("I", date(2026, 10, 1), 1), ("B", date(2026, 10, 1), 2)), True),
    ],
)
def test_an_accepted_change_tells_how_a_pair_is_baselined(
    changes: tuple[tuple[str, date, int], ...], warned: bool
) -> None:
    judgement = delivered(HEAD + PAIR + "MSP|1|1|", known=changed(*changes))
    assert judgement.counts == ({"DLV-05": 1} if warned else {})


msids = st.sampled_from(["1200012345679", "1200000000030", "1200000000100", "1200000000208", "x", "1200000000207"])
amsids = st.sampled_from(["9000000000011", "9000000000021", "9000000000019", "y"])
rows = st.sampled_from(["1|0.5", "2|-1", "48|2", "49|1", "x|1", "3|0.12345"])


@st.composite
def pair_bodies(draw: st.DrawFn) -> str:
    lines = [f"MSJ|{draw(msids)}||", *(f"MSP|{row}|" for row in draw(st.lists(rows, max_size=3)))]
    for amsid in draw(st.lists(amsids, max_size=2)):
        lines += [f"ASJ|{amsid}||", *(f"ASP|{row}|" for row in draw(st.lists(rows, min_size=1, max_size=3)))]
    return "\n".join(lines)


@st.composite
def bodies(draw: st.DrawFn) -> str:
    units = draw(st.lists(st.sampled_from(["V__CEXMP001", "V__NOSUCH01", "V__FEXMP001"]), min_size=1, max_size=3))
    groups = [draw(st.sampled_from(["_C", "_F", "_I"])) for _ in units]
    pairs = [draw(st.lists(pair_bodies(), min_size=1, max_size=4)) for _ in units]
    return "\n".join(
        chain.from_iterable(
            [f"MSB|{group}|", f"MSC|{unit}|", *below] for unit, group, below in zip(units, groups, pairs, strict=True)
        )
    )


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(bodies())
def test_every_period_is_a_unit_and_no_verdict_depends_on_the_slices(body: str) -> None:
    whole = delivered(body)
    lines = body.split("\n")
    alone = [
        place
        for place, line in enumerate(lines)
        if line.startswith("MSJ") and not (lines[place + 1 : place + 2] or ["MSB"])[0].startswith(("MSP", "ASJ"))
    ]
    own = [place for place, line in enumerate(lines) if line.startswith(("MSP", "ASP"))]
    assert whole.units["line"].to_list() == [place + 3 for place in sorted(own + alone)]
    assert whole.effect.height + whole.refused.height == whole.units.height
    for slice_records in (1, 5):
        sliced = delivered(body, slice_records=slice_records)
        assert (sliced.outcome, sliced.counts) == (whole.outcome, whole.counts)
        assert_frame_equal(sliced.units, whole.units)
        assert_frame_equal(sliced.breaches, whole.breaches)
        assert_frame_equal(sliced.effect, whole.effect)
        assert_frame_equal(sliced.refused, whole.refused)
