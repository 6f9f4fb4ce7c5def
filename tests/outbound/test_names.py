import pytest
from hypothesis import given
from hypothesis import strategies as st

from outbound.names import RECEIPT, REPORT, answer_name, outgoing_name


def test_an_answer_is_named_after_its_file() -> None:
    assert answer_name("BP000000000017", RECEIPT) == "BP000000000017.ADT"
    assert answer_name("BP000000000017", REPORT) == "BP000000000017.VAL"
    assert answer_name("BP000000000017", RECEIPT, 2) == "BP000000000017.2.ADT"
    assert answer_name("gcdc_winter.csv", "report.csv", 3) == "gcdc_winter.csv.3.report.csv"


@given(st.text(min_size=1, max_size=200), st.sampled_from([RECEIPT, REPORT]), st.integers(1, 12))
def test_an_answer_name_fits_a_file_system(name: str, ending: str, attempt: int) -> None:
    named = answer_name(name, ending, attempt)
    assert len(named.encode()) <= 255
    assert named.endswith(f".{ending}")
    assert named.startswith(name) or len(name.encode()) > 240


def test_a_name_that_is_no_unicode_is_still_a_name() -> None:
    assert answer_name("a\udcffb", RECEIPT) == "a?b.ADT"


@pytest.mark.parametrize(
    ("role", "number", "name"),
    [("CR", 17, "CR000000000017"), ("G", 0, "G0000000000000"), ("CR", 10**12 - 1, "CR999999999999")],
)
def test_other_files_are_named_by_role_and_digits(role: str, number: int, name: str) -> None:
    assert outgoing_name(role, number) == name


@pytest.mark.parametrize(("role", "number"), [("CR", 10**12), ("G", 10**13), ("CR", -1)])
def test_a_number_that_does_not_fit_is_refused(role: str, number: int) -> None:
    with pytest.raises(ValueError, match="do not make a name of 14 characters"):
        outgoing_name(role, number)
