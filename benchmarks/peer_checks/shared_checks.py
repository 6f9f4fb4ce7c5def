"""What all contestants check: the rules, the forms of the items, and the periods of the date."""

RULES = ("FLD-01", "FLD-03", "FLD-04", "FLD-05", "NFD-01", "NFD-02", "NFD-03", "NFD-04", "NFD-05", "NFD-09")

INTEGER = "(-?[1-9][0-9]?|0)"
DECIMAL = r"-?(0|[1-9][0-9]{0,8})(\.[0-9]{1,4})?"
NEEDLESS_ZERO = r"-?[0-9]+\.[0-9]*0|-0"
"""Patterns of whole texts: a Settlement Period, a well-formed demand, and what FLD-05 warns of in one."""

PERIODS = 50
"""How many the date of the files has; gridpost finds it out, the others are told."""

HEAD = 2
"""So many records stand before the first BM Unit: the envelope's header and the run."""
