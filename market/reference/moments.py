"""Days and instants of reference frames."""

from datetime import date

import polars as pl

MARKET_START = date(2001, 3, 27)
"""The day from which a row without `effective_from` holds."""

RECEIVED = pl.Datetime("us", "UTC")
"""The type of an instant of receipt."""
