"""Scheduled runs: schedules.toml says what runs when, the rows of the store remember what did."""
