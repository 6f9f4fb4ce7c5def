"""The day of a BM Unit as a whole: its periods, its totals, against what was on record (NFD-04, 05, 13, 14)."""

import polars as pl

from market.number_text import mwh_text
from market.severity import Severity
from rules.demand import FLOW
from rules.demand.examples import declared, undeclared
from rules.rule import Example, RecordTest, Rule

_LONG_DAY, _SHORT_DAY = "20261025", "20260329"

NFD_04 = Rule(
    id="NFD-04",
    title="Every Settlement Period of the date stands once and in order: 46, 48 or 50.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="BSC; clock change",
    why="A day with a half-hour too few or too many is another day, or one with a period lost.",
    passes=Example(undeclared(day=_LONG_DAY, periods=50), flow=FLOW),
    fails=Example(undeclared(day=_LONG_DAY, periods=48), breaks=(3,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFU",
            item=None,
            reads=("order.periods", "NFH.day.periods"),
            broken=pl.col("order.periods") != pl.col("NFH.day.periods"),
            message="{found} periods stand below, {day} has {due}",
            evidence={
                "found": pl.col("order.periods"),
                "day": pl.col("NFH.day.text"),
                "due": pl.col("NFH.day.periods"),
            },
        ),
        RecordTest(
            flow=FLOW,
            record="NFU",
            item=None,
            reads=("order.periods", "NFH.day.periods"),
            when=pl.col("order.periods") == pl.col("NFH.day.periods"),
            broken=pl.col("order.place") > 0,
            message="period {stray} stands in place {place} of {due}",
            evidence={
                "stray": pl.col("order.stray"),
                "place": pl.col("order.place"),
                "due": pl.col("NFH.day.periods"),
            },
        ),
    ),
)


def _total_test(item: str, name: str) -> RecordTest:
    total, sum_ = pl.col(item).fill_null(0), pl.col(f"sum.{item}")
    return RecordTest(
        flow=FLOW,
        record="NFT",
        item=item,
        reads=(f"sum.{item}",),
        optional=(item,),
        when=None if item == "non_final_demand" else pl.col(item).is_not_null(),
        broken=total != sum_,
        message=f"{name} of the day is {{total}}, its periods make {{sum}}",
        evidence={"total": mwh_text(total), "sum": mwh_text(sum_)},
    )


NFD_05 = Rule(
    id="NFD-05",
    title="Day totals are the exact sums of the periods.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="SVA catalogue",
    why="A total that differs tells that a period was changed or lost on the way; an empty one counts as 0.",
    passes=Example(undeclared(), flow=FLOW),
    fails=Example(declared(total=("600", "108", "491.99")), breaks=(52,), flow=FLOW),
    tests=(
        _total_test("gross_demand", "Gross Demand"),
        _total_test("non_final_demand", "Non-Final Demand"),
        _total_test("corrected_demand", "Corrected Demand"),
    ),
)

NFD_13 = Rule(
    id="NFD-13",
    title="A later file for the same date, run and BM Unit replaces the earlier one; both stay on record.",
    severity=Severity.INFORMATION,
    flows=(FLOW,),
    stage="cross",
    source="BSCP508",
    why="Whoever sends twice is told which of the two counts.",
    passes=Example(undeclared(), flow=FLOW),
    fails=Example(
        undeclared(other={1: ("12.6", "", "12.6")}),
        breaks=(3,),
        flow=FLOW,
        before=(undeclared(),),
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFU",
            item="bm_unit_id",
            reads=("bm_unit_id", "history.replaced_at"),
            broken=pl.lit(True),
            message="the demand of {of} in this run replaces that received {received_at} GMT",
            evidence={
                "of": pl.concat_str("bm_unit_id", pl.lit(" on "), "NFH.day.text"),
                "received_at": pl.col("history.replaced_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
            },
        ),
    ),
)

_now, _then = pl.col("non_final_demand").fill_null(0), pl.col("NFU.history.non_final")
_usual = pl.col("NFU.history.usual_change")

NFD_14 = Rule(
    id="NFD-14",
    title="Against the previous run, the day's non-final demand does not change by more than run_change_pct (policy, "
    "60).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Later runs mend estimates; one that turns a day over is worth a second look.",
    passes=Example(declared(("12.5", "2.3", "10.2"), run="R1"), flow=FLOW, before=(declared(),)),
    fails=Example(declared(("12.5", "4.05", "8.45"), run="R1"), breaks=(52,), flow=FLOW, before=(declared(),)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFT",
            item="non_final_demand",
            reads=("NFU.history.non_final",),
            optional=("non_final_demand",),
            broken=(_now - _then).abs() > _usual,
            message="Non-Final Demand of the day is {now} after {then} in run {run}, a change of {change}; up to "
            "{usual} is usual",
            evidence={
                "now": mwh_text(_now),
                "then": mwh_text(_then),
                "run": pl.col("NFU.history.run"),
                "change": mwh_text((_now - _then).abs()),
                "usual": mwh_text(_usual),
            },
        ),
    ),
)
