"""Keys that come and go: those of accounts with their dates, those of the server with their announcement."""

from pathlib import Path

from tests.gateway.conftest import Gridpost
from tests.store.conftest import KEY


def test_a_key_of_an_account_opens_from_a_day_until_a_day(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    """The last day is whole, in London: 25 October has 25 hours."""
    key = tmp_path / "key.pub"
    key.write_text(f"{KEY}\n")
    home = ("--home", market)
    added = gridpost(*home, "account", "add-key", "acme", "--key", key, "--from", "2026-03-29", "--until", "2026-10-25")
    assert added.code == 0
    (row,) = gridpost(*home, "account", "list", "--party", "ACME", "--format", "json").json
    assert (row["valid_from"], row["valid_to"]) == ("2026-03-29T00:00:00Z", "2026-10-25T23:59:59Z")
    done = gridpost(*home, "account", "add-key", "volt", "--key", key, "--until", "2026-10-25T10:00")
    assert (done.code, done.err) == (2, "gridpost: 2026-10-25T10:00 has neither an offset nor Z\n")


def test_a_host_key_is_announced_and_switched_to(gridpost: Gridpost, market: Path) -> None:
    home = ("--home", market)
    assert gridpost(*home, "host-key", "switch", "ed25519").code == 2
    announced = gridpost(*home, "host-key", "announce", "ed25519")
    assert announced.code == 0
    line = announced.out.splitlines()[0]
    assert line.startswith("ssh-ed25519 ")
    found = gridpost(*home, "host-key", "list", "--format", "json").json
    assert [(key["kind"], key["standing"]) for key in found] == [
        *(("ed25519", "current"), ("ed25519", "next"), ("ecdsa", "current"), ("rsa", "current"))
    ]
    assert gridpost(*home, "host-key", "switch", "ed25519").code == 0
    found = gridpost(*home, "host-key", "list", "--format", "json").json
    assert [key["standing"] for key in found if key["line"] == line] == ["current"]
    assert gridpost(*home, "host-key", "announce", "dsa").code == 2
