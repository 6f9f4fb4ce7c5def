"""One scheduled run: worked out without effects, then committed as a whole with its row."""

import logging
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from gateway.dispatch import retry_after
from gateway.office import Office
from gateway.schedule.catalogue import check_named
from gateway.schedule.check import Occasion, Summary
from market.fault import Fault
from store import scheduled_runs
from store.database import writing
from store.tables import ScheduledRun

SILENT_SECONDS = 30.0
"""A run without a heartbeat for so long is taken over."""

_log = logging.getLogger(__name__)


class RunLostError(Fault):
    """Another process has taken the run over: what this one was about to commit is left to that one."""


def carry_out(office: Office, run: ScheduledRun, parameters: Mapping[str, Any]) -> Summary:
    """Carries out a run that this process has taken up; `parameters` are those of schedules.toml.

    Whatever its check raises is kept in the run's row and raised again; the row says when it is tried again. Raises
    RunLostError where it was taken over meanwhile.
    """
    assert run.id is not None
    try:
        check = check_named(run.check)
        occasion = Occasion(
            check=run.check,
            run_id=run.id,
            business_date=run.business_date,
            at=run.due_at,
            now=office.clock(),
            token=run.token,
            engine=office.engine,
            home=office.home,
            parameters={**check.parameters, **parameters},
        )
        with _Heartbeat(office, run.id, run.token):
            apply = check.work(occasion)
            with writing(office.engine) as session:
                if not scheduled_runs.beat(session, run.id, run.token):
                    raise RunLostError(f"run {run.attempt} of {run.check} for {run.business_date} was taken over")
                summary = apply(session)
                scheduled_runs.finish(session, run.id, run.token, summary, at=office.clock())
    except RunLostError:
        raise
    except Exception as error:
        _note_fault(office, run, error)
        raise
    _log.info("run %d of %s for %s: %s", run.attempt, run.check, run.business_date, summary)
    return summary


def _note_fault(office: Office, run: ScheduledRun, error: Exception) -> None:
    """A row that cannot be written now changes nothing: the run falls silent and is taken over."""
    assert run.id is not None
    now = office.clock()
    text = f"{type(error).__name__}: {error}"[:1000]
    next_try_at = now + retry_after(run.token)
    try:
        with writing(office.engine) as session:
            scheduled_runs.note_fault(session, run.id, run.token, text, at=now, next_try_at=next_try_at)
    except Exception:
        _log.exception("the fault of %s for %s cannot be kept", run.check, run.business_date)


class _Heartbeat:
    """Keeps a run from being taken over while it is in work."""

    def __init__(self, office: Office, run_id: int, token: int) -> None:
        self._office = office
        self._run = (run_id, token)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat of a run")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._ended.wait(SILENT_SECONDS / 3):
            try:
                with writing(self._office.engine) as session:
                    if not scheduled_runs.beat(session, *self._run):
                        return
            except Exception:
                _log.exception("a heartbeat is left out")
