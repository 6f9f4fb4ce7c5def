"""A small made-up market in which the examples of rules are judged.

Parties: ACME (BP), OTHR (BP, VP) and VOLT (BP, VP, AV), and the central agents UKDC (CD, SA), all since the market's
start.

Signatories: of ACME Ann Archer (A), Fay Fisher (F), Kim Kent (K: may not sign), and Eve Ended (F until 1 November 2026,
the day before most examples are received); of OTHR Otto Orme (F); of VOLT Vera Volt (A).

MSID Pairs, distributors and event days: tests/rules/pairs.py. Declared metering systems and the Settlement Calendar:
tests/rules/demand.py. GC/DC breaches: tests/rules/breaches.py. Other reference frames are empty.

BM Units, with the GC and DC of the register in MW:

| BM Unit | Lead Party | type | GC | DC | |
|---|---|---|---|---|---|
| T_DINO-1 | ACME | T | 99 | -2 | |
| T_ZERO-1 | ACME | T | 0 | 0 | |
| T_NEWU-1 | ACME | T | unknown | unknown | |
| T_OLDE-1 | ACME | T | 10 | -1 | registered until 30 November 2026 |
| T_MOVE-1 | ACME, then OTHR | T | 20 | -1 | moves on 1 December 2026 |
| T_OTTR-1 | OTHR | T | 60 | -1 | |
| E_ABRTW-9 | ACME | E | 15.4 | -5 | |
| E_QUIET-1 | ACME | E | 5 | 0 | its FPN flag is F |
| 2__CACME000 | ACME | G | 40 | -76.1 | Supplier's base unit, GSP Group _C |
| 2__CACME001 | ACME | S | 5 | -0.312 | Supplier's additional unit, GSP Group _C, baselined |
| C__FACME001 | ACME | S | 0 | -7 | CVA-registered, GSP Group _F |
| 2__COTHR000 | OTHR | G | 10 | -20 | Supplier's base unit, GSP Group _C |
| V__FEXMP001 | VOLT | V | 0 | 0 | Secondary BM Unit, GSP Group _F, baselined |
| V__CEXMP001 | VOLT | V | 0 | 0 | Secondary BM Unit, GSP Group _C, since 1 September 2026 |
| I_EAG-ACME1 | ACME | I | 619.82 | 0 | Production |
| I_EAD-ACME1 | ACME | I | 0 | -619.82 | Consumption |
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from ingest.lines import index_lines
from ingest.records import slices
from ingest.structure import structure_of
from market.frames import OPEN_END
from market.layout import layout
from market.policy import Policy, read_policy
from market.reference import BM_UNITS, MARKET_START, PARTIES, SCHEMAS, SIGNATORIES
from rules.catalogue import acceptance_of
from rules.context import FileFacts
from rules.judge import Judgement, judge
from rules.put_in_force import rows_put
from tests.rules import declared
from tests.rules.breaches import gcdc_breaches
from tests.rules.demand import declared_metering_systems, settlement_calendar
from tests.rules.pairs import distributors, event_days, msid_pairs
from validators.fields import field_checks

References = Mapping[str, pl.DataFrame]

RECEIVED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
POLICY: Policy = read_policy((Path(__file__).parents[2] / "policy.toml").read_text()).on(date(2026, 11, 2))

_parties = [
    *(("ACME", "BP"), ("OTHR", "BP"), ("OTHR", "VP"), ("VOLT", "BP"), ("VOLT", "VP"), ("VOLT", "AV")),
    *(("UKDC", "CD"), ("UKDC", "SA")),
]

_signatories = [
    ("ACME", "Ann Archer", "A", OPEN_END),
    ("ACME", "Fay Fisher", "F", OPEN_END),
    ("ACME", "Kim Kent", "K", OPEN_END),
    ("ACME", "Eve Ended", "F", date(2026, 11, 1)),
    ("OTHR", "Otto Orme", "F", OPEN_END),
    ("VOLT", "Vera Volt", "A", OPEN_END),
]

BASELINED = ("2__CACME001", "V__FEXMP001")
"""The Baselined BM Units."""

# BM Unit, Lead Party, type, GSP Group, GC and DC in kW, P/C flag, first and last day
_bm_units = [
    ("T_DINO-1", "ACME", "T", None, 99_000, -2_000, "P", MARKET_START, OPEN_END),
    ("T_ZERO-1", "ACME", "T", None, 0, 0, "P", MARKET_START, OPEN_END),
    ("T_NEWU-1", "ACME", "T", None, None, None, "P", MARKET_START, OPEN_END),
    ("T_OLDE-1", "ACME", "T", None, 10_000, -1_000, "P", MARKET_START, date(2026, 11, 30)),
    ("T_MOVE-1", "ACME", "T", None, 20_000, -1_000, "P", MARKET_START, date(2026, 11, 30)),
    ("T_MOVE-1", "OTHR", "T", None, 20_000, -1_000, "P", date(2026, 12, 1), OPEN_END),
    ("T_OTTR-1", "OTHR", "T", None, 60_000, -1_000, "P", MARKET_START, OPEN_END),
    ("E_ABRTW-9", "ACME", "E", "_K", 15_400, -5_000, "P", MARKET_START, OPEN_END),
    ("E_QUIET-1", "ACME", "E", "_K", 5_000, 0, "P", MARKET_START, OPEN_END),
    ("2__CACME000", "ACME", "G", "_C", 40_000, -76_100, "C", MARKET_START, OPEN_END),
    ("2__CACME001", "ACME", "S", "_C", 5_000, -312, "C", MARKET_START, OPEN_END),
    ("C__FACME001", "ACME", "S", "_F", 0, -7_000, "C", MARKET_START, OPEN_END),
    ("2__COTHR000", "OTHR", "G", "_C", 10_000, -20_000, "C", MARKET_START, OPEN_END),
    ("V__FEXMP001", "VOLT", "V", "_F", 0, 0, "P", MARKET_START, OPEN_END),
    ("V__CEXMP001", "VOLT", "V", "_C", 0, 0, "P", date(2026, 9, 1), OPEN_END),
    ("I_EAG-ACME1", "ACME", "I", None, 619_820, 0, "P", MARKET_START, OPEN_END),
    ("I_EAD-ACME1", "ACME", "I", None, 0, -619_820, "C", MARKET_START, OPEN_END),
]


def references() -> dict[str, pl.DataFrame]:
    """The reference frames of this market, as market.reference declares them."""
    parties = pl.DataFrame(_parties, ["party_id", "role"], orient="row").with_columns(
        effective_from=MARKET_START, effective_to=OPEN_END
    )
    signatories = pl.DataFrame(_signatories, ["party_id", "name", "category", "effective_to"], orient="row")
    columns = (
        *("bm_unit_id", "lead_party_id", "bm_unit_type", "gsp_group_id", "generation_capacity", "demand_capacity"),
        *("production_consumption_flag", "effective_from", "effective_to"),
    )
    bm_units = pl.DataFrame(_bm_units, list(columns), orient="row").with_columns(
        netso_name=pl.col("bm_unit_id").str.slice(2),
        bm_unit_name=pl.col("bm_unit_id"),
        fpn_flag=pl.when(bm_unit_id="E_QUIET-1")
        .then(pl.lit("F"))
        .when(pl.col("bm_unit_type").is_in(["T", "E", "I"]))
        .then(pl.lit("T")),
        baselined=pl.when(pl.col("bm_unit_id").is_in(BASELINED)).then(pl.lit("T")).otherwise(pl.lit("F")),
        interconnector_id=pl.when(pl.col("bm_unit_type") == "I").then(pl.lit("EA")),
    )
    return {
        **{name: schema.to_frame() for name, schema in SCHEMAS.items()},
        "parties": parties.match_to_schema(PARTIES),
        "signatories": signatories.with_columns(effective_from=MARKET_START).select(SIGNATORIES.names()),
        "bm_units": bm_units.select(pl.col(name).cast(dtype) for name, dtype in BM_UNITS.items()),
        "msid_pairs": msid_pairs(),
        "distributors": distributors(),
        "event_days": event_days(),
        "gcdc_breaches": gcdc_breaches(),
        "declarations": declared.declarations(),
        "declared_metering_systems": pl.concat([declared_metering_systems(), declared.declared_metering_systems()]),
        "settlement_calendar": settlement_calendar(),
    }


def judged(
    body: str,
    *,
    flow: str = "K0151001",
    sender: str = "ACME",
    received_at: datetime = RECEIVED_AT,
    known: References | None = None,
    policy: Policy = POLICY,
    slice_records: int = 250_000,
) -> Judgement:
    """The judgement on the records between AAA and ZZZ; the lines count as in a whole file, from 2."""
    lines = index_lines(f"AAA|\n{body}\nZZZ|\n".encode())
    structure = structure_of(lines, layout(flow), 10)
    assert not structure.places, structure.places
    known = references() if known is None else known
    facts = FileFacts(sender, "BP", received_at, policy, known, records=lines.count)
    return judge(layout(flow), slices(lines, structure, slice_records), facts, field_checks)


def in_force_after(
    known: References, judgement: Judgement, received_at: datetime, ref: str, *, flow: str = "K0151001", body: str = ""
) -> dict[str, pl.DataFrame]:
    """The reference frames with what a judgement accepted; the body is needed for flows that are read a second time."""
    puts = acceptance_of(layout(flow)).puts
    if puts is None:
        return dict(known)
    lines = index_lines(f"AAA|\n{body}\nZZZ|\n".encode())
    rows = rows_put(puts, judgement, slices(lines, structure_of(lines, layout(flow), 10)))
    schema = SCHEMAS[puts.frame]
    traced = rows.with_columns(
        pl.lit(received_at).cast(schema["received_at"]).alias("received_at"), pl.lit(ref).alias("submission_ref")
    )
    return {**known, puts.frame: pl.concat([known[puts.frame], traced.select(schema.names())])}


def lines_broken(judgement: Judgement, rule: str) -> list[int]:
    """The lines on which a judgement finds a rule broken, in order."""
    return judgement.breaches.filter(pl.col("rule") == rule)["line"].to_list()
