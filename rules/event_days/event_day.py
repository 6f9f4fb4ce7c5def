"""A pair's event days (P0323001): EVT-01, EVT-02, EVT-03."""

import polars as pl

from market.in_force import event_days_in_force
from market.severity import Severity
from rules.acceptance import Acceptance, PutInForce
from rules.baselining.allocation import IMPORT_ID
from rules.baselining.pair import PAIR_KEY
from rules.context import Context, FileFacts
from rules.event_days import EVENT
from rules.rule import Example, RecordTest, Rule

_DAYS_BACK = 30


def words_on_event_days(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted records as market.reference.EVENT_DAYS without the columns of the submission."""
    return effect.select(
        "bm_unit_id",
        pl.col("msid_pair_indicator").alias("pair_indicator"),
        pl.col("import_msid", "import_amsid").cast(pl.String),
        *("event_day", "event_day_type", "line"),
    )


EVENT_DAYS = Acceptance(
    flow=EVENT,
    units=("PW1",),
    key=("bm_unit_id", "pair.import_id", "event_day"),
    effect=(
        *("participant_id", "bm_unit_id", "msid_pair_indicator", "import_amsid", "import_msid"),
        *("event_day", "event_day_type"),
    ),
    puts=PutInForce("event_days", words_on_event_days),
)
"""One record. The effect is all of its items, typed."""

_OWN = (*PAIR_KEY.values(), "event_day")
_KEY = (*PAIR_KEY, "event_day")


def _on_record(facts: FileFacts) -> pl.DataFrame:
    on_record = event_days_in_force(facts.references["event_days"]).with_columns(IMPORT_ID)
    return on_record.select(*_KEY, pl.lit(True).alias("record.found")).unique(_KEY)


def _record(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    on_record = facts.once("event days on record", _on_record).rename(dict(zip(_KEY, _OWN, strict=True)))
    joined = rows.join(on_record, on=_OWN, how="left", maintain_order="left")
    return joined.with_columns(pl.col("record.found").fill_null(False))


record = Context("record", EVENT, "PW1", _OWN, _record, frames=("event_days",))
"""`record.found`: whether the event day is on record for the pair in the BM Unit: set, and not deleted since."""

_day = pl.col("event_day").dt.strftime("%Y%m%d")
_received = pl.col("file.received_day").dt.strftime("%Y%m%d")

EVT_01 = Rule(
    id="EVT-01",
    title="An event day is not in the future.",
    severity=Severity.ERROR,
    flows=(EVENT,),
    stage="timing",
    source="IDD P0323",
    why="An event day is told once something has happened on it.",
    passes=Example("PW1|VOLT|V__CEXMP001|T||1200012345679|20261101|B|", flow=EVENT, sender="VOLT"),
    fails=Example("PW1|VOLT|V__CEXMP001|T||1200012345679|20261103|B|", breaks=(2,), flow=EVENT, sender="VOLT"),
    tests=(
        RecordTest(
            flow=EVENT,
            record="PW1",
            item="event_day",
            reads=("event_day",),
            broken=pl.col("event_day") > pl.col("file.received_day"),
            message="Event Day is {day}, after the day of receipt, {received}",
            evidence={"day": _day, "received": _received},
        ),
    ),
)

EVT_02 = Rule(
    id="EVT-02",
    title="Type D deletes only an event day that is on record.",
    severity=Severity.ERROR,
    flows=(EVENT,),
    stage="reference",
    source="IDD P0323",
    why="Deleting what is not there is more often a slip of the day or the pair.",
    passes=Example(
        "PW1|VOLT|V__CEXMP001|T||1200012345679|20261020|D|",
        flow=EVENT,
        sender="VOLT",
        note="20 October 2026 is on record for the pair, 21 October was deleted.",
    ),
    fails=Example(
        "PW1|VOLT|V__CEXMP001|T||1200012345679|20261021|D|",
        breaks=(2,),
        flow=EVENT,
        sender="VOLT",
        note="20 October 2026 is on record for the pair, 21 October was deleted.",
    ),
    tests=(
        RecordTest(
            flow=EVENT,
            record="PW1",
            item="event_day_type",
            reads=("bm_unit_id", "event_day", "event_day_type", "pair.import_id", "registration.lead_party_id"),
            optional=("import_msid", "import_amsid"),
            # nothing is told of the event days of another party's BM Unit
            when=(pl.col("event_day_type") == "D")
            & pl.col("pair.readable")
            & (pl.col("registration.lead_party_id") == pl.col("file.sender")),
            broken=~pl.col("record.found"),
            message="Event Day Type D deletes {day} of {import_id} in {unit}, which is not on record",
            evidence={"day": _day, "import_id": pl.col("pair.import_id"), "unit": pl.col("bm_unit_id")},
        ),
    ),
)

EVT_03 = Rule(
    id="EVT-03",
    title=f"An event day is not more than {_DAYS_BACK} days back.",
    severity=Severity.WARNING,
    flows=(EVENT,),
    stage="timing",
    source="IDD P0323 (reading)",
    why="Baselines that the day was part of are settled already; so late a word is often a slip of the date.",
    passes=Example("PW1|VOLT|V__CEXMP001|T||1200012345679|20261023|B|", flow=EVENT, sender="VOLT"),
    fails=Example("PW1|VOLT|V__CEXMP001|T||1200012345679|20260923|B|", breaks=(2,), flow=EVENT, sender="VOLT"),
    tests=(
        RecordTest(
            flow=EVENT,
            record="PW1",
            item="event_day",
            reads=("event_day",),
            broken=pl.col("event_day") < pl.col("file.received_day").dt.offset_by(f"-{_DAYS_BACK}d"),
            message="Event Day is {day}, more than {most} days before the day of receipt, {received}",
            evidence={"day": _day, "most": pl.lit(_DAYS_BACK), "received": _received},
        ),
    ),
)
