"""The checks that scheduled runs make, each a declared value (gateway.schedule.check)."""
