"""Days as people write them on a command line."""

from datetime import date, datetime

from gateway.command_line.place import NotPossibleError


def day_of(text: str) -> date:
    """The day YYYY-MM-DD; raises NotPossibleError for any other text."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise NotPossibleError(f"{text} is no day YYYY-MM-DD") from error
