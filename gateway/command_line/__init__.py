"""The command line. Exit codes: 0 done and nothing refused, 1 something refused or differing, 2 could not be done.

Each command imports what it needs when it runs, so that those that need little start at once.
"""

import gc

FEW_COLLECTIONS = 100_000
"""Objects between two collections: imports make many that stay, and looking through them costs a tenth of a start."""


def main() -> None:
    """The console script `gridpost`."""
    gc.set_threshold(FEW_COLLECTIONS)
    from gateway.command_line.app import app

    app()
