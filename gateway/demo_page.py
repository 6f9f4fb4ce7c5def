"""What `gridpost demo` prints: a row for each file with its receipt, its outcome, and what its answers say."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from rich import box
from rich.table import Table
from rich.text import Text

from gateway.sample_cases import Case, records

RECEIPTS = {
    1: "header not readable",
    2: "not for this gateway",
    3: "unexpected number",
    4: "body not readable",
    5: "footer not readable",
    6: "wrong count",
    7: "wrong checksum",
    100: "received",
    101: "duplicate",
}
"""What each receipt code means, in a word or two."""

_COLOURS = {"ACCEPTED": "green", "PARTIAL": "yellow", "REJECTED": "red"}
_SEVERITIES = {"E": "red", "W": "yellow", "I": "cyan"}


def opening(cases: Sequence[Case], now: datetime) -> Text:
    """What is about to be seen; `now` is the gateway's time."""
    parties = ", ".join(dict.fromkeys(case.party_id for case in cases))
    return Text(
        f"{len(cases)} files of {parties} go to a gateway over SFTP. Its clock begins at {now:%Y-%m-%d %H:%M} GMT.\n"
    )


class Page:
    """The table, row by row, and what to say below it."""

    def __init__(self) -> None:
        self.as_expected = True
        self.table = Table(box=box.SIMPLE_HEAD, show_lines=True, expand=True)
        self._files = self._answers = 0
        for title, ratio in (("File", 30), ("Receipt", 15), ("Outcome", 14), ("What the answers say", 41)):
            self.table.add_column(title, ratio=ratio)

    def add(self, case: Case, answers: Mapping[str, bytes], *, as_expected: bool) -> None:
        """Adds the row of a file and its collected answers."""
        self._files += 1
        self._answers += len(answers)
        self.as_expected &= as_expected
        found = [record for name in sorted(answers) for record in records(answers[name])]
        said = _lines(_said(found))
        if not as_expected:
            missing = ", ".join(sorted(set(case.answers) - set(answers)))
            said.append(f"\nnot the answers of {case.name}" + (f", {missing} missing" if missing else ""), "bold red")
        self.table.add_row(_file(case), _receipt(found), _outcome(found), said)

    def closing(self, left: Sequence[str], exit_code: int | None, seconds: float) -> Text:
        """The last line: what was collected, what lies in outboxes still, and how the gateway ended."""
        text = Text(f"{self._files} files in, {self._answers} answers collected, {seconds:.1f} s. ")
        if left:
            text.append(f"Not collected: {', '.join(left)}. ", "bold red")
        if exit_code != 0:
            text.append(f"The gateway ended with {exit_code}. ", "bold red")
        if self.as_expected and not left and exit_code == 0:
            return text.append("All as expected; the gateway has drained and stopped.", "bold green")
        return text.append("Not all came as expected.", "bold red")


def _file(case: Case) -> Text:
    return Text.assemble((case.party_id, "bold"), f" {case.file_name}\n", (case.shows, "dim"))


def _receipt(found: Iterable[Sequence[str]]) -> Text:
    codes = dict.fromkeys(int(record[4]) for record in found if record[0] == "ADT")
    colours = {100: "green", 101: "yellow"}
    return _lines(Text(f"{code} {RECEIPTS[code]}", colours.get(code, "red")) for code in codes)


def _outcome(found: Iterable[Sequence[str]]) -> Text:
    heads = [record for record in found if record[0] == "VRH"]
    return _lines(
        Text.assemble((head[8], f"bold {_COLOURS.get(head[8], 'cyan')}"), f"\n{head[10]} of {head[9]} accepted")
        for head in heads
    )


def _said(found: Iterable[Sequence[str]]) -> Iterable[Text]:
    """The receipt's data, what the answers of the flows say of accepted units, and the breaches, each as a line."""
    for record in found:
        match record:
            case ["ADT", _, _, _, _, data] if data:
                yield Text(data, "red")
            case ["BU3", *_]:
                day = date.fromisoformat(record[28])
                yield Text(f"{record[4]} registered with {record[10]} / {record[11]} MW from {day}", "green")
            case ["BSA", unit]:
                yield Text(f"{unit} has accepted volumes", "green")
            case ["PS1", _, unit, day, status]:
                is_or_not = "is" if status == "T" else "is not"
                yield Text(f"{unit} {is_or_not} baselined from {date.fromisoformat(day)}", "green")
            case ["VRB", line, _, _, rule, severity, _, message]:
                where = f"line {line} " if line else ""
                yield Text.assemble((f"{where}{rule} {severity}: ", f"bold {_SEVERITIES[severity]}"), message)


def _lines(texts: Iterable[Text]) -> Text:
    return Text("\n").join(texts)
