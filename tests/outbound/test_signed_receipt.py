"""Signed receipts: their exact bytes, and that nothing in them can be changed without being found."""

import shutil
import subprocess
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from outbound.receipt_keys import NotSignedError, PublishedKey, key_id, keys_page, read_keys
from outbound.receipt_proof import broken_chain, differing, unsigned
from outbound.signed_receipt import HEADING, LONGEST, Signed, SignedReceipt, read_signed, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
# the second before the clocks go back: its GMT is unmistakable
BEGAN = datetime(2026, 10, 25, 0, 59, 59, tzinfo=UTC)
KNOWN = {key_id(KEY.public_key()): PublishedKey(key_id(KEY.public_key()), KEY.public_key(), BEGAN)}

FIRST = SignedReceipt(
    account="acme",
    number=1,
    file_name="BP000000000001",
    size=175,
    sha256="0f" * 32,
    received_at=BEGAN,
    receipt_code=100,
    submission_ref="06GSQ75HM000C0V5AC5GJB6W6C",
    rules_version="0123456789ab",
    previous=None,
    key_id="",
)

GOLDEN = b"""\
gridpost signed receipt, version 1
account: acme
number: 1
file: "BP000000000001"
size: 175
sha256: 0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f
received: 2026-10-25T00:59:59Z
receipt: 100
submission: 06GSQ75HM000C0V5AC5GJB6W6C
rules: 0123456789ab
previous: none
key: 56475aa75463474c
signature: dNs7LLIvgQBG6Uze9zUcDvJy2CnxniqMAGp1qwbiZ/5mlM6gRMbrtlvjtKcUHy1ckfCWFk50PO3NKQ3XkwuyDQ==
"""

GOLDEN_KEYS = b"""\
Receipts of this gateway are signed with these Ed25519 keys, the newest first.

key 56475aa75463474c from 2026-10-25T00:59:59Z
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=
-----END PUBLIC KEY-----

key 139e3940e64b5491 from 2026-10-24T00:59:59Z until 2026-10-25T00:59:59Z
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=
-----END PUBLIC KEY-----
"""


def chain_of(count: int) -> list[tuple[str, Signed]]:
    chain: list[tuple[str, Signed]] = []
    for number in range(1, count + 1):
        previous = chain[-1][1].sha256 if chain else None
        chain.append((f"{number}.sig", sign(replace(FIRST, number=number, previous=previous), KEY)))
    return chain


def test_a_signed_receipt_has_exactly_these_bytes() -> None:
    signed = sign(FIRST, KEY)
    assert signed.content.decode() == GOLDEN.decode()
    assert read_signed(GOLDEN) == signed
    assert unsigned(signed, KNOWN) == []
    assert differing(signed.receipt, "BP000000000001", 175, "0f" * 32) == []


def test_a_page_of_keys_has_exactly_these_bytes() -> None:
    older = PublishedKey(key_id(OTHER.public_key()), OTHER.public_key(), BEGAN - timedelta(days=1), BEGAN)
    page = keys_page([*KNOWN.values(), older])
    assert page.decode() == GOLDEN_KEYS.decode()
    found = read_keys(page)
    assert [(key.valid_from, key.valid_to) for key in found.values()] == [
        (BEGAN, None),
        (BEGAN - timedelta(days=1), BEGAN),
    ]
    assert found[older.key_id].public == older.public


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_it_too(tmp_path: Path) -> None:
    """A party may have nothing of ours: the lines, the signature and the first key of the page are enough."""
    lines, _, signature = GOLDEN.rpartition(b"signature: ")
    (tmp_path / "lines").write_bytes(lines)
    (tmp_path / "signature").write_bytes(sign(FIRST, KEY).signature)
    (tmp_path / "page").write_bytes(GOLDEN_KEYS)

    def verify() -> int:
        command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", tmp_path / "page"]
        given = ["-in", tmp_path / "lines", "-sigfile", tmp_path / "signature"]
        return subprocess.run([*command, *given], capture_output=True, check=False).returncode

    assert signature
    assert verify() == 0
    (tmp_path / "lines").write_bytes(lines.replace(b"175", b"176"))
    assert verify() == 1


@given(
    st.builds(
        SignedReceipt,
        account=st.from_regex("[A-Za-z0-9][A-Za-z0-9_.-]{0,31}", fullmatch=True),
        number=st.integers(1, 10**12 - 1),
        file_name=st.text(min_size=1, max_size=120),
        size=st.integers(0, 1 << 40),
        sha256=st.from_regex("[0-9a-f]{64}", fullmatch=True),
        received_at=st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
            lambda at: at.replace(microsecond=0)
        ),
        receipt_code=st.sampled_from([100, 101, 1, 7]),
        submission_ref=st.from_regex("[0-9A-Z]{26}", fullmatch=True),
        rules_version=st.from_regex("[0-9a-f]{12}", fullmatch=True),
        previous=st.none() | st.from_regex("[0-9a-f]{64}", fullmatch=True),
        key_id=st.just(""),
    )
)
@settings(max_examples=60)
def test_what_is_signed_is_read_as_it_was(receipt: SignedReceipt) -> None:
    signed = sign(receipt, KEY)
    assert len(signed.content) <= LONGEST
    assert signed.content.isascii()
    assert all(byte >= 32 or byte == 10 for byte in signed.content)
    assert read_signed(signed.content) == signed
    assert replace(signed.receipt, key_id="") == receipt
    assert unsigned(signed, KNOWN) == []


