import re
from dataclasses import replace

import polars as pl
import pytest

from market.layout import file_types, layout
from market.reference import SCHEMAS
from market.severity import Severity
from rules import catalogue
from rules.catalogue import all_rules, by_id, contexts_of, references_of, rules_version
from rules.compile import message
from rules.rule import FileTest, Rule, UnitTest

EXPECTED = {
    **{f"ENV-{number:02}": "F" for number in range(1, 17)},
    **dict.fromkeys(("ENV-12", "ENV-13", "ENV-14", "ENV-16"), "W"),
    "ENV-07": "D",
    **{f"STR-{number:02}": "F" for number in range(1, 4)},
    **{f"FLD-{number:02}": "E" for number in range(1, 9)},
    "FLD-05": "W",
    **{f"IDN-{number:02}": "E" for number in range(1, 6)},
    "IDN-06": "W",
    **{f"PNS-{number:02}": "E" for number in range(1, 10)},
    **{"PNS-05": "W", "PNS-06": "W", "PNS-08": "I"},
    **{f"PNR-{number:02}": "W" for number in range(1, 5)},
    **{"PNR-05": "E", "PNT-01": "E", "PNT-02": "W", "PNT-03": "E"},
    **{f"SEV-{number:02}": "E" for number in (1, 2, 3, 4, 5, 6, 7, 11)},
    **{f"SEV-{number:02}": "W" for number in (8, 9, 10)},
    **{f"DEC-{number:02}": "E" for number in range(1, 19)},
    **{"DEC-06": "H", "DEC-09": "W", "DEC-16": "W", "DEC-18": "W"},
    **{f"BLD-{number:02}": "E" for number in range(1, 7)},
    **{"EVT-01": "E", "EVT-02": "E", "EVT-03": "W"},
    **{f"DLV-{number:02}": "E" for number in range(1, 5)},
    **{"DLV-05": "W", "DLV-06": "W"},
    **dict.fromkeys(("GCD-01", "GCD-02", "GCD-03", "GCD-04", "GCD-06"), "E"),
    **dict.fromkeys(("GCD-05", "GCD-07", "GCD-08", "GCD-09", "GCD-12"), "W"),
    **dict.fromkeys(("GCD-10", "GCD-11", "GCS-04"), "I"),
    **dict.fromkeys(("GCS-01", "GCS-02", "GCS-03"), "E"),
    "GCS-05": "W",
    **{f"GCM-{number:02}": "E" for number in range(1, 6)},
    **{f"PNS-{number:02}": "E" for number in (1, 2, 3, 4, 7, 9)},
    **{"PNS-05": "W", "PNS-06": "W", "PNS-08": "I"},
    **{f"PNR-{number:02}": "W" for number in range(1, 5)},
    **{"PNR-05": "E", "PNT-01": "E", "PNT-02": "W", "PNT-03": "E"},
    **{f"SEV-{number:02}": "E" for number in (1, 2, 3, 4, 5, 6, 7, 11)},
    **{f"SEV-{number:02}": "W" for number in (8, 9, 10)},
}

each = pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)


def test_every_rule_of_the_envelope_the_fields_and_the_declarations_stands_with_its_severity() -> None:
    assert {rule.id: str(rule.severity) for rule in all_rules() if rule.id in EXPECTED} == EXPECTED


@each
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert re.fullmatch(r"[A-Z]{3}-[0-9]{2}", rule.id)
    assert rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.source
    assert rule.passes.body != rule.fails.body or rule.passes != rule.fails
    assert rule.fails.breaks


@each
def test_a_rule_that_refuses_a_file_has_a_receipt_code_and_only_such_a_rule(rule: Rule) -> None:
    assert (rule.receipt_code is not None) == (rule.severity in (Severity.FILE, Severity.DUPLICATE))


@each
def test_a_rule_names_the_flows_that_its_tests_look_at(rule: Rule) -> None:
    if rule.tests:
        assert set(rule.flows) == {test.flow for test in rule.tests}
    assert set(rule.flows) <= {"ALL", *file_types()}


@each
def test_the_messages_of_a_rule_are_plain(rule: Rule) -> None:
    for test in rule.tests:
        assert not re.search(r"invalid|please|must|should", test.message, re.IGNORECASE)
        assert not test.message.endswith(".")
        message(test)


@each
def test_the_columns_that_a_rule_reads_exist(rule: Rule) -> None:
    for test in rule.tests:
        flow = layout(test.flow)
        above = {record.type: record for record in flow.ancestors(test.record)}
        # the columns of a frame of units are known when it is made
        rows = () if isinstance(test, UnitTest) else (*test.reads, *test.optional)
        for column in (*rows, *(test.repeated if isinstance(test, FileTest) else ())):
            first, _, rest = column.partition(".")
            record, column = (above[first], rest) if first in above else (flow.record(test.record), column)
            context, dot, _ = column.partition(".")
            if dot:
                assert (record.type, context) in contexts_of(test.flow) or context == "file"
            else:
                record.item(column)


@pytest.mark.parametrize("flow", sorted({test.flow for rule in all_rules() for test in rule.tests}))
def test_contexts_join_frames_that_are_declared(flow: str) -> None:
    assert references_of(flow) <= set(SCHEMAS)
    assert {test.record for _, test in catalogue.tests_of(flow)} <= {record.type for record in layout(flow).records}


def test_two_rules_with_one_id_do_not_load() -> None:
    first, second = all_rules()[:2]
    with pytest.raises(ValueError, match=f"rule ids stand twice: {first.id}"):
        by_id([first, second, replace(second, id=first.id)])


def test_a_message_without_a_place_for_its_evidence_does_not_compile() -> None:
    test = next(test for rule in all_rules() for test in rule.tests)
    with pytest.raises(ValueError, match="does not show other"):
        message(replace(test, evidence={**test.evidence, "other": pl.lit(1)}))


def test_the_version_of_the_rules_is_that_of_their_text() -> None:
    assert re.fullmatch("[0-9a-f]{12}", rules_version())
