"""How a gateway stands in numbers, read from its store and its disk, in the text that Prometheus collects.

What a party wrote never becomes a label: an unknown flow counts as `unknown`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlmodel import Session

from ingest.landing import waiting
from market.clock import london_day
from market.disk import space
from market.home import Home
from market.layout import file_types
from store import answers, day, latency, scheduled_runs, search, submissions
from store.states import AnswerKind, AnswerState, SubmissionState

QUANTILES = (0.5, 0.9, 0.99, 1.0)

REFUSING = ("F", "E")
"""The severities that refuse."""

RECONCILIATION = "reconciliation"
"""The check whose last run says on how much store and disk disagree."""

Labels = Mapping[str, str]


@dataclass(frozen=True)
class Metric:
    """A gauge: its name without `gridpost_`, what it tells, and its values by their labels."""

    name: str
    tells: str
    values: tuple[tuple[Labels, float], ...]


def metrics(session: Session, home: Home, now: datetime, disk_reserve: int) -> list[Metric]:
    """Everything that is measured, at an instant (aware); seconds and bytes throughout."""
    of_submissions, of_answers = submissions.counts(session), answers.counts(session)
    undecided = submissions.by_state(session, SubmissionState.RECEIVED, SubmissionState.ACKED, limit=1)
    oldest = (now - undecided[0].arrival).total_seconds() if undecided else 0.0
    disk = space(home.root, disk_reserve)
    return [
        Metric("submissions", "submissions by state", _by_state(of_submissions)),
        Metric("answers", "answers by state", _by_state(of_answers)),
        *_today(session, now),
        *_latency(session),
        _one("landed", "files taken and not yet archived", len(waiting(home.landing))),
        _one("undecided_oldest_seconds", "age of the oldest undecided submission", oldest),
        _one("undelivered", "answers on their way", of_answers[AnswerState.PENDING] + of_answers[AnswerState.STAGED]),
        _one("faults", "submissions undecided because of the gateway", len(submissions.faults(session))),
        *_uncollected(session, now),
        _one("unfinished_runs", "scheduled runs in work or at fault", len(scheduled_runs.unfinished(session))),
        *_differences(session),
        _one("disk_free_bytes", "free on the disk of the home", disk.free),
        _one("disk_reserve_bytes", "below this much free, uploads are refused and nothing is decided", disk.reserve),
        _one("deciding_paused", "1 while less is free than the reserve", disk.is_short),
        _one("gateways_working", "1 while a gateway holds the lease", search.holder(session, "exchange") is not None),
    ]


def metrics_text(found: Iterable[Metric]) -> str:
    """Metrics in Prometheus's text format."""
    lines = []
    for metric in found:
        name = f"gridpost_{metric.name}"
        lines += [f"# HELP {name} {metric.tells}", f"# TYPE {name} gauge"]
        for labels, value in metric.values:
            told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
            lines.append(f"{name}{{{told}}} {value:.15g}" if told else f"{name} {value:.15g}")
    return "".join(f"{line}\n" for line in lines)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _one(name: str, tells: str, value: float) -> Metric:
    return Metric(name, tells, (({}, value),))


def _by_state(counts: Mapping[SubmissionState, int] | Mapping[AnswerState, int]) -> tuple[tuple[Labels, float], ...]:
    return tuple(({"state": str(name)}, count) for name, count in counts.items())


def _today(session: Session, now: datetime) -> list[Metric]:
    today, known = london_day(now), file_types()
    flow = pl.when(pl.col("file_type").is_in(known)).then("file_type").otherwise(pl.lit("unknown"))
    received = day.received(session, today).group_by(flow.alias("flow"), "receipt_code").agg(pl.col("files").sum())
    broken = day.broken(session, today).filter(pl.col("severity").is_in(REFUSING))
    return [
        Metric(
            "received_today",
            "files received on this London day, by flow and receipt code",
            tuple(
                ({"flow": name, "receipt": "" if code is None else str(code)}, files)
                for name, code, files in received.sort("flow", "receipt_code").iter_rows()
            ),
        ),
        Metric(
            "refused_today",
            "files of this London day in which a rule refuses something",
            tuple(({"rule": rule}, files) for rule, files in broken["rule", "files"].iter_rows()),
        ),
    ]


def _latency(session: Session) -> list[Metric]:
    found = []
    for name, kind in (("receipt", AnswerKind.RECEIPT), ("report", AnswerKind.REPORT)):
        seconds = pl.Series(latency.seconds(session, kind), dtype=pl.Float64)
        values = tuple(({"quantile": str(at)}, seconds.quantile(at, "higher") or 0.0) for at in QUANTILES)
        tells = f"from the take of a file until its {name} is in the outbox, of the last {latency.LAST:,}"
        found.append(Metric(f"{name}_seconds", tells, values if len(seconds) else ()))
    return found


def _uncollected(session: Session, now: datetime) -> list[Metric]:
    rows = list(day.uncollected(session).iter_rows())
    return [
        Metric(
            "uncollected",
            "answers in the outbox of an account",
            tuple(({"account": account}, files) for account, files, _ in rows),
        ),
        Metric(
            "uncollected_oldest_seconds",
            "age of the oldest answer in the outbox of an account",
            tuple(({"account": account}, (now - at).total_seconds()) for account, _, at in rows),
        ),
    ]


def _differences(session: Session) -> list[Metric]:
    last = scheduled_runs.last_done(session, RECONCILIATION)
    if last is None or last.summary is None or last.finished_at is None:
        return []
    tells = "on how much store and disk disagreed at the last reconciliation"
    return [
        _one("differences", tells, last.summary["differences"]),
        _one("reconciled_at_seconds", "when that was, since 1970", last.finished_at.timestamp()),
    ]
