"""Loading metered volumes of BM Units: a C0421002 file, or the signed CSV that carries Supplier BM Units too."""

from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from gateway.reference_flow import flow_file, not_loaded
from market.home import Home
from rules.metered import FLOW
from rules.metered.units import metered_volumes
from store import metered_volumes as stored
from store.metered_volumes import MeteredVolumesLoad
from store.reference_file import read_text


def load(session: Session, home: Home, path: Path, *, at: datetime, actor: str) -> MeteredVolumesLoad:
    """Loads a file of metered volumes; of a BM Unit, day and period the latest run counts, of a run the last received.

    Raises OSError where the file cannot be read, and RefusedError, with its problems, where it is not as it must be;
    it then changes nothing.
    """
    with path.open("rb") as file:
        is_flow = file.read(4) == b"AAA|"
    rows = _of_flow(session, path, at) if is_flow else stored.parsed(read_text(path), path.name)
    return stored.load(session, home, rows, path, at=at, actor=actor)


def _of_flow(session: Session, path: Path, at: datetime) -> pl.DataFrame:
    judgement = flow_file(session, path, FLOW, at=at).judgement
    rows = metered_volumes(judgement.effect)
    beyond = sum(judgement.effect["periods.numbers"].list.len()) - rows.height
    if beyond:
        raise not_loaded(path, [f"{beyond} of its periods are on no day that has them"])
    return rows
