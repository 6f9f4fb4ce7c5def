"""Bodies of aggregated demand for the examples of rules."""

from collections.abc import Mapping
from decimal import Decimal

DECLARED, UNDECLARED = "2__CACME001", "2__CACME000"
"""BM Units of the made-up market with and without a declaration in force, whose maximum is 25 MWh a period."""

Demand = tuple[str, str, str]
"""Gross, non-final and corrected demand as they stand in a file."""

OF_DECLARED: Demand = ("12.5", "2.25", "10.25")
OF_UNDECLARED: Demand = ("12.5", "", "12.5")


def run_of(*units: str, day: str = "20261030", run: str = "SF", number: int = 1) -> str:
    """A whole body: the run and its BM Units."""
    return "\n".join([f"NFH|{day}|{run}|{number}|", *units])


def unit_of(
    unit: str,
    demand: Demand,
    *,
    periods: int = 48,
    other: Mapping[int, Demand] | None = None,
    total: Demand | None = None,
    measurement_class: str = "C",
    group: str = "_C",
) -> str:
    """The records of a BM Unit and measurement class: equal periods but for `other`, and their exact total."""
    rows = [(other or {}).get(period, demand) for period in range(1, periods + 1)]
    return "\n".join(
        [
            f"NFU|{unit}|{group}|{measurement_class}|",
            *(f"NFP|{period}|{'|'.join(row)}|" for period, row in enumerate(rows, 1)),
            f"NFT|{'|'.join(total or _total(rows))}|",
        ]
    )


def _total(rows: list[Demand]) -> Demand:
    sums = [sum((Decimal(row[place] or 0) for row in rows), Decimal()) for place in range(3)]
    gross, non_final, corrected = ("0" if total == 0 else f"{total.normalize():f}" for total in sums)
    return gross, non_final if any(row[1] for row in rows) else "", corrected


def declared(
    demand: Demand = OF_DECLARED,
    *,
    other: Mapping[int, Demand] | None = None,
    total: Demand | None = None,
    day: str = "20261030",
    run: str = "SF",
    periods: int = 48,
) -> str:
    """A body of the BM Unit with a declaration in force."""
    return run_of(unit_of(DECLARED, demand, periods=periods, other=other, total=total), day=day, run=run)


def undeclared(
    demand: Demand = OF_UNDECLARED,
    *,
    other: Mapping[int, Demand] | None = None,
    day: str = "20261030",
    periods: int = 48,
) -> str:
    """A body of the BM Unit without one."""
    return run_of(unit_of(UNDECLARED, demand, periods=periods, other=other), day=day)
