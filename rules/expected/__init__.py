"""Submitted Expected Volumes (P0328001): what a BM Unit is expected to deliver, period by period (P376, BSCP602)."""

FLOW = "P0328001"

DEFAULT_PERIODS = 48
"""A Default SEV covers every period when it has these many, from 1 on; on a day of 50 the last two have none."""
MOST_PERIODS = 50
"""The most periods that a day has: a Default SEV may hold each of them."""
