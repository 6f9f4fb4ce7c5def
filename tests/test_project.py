"""The project as a whole: names that nobody else provides, locks that name no host, folders with documentation."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("market", "ingest", "validators", "rules", "outbound", "store", "gateway")


@pytest.mark.parametrize("name", OURS)
def test_no_installed_dependency_provides_one_of_our_packages(name: str) -> None:
    assert [found for found in packages_distributions().get(name, []) if found != "gridpost"] == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_package_with_hashes_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "index" not in re.sub(r"^[a-z].*$", "", text, flags=re.MULTILINE)
    pins = re.findall(r"^[a-z0-9.-]+==.*?(?=^[a-z]|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    assert len(pins) > 30
    assert all("--hash=sha256:" in pin for pin in pins)


def test_modules_stay_readable_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for name in OURS
        for path in (ROOT / name).rglob("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text().splitlines())) > 300
    }
    assert long == {}
