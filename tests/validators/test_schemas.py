"""pandera and the fused pass find the same rows; what switches pandera off is refused; outgoing frames are guarded."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from typing import Any

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lines import index_lines
from ingest.records import slices
from ingest.structure import structure_of
from market.fault import Fault
from market.field import typed
from market.frames import text_column
from market.frames import typed_schema as typed_columns
from market.layout import ENVELOPE, Layout, Record, file_types, layout
from tests.ingest.made_files import frames_of, least, made, plain_row, random_files
from tests.market.test_field import NASTY, TEXTS
from validators.fields import field_checks
from validators.schemas import check_outgoing, refuse_disabled_validation, text_schema, typed_schema

Broken = set[tuple[str, str, int]]
"""Column, rule and row."""

RECORDS = [
    pytest.param(record, id=f"{flow.file_type}-{record.type}")
    for flow in [*map(layout, file_types()), ENVELOPE]
    for record in flow.records
]


def frame_of(record: Record, rows: list[list[str]]) -> pl.DataFrame:
    """A frame of texts as ingest.records gives it."""
    columns = {
        text_column(item.column): pl.Series([row[place] or None for row in rows], dtype=pl.String)
        for place, item in enumerate(record.items)
    }
    return pl.DataFrame(columns).with_columns(typed(item) for item in record.items)


def errors_of(schema: pa.DataFrameSchema, frame: pl.DataFrame) -> pa.errors.SchemaErrors | None:
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        return errors
    return None


def by_pandera(record: Record, frame: pl.DataFrame) -> Broken:
    errors = errors_of(text_schema(record), frame)
    if errors is None:
        return set()
    assert {error.reason_code.name for error in errors.schema_errors} == {"DATAFRAME_CHECK"}
    return set(errors.failure_cases.select("column", "check", "index").iter_rows())


def by_fused_pass(record: Record, frame: pl.DataFrame) -> Broken:
    found: Broken = set()
    for check in field_checks(record):
        assert check.item is not None
        broken = frame.select(check.broken).to_series()
        assert not broken.null_count()
        column = text_column(record.item(check.item).column)
        found |= {(column, check.rule, row) for row in broken.arg_true()}
    return found


@pytest.mark.parametrize("record", RECORDS)
def test_pandera_and_the_fused_pass_find_the_same_rows(record: Record) -> None:
    texts = [*NASTY, *(value for item in record.items for value in item.valid)]
    rows = [[texts[(at + 7 * place) % len(texts)] for place in range(len(record.items))] for at in range(len(texts))]
    frame = frame_of(record, rows)
    found = by_fused_pass(record, frame)
    assert found
    assert by_pandera(record, frame) == found


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pandera_and_the_fused_pass_agree_on_any_text(data: st.DataObject) -> None:
    record = data.draw(st.sampled_from([param.values[0] for param in RECORDS]))
    assert isinstance(record, Record)
    texts = st.tuples(*(TEXTS | st.sampled_from(item.valid or ("1",)) for item in record.items)).map(list)
    frame = frame_of(record, data.draw(st.lists(texts, max_size=8)))
    assert by_pandera(record, frame) == by_fused_pass(record, frame)


def test_they_agree_on_a_file_that_was_read() -> None:
    flow = layout("K0151001")
    body = b"GCH|S|WIN|2026| A|\nGCV|T_A|20260230|1E3|-0.0||007|\nGCV||20261201|1|-2|3.50|4|\n"
    lines = index_lines(b"AAA|\n" + body + b"ZZZ|\n")
    (piece,) = slices(lines, structure_of(lines, flow, 1))
    found = {
        record.type: (by_pandera(record, frame), by_fused_pass(record, frame))
        for record in flow.records
        for frame in [{**piece.frames, **piece.upper}[record.type]]
    }
    assert all(theirs == ours for theirs, ours in found.values())
    assert found["GCH"][0] == {("authorised_signatory_name__text", "FLD-06", 0)}
    assert found["GCV"][0] == {
        ("effective_from_date__text", "FLD-07", 0), ("generation_capacity__text", "FLD-04", 0),
        ("demand_capacity__text", "FLD-05", 0), ("maximum_import_qm__text", "FLD-04", 0),
        ("bm_unit_id__text", "FLD-01", 1), ("maximum_export_qm__text", "FLD-05", 1),
    }  # fmt: skip


# what would make a schema say nothing

GCV = layout("K0151001").record("GCV")


def test_pandera_checks_no_data_of_a_lazy_frame_so_none_is_taken() -> None:
    frame = frame_of(GCV, [["x" * 99, "", "", "", "", ""]])
    text_schema(GCV).validate(frame.lazy(), lazy=True).collect()
    assert by_pandera(GCV, frame)
    frames: dict[str, Any] = {"GCV": frame.lazy()}
    with pytest.raises(Fault, match="K0151001 GCV is no DataFrame"):
        check_outgoing(layout("K0151001"), frames)


def test_a_bug_in_a_check_is_told_from_a_broken_rule() -> None:
    schema = pa.DataFrameSchema({"x": pa.Column(pl.String, pa.Check(lambda data: data.lazyframe.select("no_such")))})
    errors = errors_of(schema, pl.DataFrame({"x": ["a"]}))
    assert errors is not None
    assert [error.reason_code.name for error in errors.schema_errors] == ["CHECK_ERROR"]


def test_validation_is_on() -> None:
    refuse_disabled_validation()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("PANDERA_VALIDATION_ENABLED=False", "pandera validates nothing: PANDERA_VALIDATION_ENABLED is off"),
        ("PANDERA_VALIDATION_DEPTH=SCHEMA_ONLY", "pandera validates in part: PANDERA_VALIDATION_DEPTH is SCHEMA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH=DATA_ONLY", "pandera validates in part: PANDERA_VALIDATION_DEPTH is DATA_ONLY"),
        ("PANDERA_VALIDATION_DEPTH=SCHEMA_AND_DATA", ""),
        ("PANDERA_VALIDATION_ENABLED=True", ""),
    ],
)
def test_an_environment_that_switches_validation_off_is_refused(setting: str, message: str) -> None:
    name, _, value = setting.partition("=")
    program = "from validators.schemas import refuse_disabled_validation as refuse; refuse()"
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, name: value}, capture_output=True, text=True, check=False
    )
    assert (message in run.stderr) if message else run.returncode == 0, run.stderr
    assert bool(run.returncode) == bool(message)


# outgoing frames


def declared(**values: Any) -> dict[str, pl.DataFrame]:
    row = {
        "bm_unit_id": "T_ACME-1", "effective_from_date": date(2026, 12, 1), "generation_capacity": 99_500,
        "demand_capacity": -2_000, "maximum_export_qm": None, "maximum_import_qm": None,
    }  # fmt: skip
    return {"GCV": pl.DataFrame([{**row, **values}], typed_columns(GCV))}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"generation_capacity": None},
        {"generation_capacity": 10**13 - 1, "demand_capacity": 1 - 10**13},
        {"bm_unit_id": "x" * 11},
    ],
)
def test_frames_that_can_be_written_pass(values: dict[str, Any]) -> None:
    check_outgoing(layout("K0151001"), declared(**values))


@pytest.mark.parametrize(
    ("values", "item"),
    [
        ({"bm_unit_id": None}, "bm_unit_id"),
        ({"bm_unit_id": ""}, "BM Unit Id"),
        ({"bm_unit_id": "x" * 12}, "BM Unit Id"),
        ({"generation_capacity": 10**13}, "Generation Capacity"),
        ({"demand_capacity": -(10**13)}, "Demand Capacity"),
        ({"demand_capacity": -(2**63)}, "Demand Capacity"),
    ],
)
def test_frames_that_cannot_be_written_are_faults(values: dict[str, Any], item: str) -> None:
    with pytest.raises(Fault, match=item):
        check_outgoing(layout("K0151001"), declared(**values))


def test_a_frame_of_other_types_or_without_a_column_is_a_fault() -> None:
    frame = declared()["GCV"]
    with pytest.raises(Fault, match="generation_capacity"):
        check_outgoing(layout("K0151001"), {"GCV": frame.with_columns(generation_capacity=pl.lit(99.5))})
    with pytest.raises(Fault, match="bm_unit_id"):
        check_outgoing(layout("K0151001"), {"GCV": frame.drop("bm_unit_id")})


def with_value(record: Record, column: str, value: Any) -> pl.DataFrame:
    return pl.DataFrame([{**plain_row(record), column: value}], typed_columns(record))


def test_fld_02_guards_the_writers() -> None:
    flow, record, item = next(
        (flow, record, item)
        for flow in map(layout, file_types())
        if not flow.inbound
        for record in flow.records
        for item in record.items
        if item.presence == "N"
    )
    sample = {"integer": 1, "decimal": 1, "text": "x", "boolean": "T", "date": date(2026, 1, 1), "time": 0,
              "datetime": datetime(2026, 1, 1, tzinfo=UTC)}[str(item.type.kind)]  # fmt: skip
    check_outgoing(flow, {record.type: with_value(record, item.column, None)})
    with pytest.raises(Fault, match=item.name):
        check_outgoing(flow, {record.type: with_value(record, item.column, sample)})


def test_valid_sets_guard_the_writers() -> None:
    receipt = ENVELOPE.record("ADT")
    check_outgoing(ENVELOPE, {"ADT": with_value(receipt, "response_code", 101)})
    with pytest.raises(Fault, match="Response Code"):
        check_outgoing(ENVELOPE, {"ADT": with_value(receipt, "response_code", 8)})
    head = layout("K0151001").record("GCH")
    with pytest.raises(Fault, match="Declaration Type"):
        check_outgoing(layout("K0151001"), {"GCH": with_value(head, "declaration_type", "X")})


@pytest.mark.parametrize("flow", [layout(each) for each in file_types()], ids=lambda flow: flow.file_type)
def test_every_plain_file_can_be_written(flow: Layout) -> None:
    check_outgoing(flow, frames_of(flow, made(flow, least, plain_row)))


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_random_file_can_be_written(data: st.DataObject) -> None:
    flow = data.draw(st.sampled_from([layout(each) for each in file_types()]))
    check_outgoing(flow, frames_of(flow, data.draw(random_files(flow))))


def test_schemas_are_made_once() -> None:
    assert typed_schema(GCV) is typed_schema(GCV)
    assert text_schema(GCV) is text_schema(GCV)
