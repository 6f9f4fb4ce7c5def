"""The dated tables: their columns, and which of them are the key."""

import polars as pl

from store.dated import DatedTable
from store.tables import BmUnit, Distributor, MsidPair, PartyRole, Signatory

_TEXT = pl.String()

PARTY_ROLES = DatedTable(PartyRole, pl.Schema(dict.fromkeys(["party_id", "role"], _TEXT)), 2)
SIGNATORIES = DatedTable(Signatory, pl.Schema(dict.fromkeys(["party_id", "name", "category"], _TEXT)), 3)
BM_UNITS = DatedTable(
    BmUnit,
    pl.Schema(
        {
            "bm_unit_id": _TEXT,
            "netso_name": _TEXT,
            "bm_unit_name": _TEXT,
            "lead_party_id": _TEXT,
            "bm_unit_type": _TEXT,
            "gsp_group_id": _TEXT,
            "generation_capacity_kw": pl.Int64(),
            "demand_capacity_kw": pl.Int64(),
            "production_consumption_flag": _TEXT,
            "fpn_flag": _TEXT,
            "baselined": _TEXT,
            "interconnector_id": _TEXT,
        }
    ),
    1,
)
MSID_PAIRS = DatedTable(
    MsidPair,
    pl.Schema(
        dict.fromkeys(
            [
                "bm_unit_id",
                "import_msid",
                "import_amsid",
                "pair_indicator",
                "export_msid",
                "export_amsid",
                "baselining_indicator",
                "baselining_methodology",
            ],
            _TEXT,
        )
    ),
    3,
)
DISTRIBUTORS = DatedTable(
    Distributor, pl.Schema(dict.fromkeys(["distributor_id", "gsp_group_id", "participant_id"], _TEXT)), 2
)
