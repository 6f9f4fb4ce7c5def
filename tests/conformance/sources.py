"""The sources of the suites: fetched once by the registries' own clients, and kept."""

import re
import subprocess
import sys
import tarfile
from pathlib import Path

import paramiko

CACHE = Path(sys.prefix) / "conformance"


class Unavailable(Exception):
    """A suite's source cannot be fetched here; the text says why."""


def from_pypi() -> Path:
    """The source distribution of paramiko, of the version that is installed."""
    folder = CACHE / f"paramiko-{paramiko.__version__}"
    if not folder.exists():
        CACHE.mkdir(exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        _run([*pip, "--no-binary", "paramiko", f"paramiko=={paramiko.__version__}", "-d", str(CACHE)])
        with tarfile.open(CACHE / f"{folder.name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def from_debian(package: str, unpacked: str) -> Path:
    """The source that Debian has of a package, in the folder that its archive unpacks as (`*` for the version)."""
    found = sorted(CACHE.glob(unpacked))
    if not found:
        state = CACHE / "apt"
        for folder in ("lists/partial", "archives/partial", "sources"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        _write_sources(state / "sources")
        apt = ["apt-get", "-qq"]
        for name, value in (
            ("Dir::Etc::sourcelist", "/dev/null"),
            ("Dir::Etc::sourceparts", state / "sources"),
            ("Dir::State::lists", state / "lists"),
            ("Dir::Cache", state),
        ):
            apt += ["-o", f"{name}={value}"]
        _run([*apt, "update"])
        _run([*apt, "--download-only", "source", package])
        for archive_path in CACHE.glob("*.orig.tar.*z"):
            with tarfile.open(archive_path) as archive:
                archive.extractall(CACHE, filter="data")
        found = sorted(CACHE.glob(unpacked))
    return found[0]


def _write_sources(folder: Path) -> None:
    """Where this machine has its Debian packages from, as places of their sources; the machine's own list stays."""
    for path in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if not path.is_file():
            continue
        if path.suffix == ".sources":
            stanzas = re.split(r"\n\s*\n", path.read_text())
            debian = [stanza for stanza in stanzas if "debian-archive-keyring" in stanza]
            text = "\n\n".join(re.sub(r"(?m)^Types:.*$", "Types: deb-src", stanza) for stanza in debian)
        else:
            lines = [line for line in path.read_text().splitlines() if line.startswith("deb ") and "/debian" in line]
            text = "\n".join(line.replace("deb ", "deb-src ", 1) for line in lines)
        (folder / path.name).write_text(f"{text}\n")


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"{command[0]} {command[-1]}: {error}") from error
