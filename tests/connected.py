"""Engines that tests share."""

from functools import lru_cache

from store.database import connect

connected = lru_cache(connect)
"""An engine compiles each statement once: on stores in one place, made anew for each test, there is one engine."""
