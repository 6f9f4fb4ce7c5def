"""Event days of the pairs in a BM Unit (P0323001): days that no baseline is made from."""

EVENT = "P0323001"
