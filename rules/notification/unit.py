"""The BM Unit that is notified, by its BSC id or its NETSO name (PNS-02, PNS-05, PNS-09, PNR-03, PNT-02)."""

import numpy as np
import polars as pl

from market.profile import Numbers, pieces
from market.severity import Severity
from rules.context import Context, FileFacts
from rules.identity.bm_unit import REGISTRATION
from rules.notification import FLOW, LED_BY_SENDER, gmt_text
from rules.notification.day import settlement_day
from rules.notification.segment import HEAD
from rules.rule import Example, FileTest, RecordTest, Rule

_DAY = "PNH.settlement_date"
_COLUMNS = (*REGISTRATION, "fpn_flag", "bm_unit_id")
_NEWEST = ("effective_from", "received_at", "submission_ref", "line")


def _registered(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    """The registrations of the Settlement Day by each name that a file may use: `name`, `registration.<column>`.

    The BSC id comes before an equal NETSO name; of units that share a NETSO name the sender's comes first.
    """
    day = rows[_DAY].first()
    on_day = facts.references["bm_units"].filter(
        pl.lit(day, pl.Date).is_between("effective_from", "effective_to").fill_null(False)
    )
    by_netso_name = on_day.filter(pl.col("netso_name").is_not_null()).sort(
        pl.col("lead_party_id") != facts.sender, maintain_order=True
    )
    named = pl.concat(
        [
            on_day.select(pl.col("bm_unit_id").alias("name"), *_COLUMNS),
            by_netso_name.select(pl.col("netso_name").alias("name"), *_COLUMNS),
        ]
    ).unique("name", keep="first", maintain_order=True)
    return named.select("name", pl.col(*_COLUMNS).name.prefix("registration."))


def _registration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    named = facts.once("notified names", lambda facts: _registered(facts, rows))
    joined = rows.join(named, left_on="bm_unit_id", right_on="name", how="left", maintain_order="left")
    return joined.with_columns(pl.col("registration.bm_unit_id").is_not_null().alias("registration.found"))


registration = Context("registration", FLOW, "PNU", ("bm_unit_id", _DAY), _registration, frames=("bm_units",))
"""The BM Unit's registration on the Settlement Day, whichever name stands in the file: REGISTRATION, `.fpn_flag`,
`.bm_unit_id` (the BSC id) and whether there is one as `registration.found`."""


def _changed(facts: FileFacts, rows: pl.DataFrame) -> pl.DataFrame:
    values = facts.references["capacity_values"]
    newest = values.filter(pl.col("effective_from") <= rows[_DAY].first()).sort(_NEWEST)
    newest = newest.unique("bm_unit_id", keep="last")
    return newest.select("bm_unit_id", pl.col("generation_capacity", "demand_capacity").name.prefix("value_in_force."))


def _value_in_force(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    changed = facts.once("capacities changed", lambda facts: _changed(facts, rows))
    joined = rows.join(
        changed, left_on="registration.bm_unit_id", right_on="bm_unit_id", how="left", maintain_order="left"
    )
    return joined.with_columns(
        pl.coalesce(pl.when(LED_BY_SENDER).then(f"value_in_force.{column}"), f"registration.{column}").alias(
            f"value_in_force.{column}"
        )
        for column in ("generation_capacity", "demand_capacity")
    )


value_in_force = Context(
    "value_in_force",
    FLOW,
    "PNU",
    (
        *(_DAY, "registration.bm_unit_id", "registration.lead_party_id"),
        *("registration.generation_capacity", "registration.demand_capacity"),
    ),
    _value_in_force,
    frames=("bm_units", "capacity_values"),
)
"""GC and DC in force on the Settlement Day, in kW; of a BM Unit that another party leads, the register's."""


def _periods_touched(segments: pl.DataFrame, rows: pl.DataFrame) -> Numbers:
    """How many periods of the day the segments below each row touch."""
    day = settlement_day(rows, _DAY)
    if day is None:
        return np.zeros(rows.height, np.int64)
    found = pieces(segments.select("up", "time_from", "time_to"), day)
    touched = np.unique(found["up"].to_numpy().astype(np.int64) * 64 + found["settlement_period"].to_numpy())
    return np.bincount(touched // 64, minlength=rows.height)


def _notified(
    rows: pl.DataFrame, facts: FileFacts, pnl: pl.DataFrame, mel: pl.DataFrame, mil: pl.DataFrame
) -> pl.DataFrame:
    counts = [np.bincount(frame["up"].to_numpy(), minlength=rows.height) for frame in (pnl, mel, mil)]
    known = facts.references["notifications"].filter(
        (pl.col("kind") == "PN") & (pl.col("settlement_date") == rows[_DAY].first())
    )["bm_unit_id"]
    return rows.with_columns(
        pl.Series("notified.segments", np.sum(counts, axis=0)),
        pl.Series("notified.pn_segments", counts[0]),
        pl.Series("notified.periods", _periods_touched(pnl, rows)),
        (LED_BY_SENDER & ~pl.col("registration.bm_unit_id").is_in(known.unique().implode())).alias("notified.first"),
    )


notified = Context(
    "notified",
    FLOW,
    "PNU",
    (_DAY, "registration.bm_unit_id", "registration.lead_party_id"),
    _notified,
    frames=("bm_units", "notifications"),
    others=("PNL", "MEL", "MIL"),
)
"""How many segments of any kind stand below as `notified.segments`, of PN as `.pn_segments`, how many periods these
touch as `.periods`; `.first` tells whether no PN of the BM Unit and day was accepted before, null where the BM Unit is
not registered."""

_unit = pl.col("bm_unit_id")
_day = pl.col(_DAY).dt.strftime("%Y%m%d")
_first_pn = pl.col("notified.first") & (pl.col("notified.pn_segments") > 0)
_WHOLE_DAY = "PNL|20261103000000|45|20261104000000|45|"

PNS_02 = Rule(
    id="PNS-02",
    title="A BM Unit has at least one PN, MEL or MIL segment.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A BM Unit without segments is told nothing of; its lines may have been lost.",
    passes=Example(HEAD + "PNL|20261103100000|45|20261103103000|45|", flow=FLOW),
    fails=Example(HEAD + "PNU|T_ZERO-1|\nPNL|20261103100000|0|20261103103000|0|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item=None,
            reads=(),
            broken=pl.col("notified.segments") == 0,
            message="{unit} has 0 PN, MEL and MIL segments, the least is 1",
            evidence={"unit": _unit},
        ),
    ),
)

PNS_05 = Rule(
    id="PNS-05",
    title="The first PN for a day covers every Settlement Period of its Settlement Day (46, 48 or 50).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="BC1.4.2",
    why="A period that nobody has notified has no PN from which to balance.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example(HEAD + "PNL|20261103003000|45|20261104000000|45|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", _DAY, "PNH.day.periods"),
            when=_first_pn,
            broken=pl.col("notified.periods") < pl.col("PNH.day.periods"),
            message="the first PN of {unit} for {day} is for {covered} of {periods} Settlement Periods",
            evidence={
                "unit": _unit,
                "day": _day,
                "covered": pl.col("notified.periods"),
                "periods": pl.col("PNH.day.periods"),
            },
        ),
    ),
)

