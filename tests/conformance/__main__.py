"""`python -m tests.conformance` runs the SFTP suites of others against the embedded server and prints what came of it.

Exits with 1 where a case fails that is not refused by design (expected.toml), or is said to be and passes.
"""

import sys

from rich.console import Console
from rich.table import Table

from tests.conformance.judged import Judged, judged, refusals
from tests.conformance.server import served
from tests.conformance.sources import Unavailable
from tests.conformance.suites import SUITES


def main() -> int:
    """Runs every suite whose source can be fetched."""
    console = Console(width=120)
    found: list[Judged] = []
    for name, run in SUITES.items():
        try:
            with served() as server:
                found.append(judged(name, run(server)))
        except Unavailable as unavailable:
            console.print(f"{name}: {unavailable}", markup=False)
    table = Table("suite", "cases", "passed", "refused by design", "failed")
    for one in found:
        table.add_row(one.suite, *map(str, (one.cases, one.passed, len(one.refused), len(one.findings))))
    console.print(table)
    for why, cases in refusals(found).items():
        console.print(f"{len(cases)} refused: {why}", markup=False)
    for one in found:
        for case, complaint in one.findings.items():
            console.print(f"{one.suite}, {case}: {complaint}", markup=False)
    return 1 if any(one.findings for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())
