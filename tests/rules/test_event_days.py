"""Event days (P0323001)."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.judge import Judgement
from tests.rules.world import RECEIVED_AT, judged, references

UNIT = "V__CEXMP001"


def told(*rows: str, sender: str = "VOLT", received_at: datetime = RECEIVED_AT) -> Judgement:
    return judged("\n".join(f"PW1|{row}|" for row in rows), flow="P0323001", sender=sender, received_at=received_at)


def messages(judgement: Judgement) -> list[str]:
    return judgement.breaches["message"].to_list()


def test_an_event_day_is_accepted_with_all_its_items() -> None:
    judgement = told(f"VOLT|{UNIT}|T||1200012345679|20261025|B", f"VOLT|{UNIT}|A|9000000000011||20261101|O")
    assert judgement.outcome == "ACCEPTED", messages(judgement)
    assert judgement.units["key"].to_list() == [f"{UNIT} 1200012345679 20261025", f"{UNIT} 9000000000011 20261101"]
    assert judgement.effect.drop("key").rows() == [
        (2, "VOLT", UNIT, "T", None, 1200012345679, date(2026, 10, 25), "B", "A"),
        (3, "VOLT", UNIT, "A", 9000000000011, None, date(2026, 11, 1), "O", "A"),
    ]


@pytest.mark.parametrize(
    ("received_at", "day", "broken"),
    [
        (datetime(2026, 10, 24, 22, 59, 59, tzinfo=UTC), "20261025", True),
        (datetime(2026, 10, 24, 23, 0, tzinfo=UTC), "20261025", False),
        (datetime(2026, 10, 25, 23, 59, 59, tzinfo=UTC), "20261026", True),
        (datetime(2026, 10, 26, 0, 0, tzinfo=UTC), "20261026", False),
        (datetime(2027, 3, 28, 22, 59, 59, tzinfo=UTC), "20270329", True),
        (datetime(2027, 3, 28, 23, 0, tzinfo=UTC), "20270329", False),
    ],
)
def test_an_event_day_is_the_london_day_of_receipt_or_before(received_at: datetime, day: str, broken: bool) -> None:
    judgement = told(f"VOLT|{UNIT}|T||1200012345679|{day}|O", received_at=received_at)
    assert judgement.counts == ({"EVT-01": 1} if broken else {})


@pytest.mark.parametrize("received_at", [RECEIVED_AT, datetime(2027, 4, 10, 22, 30, tzinfo=UTC)])
@pytest.mark.parametrize(("days", "warned"), [(0, False), (29, False), (30, False), (31, True), (40, True)])
def test_an_event_day_of_more_than_30_days_back_is_told(received_at: datetime, days: int, warned: bool) -> None:
    day = (received_at.date() - timedelta(days)).strftime("%Y%m%d")
    judgement = told(f"VOLT|{UNIT}|T||1200012345679|{day}|O", received_at=received_at)
    assert judgement.counts == ({"EVT-03": 1} if warned else {})
    assert judgement.units["outcome"].item() == ("W" if warned else "A")


def test_only_what_is_on_record_is_deleted() -> None:
    assert told(f"VOLT|{UNIT}|T||1200012345679|20261020|D").counts == {}
    assert messages(told(f"VOLT|{UNIT}|T||1200012345679|20261021|D")) == [
        f"Event Day Type D deletes 20261021 of 1200012345679 in {UNIT}, which is not on record"
    ]
    assert told(f"VOLT|{UNIT}|T||1200012345679|20261021|B").counts == {}
    assert told(f"VOLT|{UNIT}|T||1200000000030|20261020|D").counts == {"EVT-02": 1}
    assert told(f"VOLT|{UNIT}|A|9000000000011||20261020|D").counts == {"EVT-02": 1}


def test_the_last_word_on_a_day_is_on_record() -> None:
    known = references()
    turned = known["event_days"].with_columns(received_at=known["event_days"]["received_at"].reverse())
    body = f"PW1|VOLT|{UNIT}|T||1200012345679|{{}}|D|"
    for day, broken in (("20261020", False), ("20261021", True)):
        judgement = judged(body.format(day), flow="P0323001", sender="VOLT", known=known)
        assert ("EVT-02" in judgement.counts) == broken
    judgement = judged(body.format("20261021"), flow="P0323001", sender="VOLT", known={**known, "event_days": turned})
    assert judgement.counts == {}


def test_an_answer_does_not_say_which_event_days_others_have() -> None:
    for day in ("20261020", "20261021"):
        assert told(f"OTHR|{UNIT}|T||1200012345679|{day}|D", sender="OTHR").counts == {"IDN-02": 1}


def test_an_event_day_names_a_pair_of_the_bm_unit() -> None:
    assert told(f"VOLT|{UNIT}|T||1200000000207|20261025|B").counts == {"BLD-05": 1}
    assert told(f"VOLT|{UNIT}|A||1200012345679|20261025|B").counts == {"BLD-02": 1}
    assert told(f"VOLT|{UNIT}|T||1200012345678|20261020|D").counts == {"IDN-05": 1}


def test_participant_id_is_the_sender() -> None:
    assert told(f"ACME|{UNIT}|T||1200012345679|20261025|B").counts == {"BLD-01": 1}
