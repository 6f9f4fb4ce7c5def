"""Files as hostile or broken programs write them: sample files, mutated by a seeded source of chance."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from gateway.seal import sealed_content
from store.refused import RefusedError

Random = np.random.Generator

VALUES = (
    *(
        b"",
        b" ",
        b"0",
        b"-0",
        b"-1",
        b"00",
        b"1e9",
        b"NaN",
        b"inf",
        b"+1",
        b".5",
        b"1.",
        b"1,5",
        b"99999999999999999999",
    ),
    *(b"9" * 400, b"-" + b"9" * 30, b"0." + b"1" * 60, b"20261231", b"20260230", b"00000000", b"99999999", b"20260329"),
    *(
        b"20260329013000",
        b"20261025013000",
        b"99991231235959",
        b"2026-03-29",
        b"2026-13-01T25:61Z",
        b"=1+1",
        b"@x",
        b"'",
    ),
    *(
        b"\x00",
        b"\xff\xfe",
        "\u00e9".encode(),
        "\u202e".encode(),
        b"\xed\xa0\x80",
        b"\x1b[2J",
        b"%s%n",
        b"../..",
        b"\\",
    ),
    *(b"T_NONE-1", b"ACME", b"OPER", b"TR01", b"true", b"T", b"F", b"A" * 5000, b'"', b'""', b"#end,1", b"ZZZ", b"AAA"),
)


def flipped(content: bytes, random: Random) -> bytes:
    """Some bits turned over."""
    data = np.frombuffer(content, np.uint8).copy()
    if data.size:
        at = random.integers(0, data.size, random.integers(1, 4))
        data[at] ^= (1 << random.integers(0, 8, at.size)).astype(np.uint8)
    return data.tobytes()


def cut(content: bytes, random: Random) -> bytes:
    """The end, or a piece, is missing."""
    first, last = sorted(random.integers(0, len(content) + 1, 2).tolist())
    return content[:first] + (content[last:] if random.integers(2) else b"")


def inserted(content: bytes, random: Random) -> bytes:
    """Bytes that belong nowhere, somewhere."""
    pieces = (
        b"\x00",
        b"\xff",
        b"\xef\xbb\xbf",
        b"|",
        b"||||||||",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n\n",
        b'"',
        b";",
        b",",
        b"\x1a",
    )
    piece = pieces[random.integers(len(pieces))] * int(random.choice([1, 1, 2, 300]))
    at = int(random.choice([0, len(content), random.integers(0, len(content) + 1)]))
    return content[:at] + piece + content[at:]


def lined(content: bytes, random: Random) -> bytes:
    """Lines missing, twice, or in another order."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    first, other = random.integers(0, len(lines), 2).tolist()
    match int(random.integers(4)):
        case 0:
            lines.insert(other, lines[first])
        case 1:
            del lines[first]
        case 2:
            lines[first], lines[other] = lines[other], lines[first]
        case _:
            lines[first : first + 1] = [lines[first]] * int(random.integers(2, 400))
    return b"".join(lines)


def valued(content: bytes, random: Random) -> bytes:
    """An item holds what no such item holds."""
    separator = b"|" if content.startswith(b"AAA|") else b";" if b";" in content[:200] else b","
    lines = content.split(b"\n")
    at = int(random.integers(0, len(lines)))
    items = lines[at].split(separator)
    items[int(random.integers(0, len(items)))] = VALUES[random.integers(len(VALUES))]
    lines[at] = separator.join(items)
    return b"\n".join(lines)


def widened(content: bytes, random: Random) -> bytes:
    """A line has more items than any record, or an item more characters than a file should have."""
    lines = content.split(b"\n")
    at = int(random.integers(0, len(lines)))
    lines[at] += (b"|" if random.integers(2) else b"x") * int(random.choice([1, 100, 70_000, 300_000]))
    return b"\n".join(lines)


def line_ends(content: bytes, random: Random) -> bytes:
    """Other line ends."""
    return content.replace(b"\n", (b"\r\n", b"\r", b"", b"\n\n")[random.integers(4)])


MUTATIONS: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(flipped, cut, inserted, lined, lined, valued, valued, valued, widened, line_ends),
)


def mutated(contents: Sequence[bytes], random: Random) -> tuple[int, bytes]:
    """(which file it was, its bytes now): some mutations, now and then the end of another; often sealed again."""
    chosen = int(random.integers(len(contents)))
    content = contents[chosen]
    kept = b""
    if random.integers(4):  # a header that is whole leads deeper
        kept, end, content = content.partition(b"\n")
        kept += end
    for _ in range(int(random.choice([1, 1, 1, 2, 4]))):
        content = MUTATIONS[random.integers(len(MUTATIONS))](content, random)
    content = kept + content
    if not random.integers(12):
        other = contents[random.integers(len(contents))]
        content = content[: random.integers(0, len(content) + 1)] + other[random.integers(0, len(other) + 1) :]
    if random.integers(3):
        with suppress(RefusedError):  # a CSV file, or what is no file any more
            content, _ = sealed_content(content, "it")
    return chosen, content