PNS_09 = Rule(
    id="PNS-09",
    title="A BM Unit stands once in a file; the same unit under its BSC id and its NETSO name is the same unit.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Which of two profiles of one BM Unit is meant cannot be known.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example(HEAD + f"{_WHOLE_DAY}\nPNU|DINO-1|\n{_WHOLE_DAY}", breaks=(3, 5), flow=FLOW),
    tests=(
        FileTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.bm_unit_id"),
            repeated=("registration.bm_unit_id",),
            among={
                "rows": pl.len().over("registration.bm_unit_id"),
                "first_line": pl.col("line").min().over("registration.bm_unit_id"),
            },
            broken=pl.lit(True),
            message="{name} is {unit}, which stands {rows} times in the file, first on line {line}",
            evidence={
                "name": _unit,
                "unit": pl.col("registration.bm_unit_id"),
                "rows": pl.col("among.rows"),
                "line": pl.col("among.first_line"),
            },
        ),
    ),
)

PNR_03 = Rule(
    id="PNR-03",
    title="The BM Unit's FPN flag is set.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="CRA N0110",
    why="Of a BM Unit without the flag Settlement takes no PN.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW),
    fails=Example("PNH|20261103|\nPNU|E_QUIET-1|\nPNL|20261103000000|4|20261104000000|4|", breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", "registration.fpn_flag"),
            broken=pl.col("registration.fpn_flag") != "T",
            message="the FPN flag of {unit} is {flag}, not T",
            evidence={"unit": _unit, "flag": pl.col("registration.fpn_flag")},
        ),
    ),
)

PNT_02 = Rule(
    id="PNT-02",
    title="The first PN for a day is received by 11:00 London time on the day before.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="timing",
    source="BC1.4.2",
    why="The plan of the day is made from the PNs of the morning before.",
    passes=Example(HEAD + _WHOLE_DAY, flow=FLOW, received_at="2026-11-02T10:45:00Z"),
    fails=Example(HEAD + _WHOLE_DAY, breaks=(3,), flow=FLOW, received_at="2026-11-02T11:20:00Z"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="PNU",
            item="bm_unit_id",
            reads=("bm_unit_id", _DAY, "PNH.day.first_by"),
            when=_first_pn,
            broken=pl.col("file.received_at") > pl.col("PNH.day.first_by"),
            message="the first PN of {unit} for {day} is received {received_at} GMT, the latest is {first_by} GMT",
            evidence={
                "unit": _unit,
                "day": _day,
                "received_at": gmt_text(pl.col("file.received_at")),
                "first_by": gmt_text(pl.col("PNH.day.first_by")),
            },
        ),
    ),
)
