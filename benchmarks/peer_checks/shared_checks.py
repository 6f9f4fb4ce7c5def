"""What all contestants check: the rules, the forms of the items, and the periods of the date."""

RULES = (
    *("FLD-01", "FLD-03", "FLD-04", "FLD-05", "FLD-06", "FLD-08", "IDN-01", "IDN-02", "IDN-04"),
    *("NFD-01", "NFD-02", "NFD-03", "NFD-04", "NFD-05", "NFD-06", "NFD-07", "NFD-08", "NFD-09", "NFD-10"),
)

INTEGER = "(-?[1-9][0-9]?|0)"
DECIMAL = r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?"
NEEDLESS_ZERO = r"-?[0-9]+\.[0-9]*0|-0"
"""Patterns of whole texts: a Settlement Period, a well-formed demand, and what FLD-05 warns of in one."""

SENDER = "ACME"
GSP_GROUPS = ("_A", "_B", "_C", "_D", "_E", "_F", "_G", "_H", "_J", "_K", "_L", "_M", "_N", "_P")
CLASSES = ("C", "D", "E", "F", "G")
PREFIXES, TYPES = ("2__", "C__"), ("G", "S")
"""Who sends, what a GSP Group and a measurement class may be, and what marks a Supplier BM Unit."""

MWH_OF_KW = "0.0005"
"""What a kW gives in half an hour."""

TIMES = 100
"""So many times the declared bound suggests kWh for MWh (NFD-08)."""

REGISTER, FACILITIES = "home/bm-units.csv", "home/facilities.csv"
"""Beside the files: the BM Units, and the facilities with a declaration in force on the date."""

PERIODS = 50
"""How many the date of the files has; gridpost finds it out, the others are told."""

HEAD = 2
"""So many records stand before the first BM Unit: the envelope's header and the run."""
