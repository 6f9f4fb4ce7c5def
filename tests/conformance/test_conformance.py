"""The SFTP suites of others against the embedded server: what fails is refused by design, and listed."""

from collections.abc import Callable

import pytest

from tests.conformance.bridge import Bridge
from tests.conformance.judged import judged
from tests.conformance.server import served
from tests.conformance.sources import Unavailable
from tests.conformance.suites import SUITES


@pytest.mark.proof
@pytest.mark.slow
@pytest.mark.parametrize("suite", list(SUITES))
def test_a_suite_of_others(suite: str, whole: bool, tried: Callable[[str, str, int], None]) -> None:
    if not whole:
        pytest.skip("fetches the suite's source; --whole runs it")
    try:
        with served() as server:
            found = judged(suite, SUITES[suite](server))
    except Unavailable as unavailable:
        pytest.skip(str(unavailable))
    assert found.findings == {}
    assert found.passed > 0
    tried("conformance", f"{suite}: {found.passed} passed, {len(found.refused)} refused by design", found.cases)


def test_a_case_that_fails_is_refused_by_design_or_a_finding() -> None:
    ended = {"put": "", "mkdir 1": "not ok", "get": "not ok", "mkdir 2": ""}
    found = judged("a suite", ended, [(r"mkdir \d", "there are no folders")])
    assert (found.cases, found.passed) == (4, 2)
    assert found.refused == {"mkdir 1": "there are no folders"}
    assert found.findings == {"get": "not ok", "mkdir 2": "passes, though there are no folders"}


def test_a_suite_without_cases_is_a_finding() -> None:
    assert judged("a suite", {}, []).findings == {"all": "the suite has no cases"}
    assert judged("a suite", {"put": ""}, []).findings == {}


def _string(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        (b"/suite/t/a", b"/temp/a"),
        (b"/suite/t", b"/temp"),
        (b"t/a", b"/temp/a"),
        (b"/suite/other", b"/other"),
        (b"", b"/"),
        (b"/suite/to", b"/to"),
        (b"/etc/passwd", b"/etc/passwd"),
    ],
)
def test_the_bridge_maps_paths(path: bytes, seen: bytes) -> None:
    bridge = Bridge([(b"/suite/t", b"/temp"), (b"/suite", b"")])
    stat, number = b"\x11", b"\0\0\0\7"
    assert bridge.request(stat + number + _string(path)) == stat + number + _string(seen)


def test_the_bridge_maps_a_resolved_path_back_and_no_other_name() -> None:
    bridge = Bridge([(b"/suite/t", b"/temp"), (b"/suite", b"")])
    number = b"\0\0\0\7"
    bridge.request(b"\x10" + number + _string(b"t"))
    answer, count, nothing = b"\x68" + number, b"\0\0\0\1", b"\0\0\0\0"
    resolved = answer + count + _string(b"/temp") + _string(b"/temp") + nothing
    assert bridge.answer(resolved) == answer + count + _string(b"/suite/t") + _string(b"/suite/t") + nothing
    assert bridge.answer(resolved) == resolved
