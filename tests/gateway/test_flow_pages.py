import json

import pytest

from gateway.flow_pages import flow_page, flow_text, flows_table, flows_text
from market.layout import file_types, layout

PAGE = """\
P0328001  BM Unit Submitted Expected Volume Notification
parties send it, from BP VP VT AV to G; IDD Part 1 v47

BSD  SEV Settlement Date Range: 1
  1  SEV Effective From Date  date  mandatory
  2  SEV Effective To Date    date  optional     null means this is a Default SEV

    BSB  SEV BM Unit: 1-*, below BSD
      1  BM Unit Id  text(11)  mandatory    Secondary or Additional BMU

        BSP  SEV BM Unit Period Data: 1-50, below BSB
          1  Settlement Period Id       integer(2)     mandatory
          2  Submitted Expected Volume  decimal(14,4)  mandatory    MWh, CVA sign: + export, - import
"""


def test_the_page_of_a_flow_shows_its_records_under_their_parents() -> None:
    assert flow_text("P0328001") == PAGE


def test_the_table_has_a_line_for_every_flow() -> None:
    lines = flows_text().splitlines()
    assert len(lines) == 1 + len(file_types())
    assert lines[0].split() == ["TYPE", "DIRECTION", "FROM", "TO", "NAME"]
    assert [line.split()[0] for line in lines[1:]] == list(file_types())
    superseded = [line.split()[0] for line in lines if line.endswith("(superseded, refused)")]
    assert superseded == ["P0282001", "R0051001"]


def test_valid_sets_are_told_apart_from_values_with_spaces() -> None:
    assert "Change, No Action, Delete" in flow_text("R0145005")


@pytest.mark.parametrize("file_type", file_types())
def test_every_flow_has_a_page_and_a_structure_that_agree(file_type: str) -> None:
    page, text = flow_page(file_type), flow_text(file_type)
    assert json.loads(json.dumps(page)) == page
    assert {key: page[key] for key in page if key != "records"} in flows_table()
    assert [record["type"] for record in page["records"]] == [record.type for record in layout(file_type).records]
    for record in page["records"]:
        assert [item["position"] for item in record["items"]] == list(range(1, 1 + len(record["items"])))
        for item in record["items"]:
            assert item["name"] in text
            assert item["type"] in text
    assert not any(line != line.rstrip() for line in text.splitlines())


def test_an_unknown_flow_is_a_key_error() -> None:
    for page in (flow_page, flow_text):
        with pytest.raises(KeyError, match="P0328009"):
            page("P0328009")
