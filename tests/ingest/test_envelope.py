"""Every ENV rule that refuses, with a neighbour that passes; their order; and that no bytes at all raise."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest import envelope as module
from ingest.envelope import Refusal, Sender, judge_body, judge_header, judge_size, read_header, refusal
from ingest.lines import index_lines
from ingest.records import slices
from ingest.structure import Structure
from market.character_set import ALLOWED
from market.header import Header
from market.layout import SUPERSEDED, TEST_FLAGS, layout
from outbound.writer import sealed

SEV = layout("P0328001")
ACME = Sender("ACME", frozenset({"VT", "BP"}))
HEAD = b"AAA|P0328001|D|20261110093000|VT|ACME|G|UKDC|1|TR01|\n"
BODY = b"BSD|20261115||\nBSB|V__FACME001|\nBSP|1|-0.12|\nBSP|2|0.5|\n"
GOOD = sealed(HEAD + BODY)
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "checksum_vectors"


def head(**changes: str) -> bytes:
    items = {
        "type": "P0328001", "role": "D", "created": "20261110093000", "from_role": "VT", "from_id": "ACME",
        "to_role": "G", "to_id": "UKDC", "sequence": "1", "flag": "TR01",
    }  # fmt: skip
    return b"AAA|" + b"".join(b"%s|" % value.encode() for value in (items | changes).values()) + b"\n"


def answer(received: bytes, limit: int = 100) -> Structure | Refusal:
    """What a file gets, in the order of the published contract, duplicate and sequence left out."""
    header = read_header(received)
    if isinstance(header, Refusal):
        return header
    flow = judge_header(header, ACME, "UKDC")
    return flow if isinstance(flow, Refusal) else judge_body(index_lines(received), flow, limit)


def refused(received: bytes, limit: int = 100) -> tuple[str, int, str]:
    """Rule, code and data of the first record of a refusal."""
    found = answer(received, limit)
    assert isinstance(found, Refusal)
    return found.rule, *found.entries[0]


def passes(received: bytes) -> bool:
    return isinstance(answer(received), Structure)


def footer(body: bytes, count: int | None = None, checksum: int | None = None, end: bytes = b"\n") -> bytes:
    """A body with its right footer, or with the given numbers in it."""
    right = sealed(body)
    _, counted, summed, _ = right.splitlines()[-1].split(b"|")
    number = counted if count is None else b"%d" % count
    return body + b"ZZZ|%s|%s|" % (number, summed if checksum is None else b"%d" % checksum) + end


# header


def test_the_header_is_read_item_by_item() -> None:
    header = read_header(GOOD)
    assert isinstance(header, Header)
    assert header.creation_time.isoformat() == "2026-11-10T09:30:00+00:00"
    assert header.channel == replace(header, sequence=7).channel
    assert str(header.channel) == "VT|ACME|G|UKDC|TR01"
    assert read_header(b"\xef\xbb\xbf" + GOOD) == header
    assert read_header(HEAD.replace(b"\n", b"\r\n")) == header
    assert read_header(HEAD.rstrip()) == header


@pytest.mark.parametrize(
    ("received", "data"),
    [
        (b"", "ENV-01 the file is empty"),
        (b"\xef\xbb\xbf", "ENV-01 the first record is no AAA header"),
        (b"\n", "ENV-01 the first record is no AAA header"),
        (b"\n" + GOOD, "ENV-01 the first record is no AAA header"),
        (b" " + GOOD, "ENV-01 the first record is no AAA header"),
        (b"AAA", "ENV-01 the first record is no AAA header"),
        (b"aaa" + GOOD[3:], "ENV-01 the first record is no AAA header"),
        (b"\xef\xbb\xbf\xef\xbb\xbf" + GOOD, "ENV-01 the first record is no AAA header"),
        (b"PK\x03\x04", "ENV-01 the first record is no AAA header"),
        (GOOD.decode().encode("utf-16"), "ENV-01 the first record is no AAA header"),
        (b"AAA|", "ENV-01 AAA has 0 items, 9 due"),
        (HEAD[:-2] + b"\n", "ENV-01 AAA ends without its closing separator"),
        (b"AAA|" + b"x" * 10_000_000, "ENV-01 AAA has more than 255 characters"),
        (b"AAA|" + b"x|" * 1_000_000, "ENV-01 AAA has more than 255 characters"),
        (HEAD[:-1] + b"|\n", "ENV-01 AAA has 10 items, 9 due"),
        (HEAD.replace(b"TR01|", b""), "ENV-01 AAA has 8 items, 9 due"),
    ],
)
def test_env_01_a_header_that_is_none(received: bytes, data: str) -> None:
    assert refused(received) == ("ENV-01", 1, data)


@pytest.mark.parametrize(
    ("changes", "data"),
    [
        ({"type": ""}, "File Type is mandatory and empty"),
        ({"type": "P03280010"}, "File Type has 9 characters, at most 8 fit"),
        ({"role": "R"}, "Message Role is R, D due"),
        ({"role": ""}, "Message Role is mandatory and empty"),
        ({"created": "20260231093000"}, "Creation Time 20260231093000 is no GMT time YYYYMMDDHHMMSS"),
        ({"created": "2026111009300"}, "Creation Time 2026111009300 is no GMT time YYYYMMDDHHMMSS"),
        ({"created": "20261110093060"}, "Creation Time 20261110093060 is no GMT time YYYYMMDDHHMMSS"),
        ({"created": "20261110240000"}, "Creation Time 20261110240000 is no GMT time YYYYMMDDHHMMSS"),
        ({"created": "00001110093000"}, "Creation Time 00001110093000 is no GMT time YYYYMMDDHHMMSS"),
        ({"created": ""}, "Creation Time is mandatory and empty"),
        ({"from_role": "VTX"}, "From Role Code has 3 characters, at most 2 fit"),
        ({"from_id": " ACME"}, "From Participant Id begins or ends with a space"),
        ({"from_id": ""}, "From Participant Id is mandatory and empty"),
        ({"to_id": "UKDC5678X"}, "To Participant Id has 9 characters, at most 8 fit"),
        ({"sequence": "01"}, "Sequence Number 01 is no integer(9)"),
        ({"sequence": "-1"}, "Sequence Number -1 is no integer(9)"),
        ({"sequence": "1000000000"}, "Sequence Number 1000000000 is no integer(9)"),
        ({"sequence": "1.0"}, "Sequence Number 1.0 is no integer(9)"),
        ({"sequence": ""}, "Sequence Number is mandatory and empty"),
        ({"flag": "TR07"}, "Test Data Flag TR07 is none of OPER, TR01, TR02, ..."),
        ({"from_id": "AC\0ME"}, "AAA holds the character 0x00, outside the IDD set"),
        ({"from_id": "ACMÉ"}, "AAA holds the character 0xC3, outside the IDD set"),
    ],
)
def test_env_02_a_header_item_of_another_type(changes: dict[str, str], data: str) -> None:
    assert refused(footer(head(**changes) + BODY)) == ("ENV-02", 1, f"ENV-02 {data}")


@pytest.mark.parametrize("flag", ["", *TEST_FLAGS])
def test_every_test_flag_passes(flag: str) -> None:
    assert passes(footer(head(flag=flag) + BODY))


@pytest.mark.parametrize("changes", [{"sequence": "0"}, {"sequence": "999999999"}, {"created": "20240229235959"}])
def test_header_items_at_the_edge_pass(changes: dict[str, str]) -> None:
    assert passes(footer(head(**changes) + BODY))


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"type": "P0328009"}, ("ENV-05", 1, "ENV-05 File Type P0328009 is no flow of this gateway")),
        ({"type": "ENVELOPE"}, ("ENV-05", 1, "ENV-05 File Type ENVELOPE is no flow of this gateway")),
        ({"type": "../x"}, ("ENV-05", 1, "ENV-05 File Type ../x is no flow of this gateway")),
        ({"type": "P0329001"}, ("ENV-05", 1, "ENV-05 P0329001 is sent by the gateway, not to it")),
        ({"type": "P0282001"}, ("ENV-05", 1, "ENV-05 P0282001 is a version no longer in use")),
        ({"type": "R0051001"}, ("ENV-05", 1, "ENV-05 R0051001 is a version no longer in use")),
        ({"from_role": "G"}, ("ENV-05", 1, "ENV-05 From Role Code G sends no P0328001, BP VP VT AV do")),
        ({"to_id": "OTHER"}, ("ENV-03", 2, "ENV-03 addressed to G OTHER, G UKDC due")),
        ({"to_role": "CR"}, ("ENV-03", 2, "ENV-03 addressed to CR UKDC, G UKDC due")),
        ({"from_id": "OTHR"}, ("ENV-04", 1, "ENV-04 From Participant Id is OTHR, the account is ACME's")),
        ({"from_role": "VP"}, ("ENV-04", 1, "ENV-04 ACME does not hold role VP today")),
    ],
)
def test_what_the_header_says_is_refused(changes: dict[str, str], answer: tuple[str, int, str]) -> None:
    assert refused(footer(head(**changes) + BODY)) == answer


@pytest.mark.parametrize("changes", [{}, {"from_role": "BP"}])
def test_what_the_header_says_passes(changes: dict[str, str]) -> None:
    assert passes(footer(head(**changes) + BODY))


def test_superseded_flows_are_known_and_refused() -> None:
    for file_type in SUPERSEDED:
        assert layout(file_type).inbound


# footer, count, checksum


@pytest.mark.parametrize(
    "received",
    [
        HEAD,
        HEAD.rstrip(),
        HEAD + BODY,
        HEAD + BODY[:-4],
        GOOD + b"\n",
        GOOD + b"BSP|3|1|\n",
        GOOD + b" ",
        GOOD + b"\0",
        GOOD.rstrip() + b"\r",
        GOOD[:-2] + b"\n",
        GOOD[:-2],
        HEAD + BODY + b"ZZZ|6||\n",
        HEAD + BODY + b"ZZZ|06|1|\n",
        HEAD + BODY + b"ZZZ|-6|1|\n",
        HEAD + BODY + b"ZZZ|6|1|1|\n",
        HEAD + BODY + b"ZZZ|6|12345678901|\n",
        HEAD + BODY + b"ZZZ |6|1|\n",
        HEAD + BODY + b" ZZZ|6|1|\n",
        HEAD + BODY + b"zzz|6|1|\n",
        HEAD + BODY + "ZZZ|٦|1|\n".encode(),
    ],
)
def test_env_08_a_footer_that_is_none(received: bytes) -> None:
    data = "ENV-08 the last record is no ZZZ footer of two integers, closed by a separator"
    assert refused(received) == ("ENV-08", 5, data)


@pytest.mark.parametrize("received", [GOOD, GOOD.rstrip(b"\n"), GOOD.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + GOOD])
def test_a_footer_passes(received: bytes) -> None:
    assert passes(received)


def test_env_08_stands_for_a_file_without_any_line() -> None:
    for received in (b"", b"\xef\xbb\xbf", b"\n", b"ZZZ|1|0|\n"):
        found = judge_body(index_lines(received), SEV, 100)
        assert isinstance(found, Refusal)
        assert found.rule == "ENV-08"


@pytest.mark.parametrize("count", [0, 5, 7, 9_999_999_999])
def test_env_09_a_wrong_count(count: int) -> None:
    data = f"ENV-09 ZZZ counts {count} records, the file has 6"
    assert refused(footer(HEAD + BODY, count=count)) == ("ENV-09", 6, data)


def test_env_10_a_wrong_checksum() -> None:
    due = int(GOOD.split(b"|")[-2])
    data = f"ENV-10 ZZZ states checksum {due + 1}, the records give {due}"
    assert refused(footer(HEAD + BODY, checksum=due + 1)) == ("ENV-10", 7, data)


@settings(deadline=None)
@given(st.permutations(BODY.splitlines(keepends=True)), st.booleans(), st.booleans())
def test_count_and_checksum_hold_whatever_the_line_ends(body: list[bytes], mark: bool, returns: bool) -> None:
    """CR, byte-order mark and the order of records touch neither count nor checksum; structure may still refuse."""
    received = sealed(HEAD + b"".join(body))
    received = received.replace(b"\n", b"\r\n") if returns else received
    found = answer((b"\xef\xbb\xbf" if mark else b"") + received)
    assert isinstance(found, Structure) or found.rule.startswith("STR")


def test_a_cr_that_stands_elsewhere_counts_and_is_refused() -> None:
    assert refused(sealed(HEAD + BODY.replace(b"BSP|1", b"BSP\r|1"))) == (
        "ENV-11", 4, "line 4: ENV-11 character 0x0D is outside the IDD set",
    )  # fmt: skip
    mixed = GOOD.replace(b"BSP|1|-0.12|\n", b"BSP|1|-0.12|\r\n")
    assert passes(mixed)
    assert index_lines(mixed).first_cr_line == 4


# characters


@pytest.mark.parametrize("code", sorted(set(range(256)) - set(ALLOWED + b"|\n")))
def test_env_11_every_character_outside_the_set(code: int) -> None:
    body = BODY.replace(b"V__F", b"V_%cF" % code)
    data = f"line 3: ENV-11 character 0x{code:02X} is outside the IDD set"
    assert refused(sealed(HEAD + body)) == ("ENV-11", 4, data)


def test_every_character_of_the_set_passes() -> None:
    assert passes(sealed(HEAD + b"".join(b"BSD|20261115||\nBSB|%s|\nBSP|1|1|\n" % ALLOWED for _ in range(1))))


def test_env_11_a_blank_record() -> None:
    body = BODY.replace(b"\nBSP|2", b"\n\nBSP|2")
    assert refused(sealed(HEAD + body)) == ("ENV-11", 4, "line 5: ENV-11 blank record")
    assert refused(sealed(HEAD + b"\n" + body)) == ("ENV-11", 4, "line 2: ENV-11 blank record")


def test_env_11_a_record_of_spaces_is_no_blank_one() -> None:
    assert refused(sealed(HEAD + BODY + b"   \n"))[:2] == ("STR-01", 4)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 30), st.sampled_from([b"", b"BSP|$$|1|", b"\x80"])), st.integers(1, 40))
def test_strange_lines_are_told_in_order_up_to_the_limit(strange: dict[int, bytes], limit: int) -> None:
    body = [b"BSP|1|1|"] * 31
    for at, text in strange.items():
        body[at] = text
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", 16)
        found = judge_body(index_lines(sealed(HEAD + b"\n".join(body) + b"\n")), SEV, limit)
    assert isinstance(found, Refusal)
    assert (found.rule == "ENV-11") == bool(strange)
    if strange:
        due = [f"line {at + 2}:" for at in sorted(strange)][:limit]
        assert [data.split(" ENV")[0] for _, data in found.entries] == due


# size


def test_env_15_sizes_at_and_over_the_limits() -> None:
    assert judge_size(100, 10, 100, 10) is None
    assert judge_size(101, 10, 100, 10) == refusal("ENV-15", 4, "the file has 101 bytes, at most 100 are taken")
    assert judge_size(100, 11, 100, 10) == refusal("ENV-15", 4, "the file has 11 records, at most 10 are taken")
    both = judge_size(101, 11, 100, 10)
    assert both is not None
    assert "101 bytes" in both.entries[0][1]


# order

DEFECTS: list[tuple[str, tuple[bytes, bytes]]] = [
    ("ENV-01", (b"|TR01|\n", b"|TR01|x|\n")),
    ("ENV-02", (b"20261110093000", b"20261310093000")),
    ("ENV-05", (b"AAA|P0328001", b"AAA|P0328002")),
    ("ENV-03", (b"UKDC", b"OTHR")),
    ("ENV-04", (b"ACME|G", b"OTHR|G")),
    ("ENV-08", (b"ZZZ", b"ZZ")),
    ("ENV-09", (b"ZZZ|", b"ZZZ|1")),
    ("ENV-10", (b"BSB|V", b"BSB|W")),
    ("ENV-11", (b"BSP|1|", b"BSP|$|")),
    ("STR-01", (b"BSD|", b"BSX|")),
]


@settings(deadline=None)
@given(st.sets(st.integers(0, len(DEFECTS) - 1), min_size=1))
def test_of_several_defects_the_first_decides(defects: set[int]) -> None:
    body = HEAD + BODY
    for at in sorted(defects):
        rule, (right, wrong) = DEFECTS[at]
        if rule not in ("ENV-08", "ENV-09", "ENV-10"):
            body = body.replace(right, wrong, 1)
    received = sealed(body)
    for at in sorted(defects):
        rule, (right, wrong) = DEFECTS[at]
        if rule in ("ENV-08", "ENV-09", "ENV-10"):
            received = received.replace(right, wrong, 1)
    assert refused(received)[0] == DEFECTS[min(defects)][0]


def test_only_code_4_lists_several_places_and_at_most_the_limit() -> None:
    many = sealed(HEAD + BODY + b"BSP|1|\n" * 150)
    found = answer(many)
    assert isinstance(found, Refusal)
    assert len(found.entries) == 100
    assert {code for code, _ in found.entries} == {4}
    assert found.entries[0] == (4, "line 6: STR-02 BSP has 1 items, P0328001 gives it 2")
    assert len(answer(many, 3).entries) == 3  # type: ignore[union-attr]
    strange = answer(sealed(HEAD + BODY + b"BSP|$|1|\n" * 150), 7)
    assert isinstance(strange, Refusal)
    assert len(strange.entries) == 7


# published vectors and files of the same kinds

MADE = b"AAA|P0328001|D|20261110093000|VT|ACME|G|UKDC|4|TR01|\nBSD|20261115||\nBSB|V__FACME001|\nBSP|1|-0.12|\n"


@pytest.mark.parametrize(
    ("received", "rule"),
    [
        (MADE + b"ZZZ|5|443824702|\n", None),
        (b"\xef\xbb\xbf" + MADE + b"ZZZ|5|443824702|\n", None),
        (MADE.replace(b"\n", b"\r\n") + b"ZZZ|5|443824702|\r\n", None),
        (MADE + b"ZZZ|5|443824703|\n", "ENV-10"),
        (MADE + b"ZZZ|6|443824702|\n", "ENV-09"),
        (MADE.replace(b"|D|", b"|R|") + b"ZZZ|5|443824702|\n", "ENV-02"),
        (b"ZHD|P0142001|X|ACME|Z|POOL|20110803162013\nSUB|H|X|ACME|20110731|M\nZPT|3|1\n", "ENV-01"),
    ],
)
def test_files_of_the_published_kinds(received: bytes, rule: str | None) -> None:
    found = answer(received)
    assert (found.rule if isinstance(found, Refusal) else None) == rule


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("P0328001_default_48.txt", None),
        ("P0328001_perperiod.txt", None),
        ("R0051002_gcdc.txt", None),
        ("warn_bom.txt", None),
        ("warn_crlf.txt", None),
        ("bad_count.txt", "ENV-09"),
        ("bad_checksum.txt", "ENV-10"),
        ("ADT_ack_100.txt", "ENV-02"),
        ("real_P0142_20110803162013.txt", "ENV-01"),
    ],
)
def test_the_published_vectors(name: str, rule: str | None) -> None:
    if not VECTORS.is_dir():
        pytest.skip("the vectors are not on this machine")
    received = (VECTORS / name).read_bytes()
    header = read_header(received)
    found = header
    if isinstance(header, Header):
        flow = judge_header(header, Sender(header.from_id, frozenset({header.from_role})), "UKDC")
        assert not isinstance(flow, Refusal)
        found = judge_body(index_lines(received), flow, 100)
    assert (found.rule if isinstance(found, Refusal) else None) == rule


# any bytes at all


def conforms(found: Structure | Refusal) -> None:
    """A refusal holds what a receipt can carry; a structure can be read to its end."""
    if isinstance(found, Refusal):
        assert found.entries
        assert len(found.entries) == 1 or {code for code, _ in found.entries} == {4}
        for _, data in found.entries:
            assert len(data) <= module.DATA_LENGTH
            assert set(data.encode()) <= set(ALLOWED), data
    else:
        assert not found.places


def judged(received: bytes) -> None:
    conforms(answer(received))
    lines = index_lines(received)
    found = judge_body(lines, SEV, 5)
    conforms(found)
    if isinstance(found, Structure):
        rows = sum(len(frame) for piece in slices(lines, found, 2) for frame in piece.frames.values())
        assert rows == lines.count - 2 - len(found.rows["BSD"])


FRAGMENTS = st.sampled_from(
    [b"AAA|", b"ZZZ|", b"|", b"||", b"\n", b"\r\n", b"\0", b"BSD|", b"BSB|x|\n", b"BSP|1|1|\n", b"BSP", b"X",
     b"\xef\xbb\xbf", b"ZZZ|2|0|\n", b"$", b" ", HEAD, BODY]
)  # fmt: skip


@settings(deadline=None)
@given(st.binary(max_size=60) | st.lists(FRAGMENTS, max_size=8).map(b"".join))
@example(b"X\n")
def test_no_bytes_raise(received: bytes) -> None:
    judged(received)
    judged(sealed(HEAD + received))
    judged(sealed(HEAD + received + b"\n"))


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_change_of_a_good_file_raises(data: st.DataObject) -> None:
    received = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(received)))
        until = at + data.draw(st.integers(0, 3))
        received[at:until] = data.draw(st.binary(max_size=2) | FRAGMENTS)
    judged(bytes(received))
    body = bytes(received).rpartition(b"ZZZ")[0]
    judged(sealed(body if body.endswith(b"\n") else body + b"\n"))


def test_random_bytes_by_the_megabyte() -> None:
    received = random.Random(1).randbytes(10_000_000).replace(b"\r", b"")
    judged(received)
    judged(sealed(HEAD + received + b"\n"))
    assert refused(received)[:2] == ("ENV-01", 1)
    assert refused(sealed(HEAD + received + b"\n"))[:2] == ("ENV-11", 4)


@pytest.mark.parametrize("line", [b"BSP" + b"|" * 1_000_001, b"BSP|" + b"x" * 5_000_000 + b"|", b"|" * 1_000_000])
def test_a_very_long_line(line: bytes) -> None:
    rule, code, data = refused(sealed(HEAD + BODY + line + b"\n"))
    assert (rule, code) in (("STR-02", 4), ("STR-01", 4))
    assert data.startswith("line 6:")
    judged(sealed(HEAD + line + b"\n" + BODY))


def test_a_million_columns_are_counted() -> None:
    received = sealed(HEAD + BODY + b"BSP" + b"|" * 1_000_001 + b"\n")
    assert refused(received) == ("STR-02", 4, "line 6: STR-02 BSP has 1000000 items, P0328001 gives it 2")


def test_a_million_blank_records() -> None:
    assert refused(sealed(HEAD + b"\n" * 1_000_000)) == ("ENV-11", 4, "line 2: ENV-11 blank record")
