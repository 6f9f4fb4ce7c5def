"""Baselining of BM Units (P0335001) and of the pairs in them (P0326001): modification P376."""

DETAIL = "P0326001"
"""How a pair in a BM Unit is baselined from a day on."""

STATUS = "P0335001"
"""Whether a BM Unit is baselined from a day on."""
