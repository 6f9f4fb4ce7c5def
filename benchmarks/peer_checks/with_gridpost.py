"""gridpost in this process: everything that `gridpost check` does but its start-up and its listing."""

from datetime import datetime
from pathlib import Path

import polars as pl
from shared_checks import RULES

from gateway import dry_run
from market.home import Home
from store.database import open_store

RECEIVED_AT = datetime.fromisoformat("2026-11-02T09:30:00Z")


def find(path: Path, found: Path) -> None:
    """Writes the lines that break a shared rule; raises ValueError where the store limit cut them."""
    home = Home(path.parent / "home")
    engine = open_store(home.root)
    checked = dry_run.check(engine, home, path, None, RECEIVED_AT, lambda done, records: None)
    engine.dispose()
    shared = checked.breaches.filter(pl.col("rule").is_in(RULES))
    if shared.height != sum(checked.counts.get(rule, 0) for rule in RULES):
        raise ValueError(f"{path.name} breaks a rule on more lines than the store limit: take a smaller file")
    shared.select("line", "rule").write_csv(found)
