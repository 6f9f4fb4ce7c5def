"""Challenges of the value that gridpost estimates after a GC/DC breach (K0152001)."""

FLOW = "K0152001"
