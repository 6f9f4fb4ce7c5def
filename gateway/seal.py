"""`gridpost seal`: a hand-made file gets the footer that counts and sums its records."""

import os
import secrets
from pathlib import Path

from ingest.lines import index_lines
from market.checksum import checksum
from market.durable import sync_folder
from store.refused import RefusedError


def seal_file(path: Path) -> tuple[int, int]:
    """Puts the right ZZZ footer at the end of a file, in place of one that it has; gives its count and checksum.

    The file is replaced in one step and keeps its line ends. Blank lines at the end go. Raises RefusedError where
    the file does not begin with AAA.
    """
    target = path.resolve()
    content, footer = sealed_content(target.read_bytes(), str(path))
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            os.fchmod(file.fileno(), target.stat().st_mode & 0o7777)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(target.parent)
    return footer


def sealed_content(content: bytes, name: str) -> tuple[bytes, tuple[int, int]]:
    """The content with its footer, and the footer's count and checksum; `name` names the file in a refusal."""
    line_end = b"\r\n" if b"\r\n" in content else b"\n"
    body = content.rstrip(b"\r\n")
    before, _, last = body.rpartition(b"\n")
    records = before.removesuffix(b"\r") if last.startswith(b"ZZZ|") else body
    records += line_end
    lines = index_lines(records)
    if not lines.data.startswith(b"AAA|"):
        raise RefusedError(f"{name} does not begin with AAA: it is no IDD file")
    footer = lines.count + 1, checksum(lines.data)
    return records + b"ZZZ|%d|%d|" % footer + line_end, footer
