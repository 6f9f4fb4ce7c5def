"""Loading reference files: dated rows added, corrected and ended, and everything told that was not as expected."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import audit, bulk, dated, frames, register
from store.dated_tables import PARTY_ROLES
from store.reference_file import PROBLEMS, ReferenceFileError, checked, kilowatts, read_text
from store.reference_kinds import KINDS, Kind
from store.refused import RefusedError
from store.tables import Party, ReferenceLoad


@dataclass(frozen=True)
class Summary:
    """What a load did, in rows. `skipped` and `told` are frames of `store.register.LINES`.

    `corrected` rows had other values, `ended` ones another last day; `parties_added` were not known before.
    """

    kind: str
    version: int
    added: int
    corrected: int
    ended: int
    unchanged: int
    parties_added: int
    skipped: pl.DataFrame
    told: pl.DataFrame


def load(session: Session, kind: str, path: Path, *, at: datetime, actor: str) -> Summary:
    """Loads a reference file and gives what it did.

    Raises ReferenceFileError, with every problem, where the file is not as its kind says, and RefusedError for a
    kind that cannot be loaded.
    """
    if kind not in KINDS:
        raise RefusedError(f"{kind} is no kind of reference data that can be loaded; there are {', '.join(KINDS)}")
    text = read_text(path)
    skipped, leading = register.LINES.to_frame(), None
    source = text
    if kind == "bm-units" and register.is_register(text):
        source, skipped, leading = register.units(text), register.without_id(text), register.lead_parties(text)
    rows = checked(KINDS[kind], source, path.name)
    if kind == "parties":
        _check_names(rows, path.name)
        leading = rows.select("party_id", "role", name="party_name")
    parties_added = 0 if leading is None else _add_parties(session, kind, leading, at=at)
    told = _unknown_parties(session, rows, kind)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    done = dated.begin(session, kind, at=at, file_name=path.name, sha256=digest)
    done.skipped = skipped.height
    dated.apply(session, KINDS[kind].dated, _wanted(KINDS[kind], rows), done)
    summary = _summary(done, parties_added, skipped, pl.concat([told, _without_capacity(rows, kind)]).sort("line"))
    _audit(session, summary, path.name, digest, at, actor)
    return summary


def _wanted(kind: Kind, rows: pl.DataFrame) -> pl.DataFrame:
    if kind.name == "bm-units":
        rows = rows.with_columns(
            pl.col("baselined").fill_null("F"),
            generation_capacity_kw=kilowatts("generation_capacity"),
            demand_capacity_kw=kilowatts("demand_capacity"),
        )
    return rows.select(*kind.dated.schema.names(), *dated.BOUNDS.names())


def _add_parties(session: Session, kind: str, named: pl.DataFrame, *, at: datetime) -> int:
    """Adds the parties that are not known; of a register also their roles, of a parties file also new names."""
    known = frames.read(
        session,
        select_columns(col(Party.party_id), col(Party.name)),
        pl.Schema({"party_id": pl.String, "known": pl.String}),
    )
    parties = named.unique("party_id", keep="first", maintain_order=True)
    fresh = parties.join(known, on="party_id", how="anti")
    bulk.insert(session, "party", fresh.select("party_id", "name"))
    if kind == "parties":
        renamed = parties.join(known, on="party_id").filter(pl.col("name") != pl.col("known"))
        _rename(session, dict(renamed.select("party_id", "name").iter_rows()), at=at)
        return fresh.height
    if fresh.height:
        roles = named.join(fresh, on="party_id", how="semi").select("party_id", "role")
        opened = dated.begin(session, "parties", at=at)
        dated.apply(session, PARTY_ROLES, roles.join(_always(), how="cross"), opened)
    return fresh.height


def _always() -> pl.DataFrame:
    return pl.DataFrame({"effective_from": [MARKET_START], "effective_to": [OPEN_END]})


def _rename(session: Session, names: dict[str, str], *, at: datetime) -> None:
    for party in session.exec(select(Party).where(col(Party.party_id).in_(names))):
        audit.write(
            session,
            at=at,
            actor="reference load",
            action="rename",
            subject_kind="party",
            subject=party.party_id,
            detail={"from": party.name, "to": names[party.party_id]},
        )
        party.name = names[party.party_id]


def _check_names(rows: pl.DataFrame, file_name: str) -> None:
    first = pl.col("party_name").first().over("party_id", order_by="line")
    differing = rows.with_columns(first=first).filter(pl.col("party_name") != pl.col("first"))
    if not differing.is_empty():
        message = pl.format("{} is named {} on an earlier line", "party_id", "first")
        problems = differing.select(pl.col("line").cast(pl.UInt32), column=pl.lit("party_name"), message=message)
        raise ReferenceFileError(file_name, problems.select(PROBLEMS.names()))


def _unknown_parties(session: Session, rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    column = {"bm-units": "lead_party_id", "signatories": "party_id"}.get(kind)
    if column is None:
        return register.LINES.to_frame()
    known = frames.read(session, select_columns(col(Party.party_id)), pl.Schema({column: pl.String}))
    unknown = rows.join(known, on=column, how="anti")
    message = pl.format("{} is no party that is known yet", column)
    return unknown.select(pl.col("line").cast(pl.UInt32), message=message)


def _without_capacity(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    if kind != "bm-units":
        return register.LINES.to_frame()
    lacking = rows.filter(pl.col("generation_capacity").is_null() | pl.col("demand_capacity").is_null())
    which = (
        pl.when(pl.col("demand_capacity").is_not_null())
        .then(pl.lit("GC"))
        .when(pl.col("generation_capacity").is_not_null())
        .then(pl.lit("DC"))
        .otherwise(pl.lit("GC and DC"))
    )
    message = pl.format("{} stands without {}: kept as unknown", "bm_unit_id", which)
    return lacking.select(pl.col("line").cast(pl.UInt32), message=message)


def _summary(done: ReferenceLoad, parties_added: int, skipped: pl.DataFrame, told: pl.DataFrame) -> Summary:
    return Summary(
        kind=done.kind,
        version=done.id or 0,
        added=done.added,
        corrected=done.corrected,
        ended=done.ended,
        unchanged=done.unchanged,
        parties_added=parties_added,
        skipped=skipped,
        told=told,
    )


def _audit(session: Session, summary: Summary, file_name: str, digest: str, at: datetime, actor: str) -> None:
    counted = {name: value for name, value in asdict(summary).items() if isinstance(value, int)}
    told = {"file": file_name, "sha256": digest, "skipped": summary.skipped.height, **counted}
    audit.loaded(session, summary.kind, told, at=at, actor=actor)
