"""Submissions received later that are about what another put in force."""

import polars as pl
from sqlmodel import Session

from gateway.valuation import Valuation
from market.layout import layout
from rules.catalogue import acceptance_of
from store import effects, record_sets, reference
from store.tables import Submission


def built_on(session: Session, submission: Submission, valuation: Valuation, refused: pl.DataFrame) -> list[str]:
    """The submissions received after one whose effects are about the BM Units, or the days, of units that flip.

    `refused` are the units that flip to refused (market.frames.UNITS); they are told for the operator to look at.
    """
    puts = acceptance_of(layout(valuation.header.file_type)).puts
    if puts is None or refused.is_empty():
        return []
    after = (submission.received_at, submission.ref)
    if puts.frame in reference.VOLUMES:
        kind, days = reference.VOLUMES[puts.frame], valuation.read.days
        return [] if days is None else record_sets.later(session, kind, submission.party_id, days, after)
    if puts.frame not in effects.KINDS:
        return []
    units = valuation.judgement.refused.join(refused, on=["key", "line"], how="semi")
    subject = effects.KINDS[puts.frame].subject
    if subject not in units.columns:
        return []
    return effects.later(session, puts.frame, units[subject].drop_nulls().unique().to_list(), after)
