"""The IDD character set (IDD Part 1, 2.2.3): what may stand in a file besides the separator and the line end."""

SEPARATOR = b"|"
ALLOWED = b" !\"#%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_abcdefghijklmnopqrstuvwxyz{}"

_SAFE = {ord(c) for c in ALLOWED.decode()}


def made_safe(text: str) -> str:
    """A text with every character outside the IDD set, the separator too, shown as `?`."""
    return "".join(c if ord(c) in _SAFE else "?" for c in text)
