"""The tables of the store. Times are UTC and always aware; capacities are whole kW; dates are London days."""

from store.tables.calendar import SettlementCalendarRow
from store.tables.declarations import Declaration, DeclarationId, DeclaredMeteringSystem
from store.tables.effects import (
    BaseliningDetail,
    BaseliningStatus,
    CapacityValue,
    Effect,
    EffectChange,
    EventDay,
    RecordSet,
    Traced,
)
from store.tables.exchange import Answer, Breach, Run, Submission, ToldUnits
from store.tables.gcdc_breaches import GcdcBreach, GcdcBreachDay, GcdcChallenge, GcdcEvaluation
from store.tables.journal import Audit, Lease, NumberAhead, PolicyVersion, Sequence
from store.tables.parties import Account, AccountKey, Party, PartyRole, Signatory
from store.tables.reference import BmUnit, Distributor, MsidPair, ReferenceLoad
from store.tables.row import Row
from store.tables.schedule import Notice, ScheduledRun
from store.tables.signed_receipts import ReceiptChain, ReceiptKey

METADATA = Row.metadata

__all__ = [
    "METADATA",
    "Account",
    "AccountKey",
    "Answer",
    "Audit",
    "BaseliningDetail",
    "BaseliningStatus",
    "BmUnit",
    "Breach",
    "CapacityValue",
    "Declaration",
    "DeclarationId",
    "DeclaredMeteringSystem",
    "Distributor",
    "Effect",
    "EffectChange",
    "EventDay",
    "GcdcBreach",
    "GcdcBreachDay",
    "GcdcChallenge",
    "GcdcEvaluation",
    "Lease",
    "MsidPair",
    "Notice",
    "NumberAhead",
    "Party",
    "PartyRole",
    "PolicyVersion",
    "ReceiptChain",
    "ReceiptKey",
    "RecordSet",
    "ReferenceLoad",
    "Row",
    "Run",
    "ScheduledRun",
    "Sequence",
    "SettlementCalendarRow",
    "Signatory",
    "Submission",
    "ToldUnits",
    "Traced",
]
