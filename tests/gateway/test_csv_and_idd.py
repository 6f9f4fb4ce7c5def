"""The same content in IDD and in CSV gives the same breaches, item by item, the same units and the same effects."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.bodies import CsvBody
from ingest.csv_profile import CsvTable, read_table
from ingest.csv_profile_columns import CsvFlow, csv_flows
from market.field import valid_set
from market.item_type import Kind
from market.layout import Item
from rules.context import FileFacts
from rules.judge import Judgement, judge
from tests.ingest.csv_files import Row, idd_body, written
from tests.rules import world
from validators.fields import field_checks

REFERENCES = world.references()
RECEIVED_AT = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
"""In the day of 50 Settlement Periods."""

UNITS = ["T_DINO-1", "2__CACME000", "2__CACME001", "V__FEXMP001", "T_OTTR-1", "E_ABRTW-9", "DINO-1", "T_NONE-1"]
NAMES = ["Ann Archer", "Fay Fisher", "Kim Kent"]
TIMES = [f"20261025{hour:02}{minute:02}00" for hour in range(4) for minute in (0, 30)]


def texts_of(item: Item) -> st.SearchStrategy[str]:
    """Texts of an item that come through its rules in many ways."""
    match item.type.kind:
        case Kind.DATE:
            found = st.sampled_from(["20261025", "20261024", "20261201", "20270301", "20260329", "20261131"])
        case Kind.DATETIME:
            found = st.sampled_from([*TIMES, "20261025006100"])
        case Kind.INTEGER:
            found = st.sampled_from(["1", "2", "3", "49", "51", "2026", "2027", "-5", "0", "007", "1000000000000"])
        case Kind.DECIMAL:
            found = st.sampled_from(["0", "1", "-2", "100", "99.5", "0.0001", "-0", "1.50", "1,5", "99999"])
        case _:
            pool = {"BM Unit Id": UNITS, "Authorised Signatory Name": NAMES, "Participant Id": ["ACME", "VOLT"]}
            found = st.sampled_from(pool.get(item.name) or [*valid_set(item), "_C", "_F", "?"])
    return found | st.just("") if item.presence == "O" else found


@st.composite
def rows_of(draw: Callable[..., object], flow: CsvFlow) -> list[Row]:
    once = {item.column: draw(texts_of(item)) for record in flow.chain if record.occurs == "1" for item in record.items}
    row = st.fixed_dictionaries({name: texts_of(item) for name, item in flow.items.items()})
    rows = draw(st.lists(row, min_size=1, max_size=10))
    assert isinstance(rows, list)
    return [{**found, **once} for found in rows]


def judged_csv(flow: CsvFlow, received: bytes, facts: FileFacts) -> Judgement:
    table = read_table(received, flow, 100)
    assert isinstance(table, CsvTable), table
    body = CsvBody(table)
    facts = replace(facts, records=body.records)
    return body.on_file_lines(judge(flow.flow, body.slices(250_000), facts, field_checks))


def on_lines(frame: pl.DataFrame, lines: list[int]) -> pl.DataFrame:
    """A frame of an IDD file with the lines of the CSV file that says the same."""
    key = [
        f"line {lines[line]}" if key == f"line {line}" else key
        for key, line in zip(frame["key"] if "key" in frame.columns else [], frame["line"], strict=False)
    ]
    found = frame.with_columns(pl.Series("line", [lines[line] for line in frame["line"]], pl.UInt32))
    return found.with_columns(pl.Series("key", key, pl.String)) if "key" in frame.columns else found


@pytest.mark.parametrize("prefix", csv_flows())
@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_breaches_units_and_effects_are_the_same_in_both_profiles(prefix: str, data: st.DataObject) -> None:
    flow = csv_flows()[prefix]
    rows = data.draw(rows_of(flow))
    sender = data.draw(st.sampled_from(["ACME", "VOLT"]))
    body, source = idd_body(flow, rows)
    lines = [0, 0, *(number + 2 for number in source)]
    idd = world.judged(body, flow=flow.flow.file_type, sender=sender, received_at=RECEIVED_AT, known=REFERENCES)
    facts = FileFacts(sender, "BP", RECEIVED_AT, world.POLICY, REFERENCES)
    csv = judged_csv(flow, written([*flow.items], rows), facts)
    breaches = on_lines(idd.breaches, lines).sort("line", "position", "rule", maintain_order=True)
    assert csv.breaches.rows() == breaches.rows()
    assert csv.counts == idd.counts
    assert csv.outcome == idd.outcome
    for name in ("units", "effect", "refused", "warned"):
        expected = on_lines(getattr(idd, name), lines)
        assert getattr(csv, name).equals(expected), name
