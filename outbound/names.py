"""The names of outgoing files."""

RECEIPT = "ADT"
"""What the receipt of a file adds to its name."""
REPORT = "VAL"
"""What the validation report of a file adds to its name."""
CSV_RECEIPT = "ack.csv"
"""What the receipt of a CSV file adds to its name."""
CSV_REPORT = "report.csv"
"""What the validation report of a CSV file adds to its name."""
SIGNED = "sig"
"""What the signed receipt adds to the name of the receipt beside it."""
LONGEST = 255
"""The bytes that a file system holds of a name."""
DIGITS = 14
"""The length of an IDD file name (IDD Part 1, 2.2.5)."""


def answer_name(file_name: str, ending: str, attempt: int = 1) -> str:
    """`NAME.ADT`; from the second attempt to find a name that the account was never given, `NAME.2.ADT`.

    A name that would be too long for a file system loses characters before the ending.
    """
    tail = f".{ending}" if attempt == 1 else f".{attempt}.{ending}"
    room = LONGEST - len(tail.encode())
    return file_name.encode(errors="replace")[:room].decode(errors="ignore") + tail


def outgoing_name(role: str, number: int) -> str:
    """The name of any other IDD file: the gateway's role and digits to 14 characters, `CR000000000017`.

    Raises ValueError where the number does not fit, for a cut number would name another file.
    """
    name = f"{role}{number:0{DIGITS - len(role)}d}"
    if number < 0 or len(name) != DIGITS:
        raise ValueError(f"{role} and {number} do not make a name of {DIGITS} characters")
    return name
