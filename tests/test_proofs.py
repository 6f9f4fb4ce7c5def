import pytest

from tests.proofs import BEGIN, END, KINDS, README, put_into, table


def test_cases_of_a_kind_are_summed_in_the_order_of_the_kinds() -> None:
    text = table(
        [
            {"kind": "faults", "what": "a full disk", "cases": 7},
            {"kind": "kill points", "what": "fsync", "cases": 1_200},
            {"kind": "kill points", "what": "rename", "cases": 34},
        ]
    )
    rows = text.splitlines()[2:]
    assert len(rows) == len(KINDS)
    assert rows[0] == "| kill points | fsync, rename | 1,234 | 0 |"
    assert rows[1] == "| faults | a full disk | 7 | 0 |"


def test_a_kind_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="no kind of proof: luck"):
        table([{"kind": "luck", "what": "", "cases": 1}])


def test_the_table_stands_between_its_marks() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"
    assert put_into(page, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="no marks"):
        put_into("before\n", "new\n")


def test_readme_has_the_marks() -> None:
    assert "| kill points |" in put_into(README.read_text(), table([]))
