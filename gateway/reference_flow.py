"""Reference data that come as a file of a flow and that an operator loads: a whole and well-formed file, or none."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from gateway.bodies import Body
from gateway.pipeline import read_through
from ingest.envelope import Refusal
from ingest.records import SLICE_RECORDS
from market.clock import london_day
from market.header import Header
from rules.context import FileFacts
from rules.judge import Judgement, judge
from store import policy
from store.refused import RefusedError
from validators.fields import field_checks

_TOLD = 10


@dataclass(frozen=True)
class FlowFile:
    """A well-formed file of a flow: its bytes, its body, and the judgement on it, which refuses nothing."""

    received: bytes
    body: Body
    judgement: Judgement


def flow_file(session: Session, path: Path, flow: str, *, at: datetime) -> FlowFile:
    """The file at `path`, judged as one of that flow without reference data.

    Raises OSError where it cannot be read, and RefusedError, with its first problems, where it is no whole and
    well-formed file of the flow.
    """
    received = path.read_bytes()
    policy_ = policy.in_force(session).on(london_day(at))
    reading, body = read_through(received, path.name, policy_)
    if isinstance(reading.header, Refusal) or reading.body is not None:
        refused = reading.header if isinstance(reading.header, Refusal) else reading.body
        raise not_loaded(path, [data for _, data in refused.entries] if refused else [])
    if not isinstance(reading.header, Header) or reading.header.file_type != flow or body is None:
        raise not_loaded(path, [f"it is no {flow}"])
    facts = FileFacts(reading.header.from_id, reading.header.from_role, at, policy_, {}, records=body.records)
    judgement = judge(body.layout, body.slices(SLICE_RECORDS), facts, field_checks)
    errors = judgement.breaches.filter(pl.col("severity") == "E")
    if not errors.is_empty():
        raise not_loaded(path, [f"line {line}: {rule} {why}" for line, rule, why in _told(errors)])
    return FlowFile(received, body, judgement)


def not_loaded(path: Path, why: list[str]) -> RefusedError:
    """The refusal of a file, with the first of its problems."""
    more = ["and more"] if len(why) > _TOLD else []
    return RefusedError("\n".join([f"{path.name} is not loaded", *why[:_TOLD], *more]))


def _told(errors: pl.DataFrame) -> list[tuple[int, str, str]]:
    return errors.select("line", "rule", "message").head(_TOLD + 1).rows()
