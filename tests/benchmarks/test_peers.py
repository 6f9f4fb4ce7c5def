"""All contestants of the comparison find the same lines: the measured ones, and those of a file broken by hand."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from outbound.writer import sealed

pytest.importorskip("duckdb")
pytest.importorskip("dataframely")

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
PEERS = ("with_csv", "with_pydantic", "with_pandera", "with_dataframely", "with_duckdb")


@pytest.fixture(scope="module")
def peers() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(BENCHMARKS), str(BENCHMARKS / "peer_checks"), *sys.path])
        yield import_module("peers")


@pytest.fixture(scope="module")
def folder(peers: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("peers")
    peers.demand_files.made_home(made / "home", 40)
    return made


def found_by(peers: ModuleType, module: str, path: Path) -> pl.DataFrame:
    found = path.with_name("found")
    import_module(module).find(path, found)
    findings: pl.DataFrame = peers.sorted_findings(pl.read_csv(found, schema={"line": pl.Int64, "rule": pl.String}))
    return findings


@pytest.mark.parametrize("module", ["with_gridpost", *PEERS])
@pytest.mark.parametrize("bad_share", [0.0, 0.2])
def test_a_contestant_finds_the_lines_made_bad(peers: ModuleType, folder: Path, module: str, bad_share: float) -> None:
    path = folder / "BP000000000001"
    due = peers.sorted_findings(peers.demand_files.write(path, 2_000, bad_share))
    assert due.is_empty() == (bad_share == 0)
    assert found_by(peers, module, path).equals(due)


def broken_by_hand(good: bytes) -> bytes:
    """A unit twice, a period too few, two in a wrong order, forms, empty items, and totals that differ."""
    lines = good.decode().splitlines()
    unit = [lines[2:54], lines[54:106], lines[106:158], lines[158:210]]
    repeated = [*unit[0]]
    short = [*unit[1][:20], *unit[1][21:]]
    swapped = [*unit[2][:5], unit[2][6], unit[2][5], *unit[2][7:]]
    odd = [
        unit[3][0],
        *("NFP|1||||", "NFP||1|0.5|0.5|", "NFP|3|1|0.5|1,5|", "NFP|4|-1|0.5|-1.5|", "NFP|05|1|-0.5|1.5|"),
        *("NFP|6|1234567890|0|1234567890|", "NFP|7|1.00001|0|1.00001|", "NFP|8|-0|0|-0.0|", "NFP|9|10|0|10.0|"),
        "NFP|10|4000|3500|500|",
        *unit[3][11:51],
        "NFT|0||x|",
    ]
    strangers = [
        line
        for name, group, measurement_class in (
            *(("2__CSOMEBODYELSE", "_C", "C"), ("T_CACME", "_C", "C"), (" 2__C0000000", "_C", "C"), ("", "_C", "C")),
            *(
                ("2__C0000001", "_D", "C"),
                ("2__C0000002", "_I", "C"),
                ("2__C0000003", "", "X"),
                ("2__C0000004", "_CC", ""),
            ),
        )
        for line in (f"NFU|{name}|{group}|{measurement_class}|", *unit[0][1:])
    ]
    body = [*lines[:2], *unit[0], *short, *swapped, *odd, *repeated, *strangers]
    return sealed("".join(f"{line}\n" for line in body).encode())


@pytest.mark.parametrize("module", PEERS)
def test_a_peer_finds_the_lines_of_a_file_broken_by_hand(peers: ModuleType, folder: Path, module: str) -> None:
    path = folder / "BP000000000002"
    peers.demand_files.write(path, 200, 0.0)
    path.write_bytes(broken_by_hand(path.read_bytes()))
    due = found_by(peers, "with_gridpost", path)
    assert {"FLD-01", "FLD-03", "FLD-04", "FLD-05", "FLD-06", "FLD-08"} <= set(due["rule"])
    assert {"IDN-01", "IDN-04", "NFD-03", "NFD-04", "NFD-05", "NFD-08", "NFD-09", "NFD-10"} <= set(due["rule"])
    assert found_by(peers, module, path)["line"].unique().equals(due["line"].unique())
