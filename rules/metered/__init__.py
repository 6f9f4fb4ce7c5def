"""Metered volumes of BM Units from the central meter systems (C0421002)."""

FLOW = "C0421002"
