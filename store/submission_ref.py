"""References of submissions: 26 characters that sort by arrival."""

import hashlib
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LENGTH = 26
_NAME_BITS = 70


def submission_ref(arrival: datetime, landing_name: str) -> str:
    """The reference of the file of that landing name: the same whenever it is asked for.

    The first 60 bits are the arrival (48 of milliseconds, 12 of microseconds), the others come from the name;
    written in Crockford's base 32, so that text order is order of arrival.
    """
    milliseconds, rest = divmod(arrival - _EPOCH, timedelta(milliseconds=1))
    microseconds = rest // timedelta(microseconds=1)
    digest = int.from_bytes(hashlib.sha256(landing_name.encode()).digest(), "big")
    number = (milliseconds << 12 | microseconds) << _NAME_BITS | digest >> (256 - _NAME_BITS)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))
