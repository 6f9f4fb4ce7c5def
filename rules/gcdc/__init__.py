"""GC/DC declarations (K0151001): declared values, seasonal and mid-season (BSC Section K3.4, BSCP15)."""

FLOW = "K0151001"

SUPPLIER_TYPES = ("G", "S")
"""BM Unit types of Supplier BM Units: base and additional."""
