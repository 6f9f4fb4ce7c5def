"""README's commands are run in a folder of their own, and print what README says.

In an output `...` stands for any text, as in a doctest: times, ports and keys differ from run to run.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def console_blocks() -> list[list[tuple[str, str]]]:
    """The commands of each console block, each with the output that it shows."""
    blocks = re.findall(r"^```console\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    return [re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block, flags=re.MULTILINE) for block in blocks]


def fits(shown: str, printed: str) -> bool:
    pattern = ".*?".join(re.escape(part) for part in _plain(shown).split("..."))
    return re.fullmatch(pattern, _plain(printed), flags=re.DOTALL) is not None


def _plain(text: str) -> str:
    """A text without spaces at line ends, which tables print and pages drop."""
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    (folder / "sample_files").symlink_to(ROOT / "sample_files")
    return folder


def test_readme_shows_commands() -> None:
    assert len(console_blocks()) >= 3
    assert all(console_blocks())


def test_every_command_prints_what_readme_shows(folder: Path) -> None:
    environment = {**os.environ, "COLUMNS": "110", "NO_COLOR": "1", "TERM": "dumb"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    for block in console_blocks():
        for command, shown in block:
            done = subprocess.run(
                ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
            )
            printed = done.stdout + done.stderr
            assert fits(shown, printed), f"$ {command}\n{printed}"
