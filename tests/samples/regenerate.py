"""Writes the answers of every sample case anew: `python -m tests.samples.regenerate`.

What is written is what the code says now: read the difference before it is committed.
"""

import sys
import tempfile
from pathlib import Path

from gateway.sample_cases import DESCRIPTION, SAMPLES, Case, read_cases, with_earlier
from tests.samples.exchange import Exchange, make_market


def answers_of(case: Case, cases: dict[str, Case], market: Path, root: Path) -> dict[str, bytes]:
    """What leaves for a case now, after the files that came earlier: its answers, and what else by `to_<account>/`."""
    exchange = Exchange(market, root)
    try:
        return [exchange.receive(one) for one in with_earlier(cases, case)][-1]
    finally:
        exchange.close()


def write_answers(case: Case, answers: dict[str, bytes]) -> None:
    """Replaces the answers in a case's folder and those below it."""
    folder = SAMPLES / case.name
    kept = {folder / name for name in (DESCRIPTION, case.file_name, *answers)}
    for path in folder.glob("**/*"):
        if path.is_file() and path not in kept:
            path.unlink()
    for path in folder.glob("to_*"):
        if not any(path.iterdir()):
            path.rmdir()
    for name, answer in answers.items():
        (folder / name).parent.mkdir(exist_ok=True)
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
