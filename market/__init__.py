"""The nouns of the market: layouts, calendar, breaches, faults and the clock.

This package imports nothing else of gridpost.
"""
