"""Volumes delivered at the pairs of Secondary BM Units (P0282002)."""

FLOW = "P0282002"
