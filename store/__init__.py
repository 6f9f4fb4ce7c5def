"""What the gateway remembers: tables, migrations, reference data, and the functions that read and write them.

Functions take a `sqlmodel.Session`; where a transaction begins and ends is the caller's business.
"""
