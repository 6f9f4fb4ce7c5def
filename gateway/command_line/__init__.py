"""The command line. Exit codes: 0 done and nothing refused, 1 something refused or differing, 2 could not be done.

Each command imports what it needs when it runs, so that those that need little start at once.
"""


def main() -> None:
    """The console script `gridpost`."""
    from gateway.command_line.app import app

    app()
