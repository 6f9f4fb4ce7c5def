"""What the store says of the files that parties sent, against what they sent: the same for one gateway and for two."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from tests.exchange.persistent import Party

Rows = Callable[[str], Sequence[tuple[Any, ...]]]
"""The rows of a query of the store."""


def verify_files(rows: Rows, parties: Sequence[Party]) -> None:
    """One submission for every file, one receipt, one report where it is due, one run on arrival, no value twice."""
    files = {file.name: file for party in parties for file in party.sent}
    submissions = rows("SELECT ref, file_name, state, receipt_code, fault FROM submission")
    assert Counter(name for _, name, *_ in submissions) == Counter(files.keys())
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for ref, kind in rows("SELECT submission_ref, kind FROM answer"):
        kinds[ref][kind] += 1
    values = dict(rows("SELECT submission_ref, count(*) FROM capacity_value GROUP BY 1"))
    runs = dict(rows("SELECT submission_ref, count(*) FROM run WHERE kind = 'ARRIVAL' GROUP BY 1"))
    for ref, name, state, code, fault in submissions:
        file = files[name]
        assert (name, code, fault) == (name, file.code, None)
        assert (name, kinds[ref]) == (name, file.due)
        assert state == {100: "VALIDATED", 101: "DUPLICATE", 3: "NACKED"}[code]
        assert (values.get(ref, 0), runs.get(ref, 0)) == (file.values, int(code == 100))


def verify_order(rows: Rows) -> None:
    """Runs of one channel were committed in order of receipt."""
    by_channel: defaultdict[str, list[Any]] = defaultdict(list)
    decided = "SELECT channel, arrival FROM run JOIN submission ON submission_ref = ref WHERE kind = 'ARRIVAL'"
    for channel, arrival in rows(f"{decided} ORDER BY run.id"):
        by_channel[channel].append(arrival)
    assert by_channel
    assert all(arrivals == sorted(arrivals) for arrivals in by_channel.values())
