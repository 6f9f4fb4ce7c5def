"""Writes the answers of every sample case anew: `python -m tests.samples.regenerate`.

What is written is what the code says now: read the difference before it is committed.
"""

import sys
import tempfile
from pathlib import Path

from gateway.sample_cases import DESCRIPTION, SAMPLES, Case, read_cases, with_earlier
from tests.samples.exchange import Exchange, make_market


def answers_of(case: Case, cases: dict[str, Case], market: Path, root: Path) -> dict[str, bytes]:
    """The answers that a case gets now, after the files that came earlier."""
    exchange = Exchange(market, root)
    try:
        return [exchange.receive(one) for one in with_earlier(cases, case)][-1]
    finally:
        exchange.close()


def write_answers(case: Case, answers: dict[str, bytes]) -> None:
    """Replaces the answers in a case's folder."""
    folder = SAMPLES / case.name
    for path in folder.iterdir():
        if path.name not in (DESCRIPTION, case.file_name, *answers):
            path.unlink()
    for name, answer in answers.items():
        (folder / name).write_bytes(answer)


def main() -> None:
    cases = read_cases()
    with tempfile.TemporaryDirectory() as folder:
        market = Path(folder) / "market"
        make_market(market)
        for number, case in enumerate(cases.values()):
            write_answers(case, answers_of(case, cases, market, Path(folder) / str(number)))
    sys.stdout.write(f"{len(cases)} cases answered anew\n")


if __name__ == "__main__":
    main()
