"""K4193001: how declarations stand."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from market.fault import Fault
from market.frames import OPEN_END
from market.header import Header
from outbound.declaration_confirmation import CONFIRMED, declaration_confirmation

HEADER = Header("K4193001", "D", datetime(2026, 11, 3, 16, tzinfo=UTC), "G", "UKDC", "BP", "ACME", 3, "")


def rows(*more: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(more, CONFIRMED, orient="row")


def test_each_declaration_is_told_with_its_days() -> None:
    told = declaration_confirmation(
        HEADER,
        rows(
            ("SET 9", 12, "STORE-9", "IN FORCE", date(2026, 10, 25), OPEN_END),
            ("SET 1", 3, "STORE-9", "ENDED", date(2026, 3, 29), date(2026, 10, 24)),
        ),
    )
    assert told.splitlines()[1:-1] == [
        b"NDC|SET 9|12|STORE-9|IN FORCE|20261025||",
        b"NDC|SET 1|3|STORE-9|ENDED|20260329|20261024|",
    ]


def test_a_status_that_the_layout_does_not_know_is_a_fault_of_ours() -> None:
    with pytest.raises(Fault, match="Status"):
        declaration_confirmation(HEADER, rows(("SET 9", 12, "STORE-9", "JOINED", date(2026, 10, 25), OPEN_END)))
