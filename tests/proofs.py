"""Runs every proof of a promise of SECURITY.md, whole, and writes into README what was tried: `make prove`."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
BEGIN, END = "<!-- make prove writes this table -->\n", "<!-- end of what make prove writes -->\n"

KINDS = (
    "kill points",
    "faults",
    "upload endings",
    "clients",
    "conformance",
    "hostile cases",
    "fuzzed inputs",
    "gateways",
)
"""The kinds of proof, in the order of the table."""


def table(records: Iterable[dict[str, str | int]]) -> str:
    """The table of what was tried; each record has a `kind`, `what` was tried and its number of `cases`."""
    found = list(records)
    unknown = {str(record["kind"]) for record in found} - {*KINDS}
    if unknown:
        raise ValueError(f"no kind of proof: {', '.join(sorted(unknown))}")
    rows = []
    for kind in KINDS:
        of_kind = [record for record in found if record["kind"] == kind]
        what = ", ".join(sorted({str(record["what"]) for record in of_kind}))
        rows.append(f"| {kind} | {what} | {sum(int(record['cases']) for record in of_kind):,} | 0 |\n")
    return "".join(["| | tried | cases | lost |\n|---|---|---:|---:|\n", *rows])


def put_into(page: str, text: str) -> str:
    """The page with the text between the marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no marks for the table")
    return "".join([before, BEGIN, text, END, after])


def main() -> int:
    """Gives pytest's exit code; only a run in which nothing was lost is written down, and what is skipped is lost."""
    with tempfile.TemporaryDirectory() as folder:
        tried = Path(folder) / "tried"
        pytest = [sys.executable, "-m", "pytest", "-m", "proof", "--whole", f"--tried={tried}", *sys.argv[1:]]
        code = subprocess.run(pytest, cwd=ROOT, check=False).returncode
        if code == 0:
            text = table(json.loads(line) for line in tried.read_text().splitlines())
            README.write_text(put_into(README.read_text(), text))
    return code


if __name__ == "__main__":
    sys.exit(main())
