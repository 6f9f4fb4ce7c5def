"""Declarations of SVA Non-Final Demand Facilities (K4191001): which metering systems a facility has (P419, F602/01)."""

FLOW = "K4191001"

NEW, COS, COA, COM = "New", "CoS", "CoA", "CoM"
"""Declaration Types besides Withdraw: new, and changes of Supplier, of HHDA and of metering systems."""
