"""The sources of the suites: fetched once by the registries' own clients, and kept."""

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
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation"]
        _run([*pip, "--no-binary", "paramiko", f"paramiko=={paramiko.__version__}", "-d", str(CACHE)])
        with tarfile.open(CACHE / f"{folder.name}.tar.gz") as archive:
            archive.extractall(CACHE, filter="data")
    return folder


def from_debian(package: str, unpacked: str) -> Path:
    """The source that Debian has of a package, in the folder that its archive unpacks as (`*` for the version)."""
    found = sorted(CACHE.glob(unpacked))
    if not found:
        state = CACHE / "apt"
        for folder in ("lists/partial", "archives/partial"):
            (state / folder).mkdir(parents=True, exist_ok=True)
        release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
        (state / "sources.list").write_text(
            f"deb-src http://deb.debian.org/debian {release['VERSION_CODENAME']} main\n"
        )
        apt = ["apt-get", "-qq"]
        for name, value in (
            ("Dir::Etc::sourcelist", state / "sources.list"),
            ("Dir::Etc::sourceparts", "-"),
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


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, cwd=CACHE, check=True, capture_output=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"{command[0]} {command[-1]}: {error}") from error
