"""The MSIDs that a record names: well made, of a distributor of the GSP Group. A flow joins with a line in NAMED."""

from dataclasses import dataclass

import polars as pl

from market.msid import LENGTH, check_digit_expr, distributor_expr, has_length_expr, is_msid_expr
from market.severity import Severity
from rules.context import Context, Dated, FileFacts
from rules.identity.gsp_group import is_gsp_group
from rules.rule import Example, RecordTest, Rule


@dataclass(frozen=True)
class NamedMsid:
    """An item that is an MSID; where its distributor is looked at, the columns of the GSP Group and of the day."""

    flow: str
    record: str
    msid: str
    group: str | None = None
    day: str | None = None


NAMED = (
    NamedMsid("P0326001", "PT1", "import_msid"),
    NamedMsid("P0323001", "PW1", "import_msid"),
    NamedMsid("P0282002", "MSJ", "import_msid", "MSB.gsp_group_id", "MSA.settlement_date"),
    NamedMsid("P0282002", "MSJ", "export_msid", "MSB.gsp_group_id", "MSA.settlement_date"),
    NamedMsid("K4191001", "MSI", "msid", "gsp_group_id", "effective_from_date"),
)
"""Every item to which IDN-05 applies, and IDN-06 where it has a day. AMSIDs have no check digit of this kind."""

_LENGTH_TOLD = f"{{msid}} is no number of {LENGTH} digits"
_DIGIT_TOLD = "the check digit of {msid} is {digit}, its first twelve digits make {made}"


def _length_test(named: NamedMsid) -> RecordTest:
    return RecordTest(
        flow=named.flow,
        record=named.record,
        item=named.msid,
        reads=(named.msid,),
        broken=~has_length_expr(pl.col(named.msid)),
        message=_LENGTH_TOLD,
        evidence={"msid": pl.col(named.msid)},
    )


def _digit_test(named: NamedMsid) -> RecordTest:
    msid = pl.col(named.msid)
    return RecordTest(
        flow=named.flow,
        record=named.record,
        item=named.msid,
        reads=(named.msid,),
        when=has_length_expr(msid),
        broken=~is_msid_expr(msid),
        message=_DIGIT_TOLD,
        evidence={"msid": msid, "digit": msid % 10, "made": check_digit_expr(msid)},
    )


IDN_05 = Rule(
    id="IDN-05",
    title="An MSID has 13 digits and its check digit holds: sum of the first twelve times "
    "3,5,7,13,17,19,23,29,31,37,41,43, modulo 11, modulo 10.",
    severity=Severity.ERROR,
    flows=tuple(dict.fromkeys(named.flow for named in NAMED)),
    stage="field",
    source="MPAN core",
    why="A digit mistyped or two exchanged name another's metering system or none; the check digit tells.",
    passes=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\nMSP|1|0.5|", flow="P0282002", sender="VOLT"
    ),
    fails=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345678||\nMSP|1|0.5|",
        breaks=(5,),
        flow="P0282002",
        sender="VOLT",
    ),
    tests=tuple(test(named) for named in NAMED for test in (_length_test, _digit_test)),
)

_SERVED = tuple((named, named.group, named.day) for named in NAMED if named.group and named.day)


def _served(facts: FileFacts) -> Dated:
    return Dated(facts.references["distributors"], ("distributor_id", "gsp_group_id"), ())


def _distributor(named: NamedMsid, group: str, day: str) -> Context:
    """The context of one MSID: the first two digits, and whether they are a distributor serving the group that day."""
    name = f"{named.msid}_distributor"

    def join(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
        id_ = f"{name}.id"
        rows = rows.with_columns(distributor_expr(pl.col(named.msid)).alias(id_))
        if facts.references["distributors"].is_empty():
            return rows.with_columns(pl.lit(None, pl.Boolean).alias(f"{name}.found"))
        return facts.once("distributors", _served).join(rows, name, (id_, group), day)

    return Context(name, named.flow, named.record, (named.msid, group, day), join, frames=("distributors",))


DISTRIBUTORS = tuple(_distributor(named, group, day) for named, group, day in _SERVED)
"""`<msid>_distributor.id`, the first two digits of an MSID, and `<msid>_distributor.found`: whether that distributor is
in force on the day and serves the GSP Group; null where nothing is known of distributors."""

IDN_06 = Rule(
    id="IDN-06",
    title="The MSID's first two digits are a distributor in force on the date and serving the GSP Group (one "
    "distributor may serve many).",
    severity=Severity.WARNING,
    flows=tuple(dict.fromkeys(named.flow for named, _, _ in _SERVED)),
    stage="reference",
    source="MDD",
    why="A metering system of another distributor's area is rarely in the GSP Group; a slip of the group is likelier.",
    passes=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\nMSP|1|0.5|", flow="P0282002", sender="VOLT"
    ),
    fails=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1300000000104||\nMSP|1|0.5|",
        breaks=(5,),
        flow="P0282002",
        sender="VOLT",
    ),
    tests=tuple(
        RecordTest(
            flow=named.flow,
            record=named.record,
            item=named.msid,
            reads=(named.msid, group, day, f"{named.msid}_distributor.found"),
            when=is_msid_expr(pl.col(named.msid)) & is_gsp_group(group),
            broken=~pl.col(f"{named.msid}_distributor.found"),
            message="{distributor}, the first two digits of {msid}, is no distributor that serves {group} on {day}",
            evidence={
                "distributor": pl.col(f"{named.msid}_distributor.id"),
                "msid": pl.col(named.msid),
                "group": pl.col(group),
                "day": pl.col(day).dt.strftime("%Y%m%d"),
            },
        )
        for named, group, day in _SERVED
    ),
)