@given(st.integers(0, len(GOLDEN) - 1), st.integers(0, 255))
@settings(max_examples=200)
def test_no_byte_can_be_changed(place: int, byte: int) -> None:
    forged = GOLDEN[:place] + bytes([byte]) + GOLDEN[place + 1 :]
    if forged == GOLDEN:
        return
    try:
        found = read_signed(forged)
    except NotSignedError:
        return
    assert unsigned(found, KNOWN)


@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: f"{HEADING}\n{text}".encode()))
@settings(max_examples=100)
def test_what_is_no_signed_receipt_is_told(content: bytes) -> None:
    with pytest.raises(NotSignedError):
        read_signed(content)
    with pytest.raises(NotSignedError):
        read_keys(content)


def test_each_thing_that_a_file_has_otherwise_is_told_with_both_values() -> None:
    found = differing(FIRST, "BP000000000002", 176, "ff" * 32)
    assert found == [
        'the file name in the receipt is "BP000000000001", the file\'s is "BP000000000002"',
        "the size in the receipt is 175 bytes, the file's is 176 bytes",
        f"the SHA-256 in the receipt is {'0f' * 32}, the file's is {'ff' * 32}",
    ]


def test_a_name_cannot_move_the_cursor() -> None:
    (found,) = differing(replace(FIRST, file_name="a\x1b[2J\u202eb"), "b", 175, "0f" * 32)
    assert found.isprintable()


def test_another_key_is_told() -> None:
    forged = sign(FIRST, OTHER)
    (found,) = unsigned(forged, KNOWN)
    assert found == f"the receipt names key {forged.receipt.key_id}; the keys known are {next(iter(KNOWN))}"


def test_another_key_under_the_name_of_ours_is_told() -> None:
    name = next(iter(KNOWN))
    lines = replace(FIRST, key_id=name).lines()
    forged = replace(sign(FIRST, KEY), signature=OTHER.sign(lines))
    assert unsigned(forged, KNOWN) == [f"the signature is not of key {name} over these lines"]
    page = keys_page(list(KNOWN.values()))
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    others = OTHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(NotSignedError, match=f"key {name} is another key than its id says"):
        read_keys(page.replace(pem, others))


@pytest.mark.parametrize("key", ["300c300706052a03040506030100", "00"], ids=["of an unknown kind", "no key"])
def test_a_page_whose_key_nobody_reads_is_told(key: str) -> None:
    pem = f"-----BEGIN PUBLIC KEY-----\n{b64encode(bytes.fromhex(key)).decode()}\n-----END PUBLIC KEY-----\n"
    with pytest.raises(NotSignedError, match="key 0123456789abcdef cannot be read"):
        read_keys(f"key 0123456789abcdef from 2026-01-01T00:00:00Z\n{pem}".encode())


def test_a_key_signs_what_was_received_until_its_end_and_nothing_later() -> None:
    name = next(iter(KNOWN))
    ended = {name: replace(KNOWN[name], valid_to=BEGAN)}
    assert unsigned(sign(FIRST, KEY), ended) == []
    later = sign(replace(FIRST, received_at=BEGAN + timedelta(seconds=1)), KEY)
    assert unsigned(later, ended) == [
        f"the receipt is of 2026-10-25T01:00:00Z, and key {name} signs until 2026-10-25T00:59:59Z"
    ]


def test_a_chain_in_any_order_and_from_anywhere_is_whole() -> None:
    chain = chain_of(5)
    assert broken_chain(chain) == []
    assert broken_chain(list(reversed(chain[2:]))) == []
    assert broken_chain([*chain, ("again.sig", chain[3][1])]) == []


def test_a_cut_chain_is_told() -> None:
    chain = chain_of(6)
    assert broken_chain(chain[:2] + chain[3:]) == ["number 3 is missing between 2.sig and 4.sig"]
    assert broken_chain(chain[:2] + chain[4:]) == ["numbers 3 to 4 are missing between 2.sig and 5.sig"]


def test_a_link_of_another_chain_is_told() -> None:
    chain = chain_of(3)
    forged = sign(replace(chain[1][1].receipt, size=1), KEY)
    assert broken_chain([chain[0], ("2.sig", forged), chain[2]]) == [
        f"3.sig follows {chain[1][1].sha256}, 2.sig is {forged.sha256}"
    ]
    assert broken_chain([*chain, ("forged.sig", forged)])[0] in (
        "2.sig and forged.sig both have number 2, with other bytes",
        "forged.sig and 2.sig both have number 2, with other bytes",
    )
    other = sign(replace(chain[1][1].receipt, account="volt"), KEY)
    assert "1.sig is of account acme, 2.sig of volt" in broken_chain([chain[0], ("2.sig", other)])


def test_a_first_one_that_follows_another_is_told() -> None:
    begun = sign(replace(FIRST, previous="ab" * 32), KEY)
    assert broken_chain([("1.sig", begun)]) == [f"1.sig has number 1 and follows {'ab' * 32}"]
    assert broken_chain([("2.sig", sign(replace(FIRST, number=2), KEY))]) == ["2.sig has number 2 and follows none"]
