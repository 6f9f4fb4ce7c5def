"""Aggregated demand (K4192001): what a BM Unit took each period, and what of it is not final demand (P419)."""

FLOW = "K4192001"
