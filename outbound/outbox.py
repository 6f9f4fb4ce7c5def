"""The file-system part of a delivery: an answer is staged out of sight, then renamed into the party's outbox.

The staging folder is on the outboxes' file system. The store's row decides; each step here can be done again
after a crash. A staged file is `<answer id>.<token>`, so that a worker that comes back late meets only its own.
"""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from market.durable import folder_opened, rename_without_replacing, sync_folder


@dataclass(frozen=True)
class Staged:
    """One delivery's file: the answer, and the fencing token under which it is delivered."""

    answer_id: int
    token: int

    @property
    def name(self) -> str:
        """Its name in the staging folder."""
        return f"{self.answer_id}.{self.token}"


def stage(outgoing: Path, staged: Staged, body: bytes) -> None:
    """Writes an answer's bytes, durable when it returns; what an earlier try of the same delivery left is replaced."""
    with (outgoing / staged.name).open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(outgoing)


def publish(outgoing: Path, staged: Staged, outbox: Path, name: str) -> None:
    """Moves a staged answer into an outbox in one step, durable when it returns.

    Raises FileExistsError where the outbox has that name (nothing is ever replaced), and FileNotFoundError where
    the answer is not staged: then it was published before, or never staged, and the row tells which.
    """
    with folder_opened(outgoing) as source, folder_opened(outbox) as target:
        rename_without_replacing(staged.name, name, source, target)
        # The outbox first: a crash between the two leaves the file under both names or the new one, never under none.
        os.fsync(target)
        os.fsync(source)


def staged_files(outgoing: Path) -> list[Staged]:
    """What is staged, by answer and token; other files there are nobody's delivery and left out."""
    found = [re.fullmatch(r"(\d+)\.(\d+)", path.name) for path in outgoing.iterdir()]
    return sorted(
        (Staged(int(match[1]), int(match[2])) for match in found if match), key=lambda one: (one.answer_id, one.token)
    )


def remove_leftovers(outgoing: Path, wanted: Collection[Staged]) -> list[Staged]:
    """Removes what is staged for no wanted delivery; tells what it removed, durable when it returns."""
    leftovers = [staged for staged in staged_files(outgoing) if staged not in wanted]
    for staged in leftovers:
        (outgoing / staged.name).unlink(missing_ok=True)
    if leftovers:
        sync_folder(outgoing)
    return leftovers


def in_outbox(outbox: Path, name: str) -> bool:
    """Whether the answer of that name lies in an outbox, not yet collected."""
    return os.path.lexists(outbox / name)
