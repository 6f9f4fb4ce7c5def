"""The kinds of reference files: their columns, and what may stand in each.

Everything is read as text; a column's pattern says what is allowed and its words say so to the operator.
"""

from dataclasses import dataclass

import pandera.polars as pa
import polars as pl

from store import dated_tables
from store.dated import DatedTable


@dataclass(frozen=True)
class Column:
    """One column of a reference file. `allowed` says what a value is; `pattern` is that as a regular expression."""

    name: str
    pattern: str
    allowed: str
    required: bool = False

    def schema(self) -> pa.Column:
        """The column's pandera schema: text, null where empty."""
        return pa.Column(pl.String, pa.Check.str_matches(self.pattern, error=self.allowed), nullable=not self.required)


@dataclass(frozen=True)
class Kind:
    """One kind of reference file and the dated table that it fills."""

    name: str
    columns: tuple[Column, ...]
    dated: DatedTable


def _text(name: str, longest: int, *, required: bool = False) -> Column:
    pattern = rf"^[!-~](?:[ -~]{{0,{longest - 2}}}[!-~])?$"
    return Column(name, pattern, f"a text of at most {longest} printable characters", required)


def _one_of(name: str, values: str, *, required: bool = False) -> Column:
    members = values.split()
    return Column(name, f"^(?:{'|'.join(members)})$", f"one of {', '.join(members)}", required)


def _code(name: str, longest: int, *, required: bool = False) -> Column:
    pattern = rf"^[A-Za-z0-9_-]{{1,{longest}}}$"
    return Column(name, pattern, f"a code of at most {longest} letters, digits, _ and -", required)


DAY = (r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "a date as YYYY-MM-DD")
_BOUNDS = (Column("effective_from", *DAY), Column("effective_to", *DAY))
MSID = (r"^[0-9]{13}$", "13 digits")
_POSITIVE = (r"^(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,3})?$", "MW with at most three decimals, zero or positive")
_NEGATIVE = (
    r"^(?:-(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,3})?|0(?:\.0{1,3})?)$",
    "MW with at most three decimals, zero or negative",
)

_ALL = (
    Kind(
        "parties",
        (
            _code("party_id", 8, required=True),
            _text("party_name", 100, required=True),
            Column("role", r"^[A-Z]{2}$", "a role of two capital letters", required=True),
            *_BOUNDS,
        ),
        dated_tables.PARTY_ROLES,
    ),
    Kind(
        "signatories",
        (
            _code("party_id", 8, required=True),
            _text("name", 30, required=True),
            Column("category", r"^[A-Z]{1,2}$", "a category of one or two capital letters", required=True),
            *_BOUNDS,
        ),
        dated_tables.SIGNATORIES,
    ),
    Kind(
        "bm-units",
        (
            _code("bm_unit_id", 11, required=True),
            _code("netso_name", 9),
            _text("bm_unit_name", 30),
            _code("lead_party_id", 8, required=True),
            _one_of("bm_unit_type", "T E I G S V", required=True),
            Column("gsp_group_id", r"^_[A-Z]$", "a GSP Group such as _C"),
            Column("generation_capacity", *_POSITIVE),
            Column("demand_capacity", *_NEGATIVE),
            _one_of("production_consumption_flag", "P C"),
            _one_of("fpn_flag", "T F"),
            _one_of("baselined", "T F"),
            _code("interconnector_id", 10),
            *_BOUNDS,
        ),
        dated_tables.BM_UNITS,
    ),
    Kind(
        "msid-pairs",
        (
            _code("bm_unit_id", 11, required=True),
            _one_of("pair_indicator", "T A D", required=True),
            Column("import_msid", *MSID),
            Column("export_msid", *MSID),
            Column("import_amsid", *MSID),
            Column("export_amsid", *MSID),
            _one_of("baselining_indicator", "S I B"),
            _code("baselining_methodology", 4),
            *_BOUNDS,
        ),
        dated_tables.MSID_PAIRS,
    ),
    Kind(
        "distributors",
        (
            _code("distributor_id", 4, required=True),
            _code("participant_id", 8, required=True),
            Column("gsp_group_id", r"^_[A-Z]$", "a GSP Group such as _C", required=True),
            *_BOUNDS,
        ),
        dated_tables.DISTRIBUTORS,
    ),
)

KINDS = {kind.name: kind for kind in _ALL}
"""Every kind of reference file that can be loaded, by its name."""
