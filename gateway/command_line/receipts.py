"""`gridpost verify` for parties, and `receipt-key` for operators: receipts that are signed."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from gateway.command_line.output import Format, FormatOption, plain, print_rows, shown, write, write_json
from gateway.command_line.place import NotPossibleError, Place, operator
from market.clock import system_clock

if TYPE_CHECKING:
    from outbound.signed_receipt import Signed

LONGEST = 1 << 20
"""How much of a page of keys or of a receipt is read."""

Read = TypeVar("Read")

_keys = typer.Typer(no_args_is_help=True)


def add_receipts(app: typer.Typer) -> None:
    """Adds the commands of this module."""
    app.command("verify")(_verify)
    app.add_typer(_keys, name="receipt-key", help="The keys that sign receipts.")


def _verify(
    receipt: Annotated[Path, typer.Argument(help="a signed receipt, NAME.ADT.sig")],
    file: Annotated[Path, typer.Argument(help="the file that was sent")],
    key: Annotated[
        Path | None, typer.Option(help="the gateway's page of keys; the one beside the receipt where none is named")
    ] = None,
    chain: Annotated[
        Path | None, typer.Option(help="a folder of signed receipts of the account: each must follow the one before it")
    ] = None,
    format_: FormatOption = Format.TEXT,
) -> None:
    """Verify that a signed receipt is genuine and of this file; needs no home and no gateway."""
    from outbound.receipt_keys import KEYS_PAGE, read_keys
    from outbound.receipt_proof import broken_chain, differing, unsigned

    keys = _read(read_keys, key or receipt.parent / KEYS_PAGE)
    signed = _signed(receipt)
    with file.open("rb") as sent:
        sha256 = hashlib.file_digest(sent, "sha256").hexdigest()
    wrong = [*unsigned(signed, keys), *differing(signed.receipt, file.name, file.stat().st_size, sha256)]
    others = _others(chain, receipt) if chain else []
    wrong += [f"{name}: {why}" for name, other in others for why in unsigned(other, keys)]
    wrong += broken_chain([(receipt.name, signed), *others]) if chain else []
    found = {
        "receipt": receipt.name,
        **vars(signed.receipt),
        "verified": not wrong,
        "chain": len(others) + 1 if chain else None,
        "differences": wrong,
    }
    if format_ is Format.JSON:
        write_json(found)
    elif wrong:
        write("".join(f"{plain(why)}\n" for why in wrong))
    else:
        one = signed.receipt
        write(
            f"{plain(file.name)} was received from account {one.account} at {shown(one.received_at)} GMT as submission "
            f"{one.submission_ref}: {one.size} bytes, receipt {one.receipt_code}, rules {one.rules_version}.\n"
            f"Signed by key {one.key_id} as number {one.number} of the account"
            + (f"; the {len(others) + 1} receipts of the folder follow each other.\n" if chain else ".\n")
        )
    if wrong:
        raise typer.Exit(1)


def _signed(path: Path) -> "Signed":
    from outbound.signed_receipt import read_signed

    return _read(read_signed, path)


def _others(folder: Path, receipt: Path) -> "list[tuple[str, Signed]]":
    """The signed receipts of a folder, but the one itself."""
    paths = [path for path in sorted(folder.iterdir()) if path.name.endswith(".sig") and path.is_file()]
    return [(plain(path.name), _signed(path)) for path in paths if not path.samefile(receipt)]


def _read(reader: Callable[[bytes], Read], path: Path) -> Read:
    """What a small file holds; NotPossibleError where it is not what the reader reads."""
    from outbound.receipt_keys import NotSignedError

    with path.open("rb") as file:
        content = file.read(LONGEST)
    try:
        return reader(content)
    except NotSignedError as error:
        raise NotPossibleError(f"{path}: {error}") from error


@_keys.command("list")
def _list_keys(context: typer.Context, format_: FormatOption = Format.TEXT) -> None:
    """List the keys, the newest first: it signs."""
    from store import signed_receipts
    from store.database import reading

    place: Place = context.obj
    with place.opened() as engine, reading(engine) as session:
        rows = [key.model_dump() for key in signed_receipts.keys(session)]
    print_rows(format_, rows, "no key was made: the first account with signed receipts makes it")


@_keys.command("rotate")
def _rotate(context: typer.Context) -> None:
    """Sign with a new key from now on; the ones before it stay on the page of keys, with their last day."""
    from gateway.signed_receipts import make_key, publish
    from store import signed_receipts
    from store.database import reading, writing

    place: Place = context.obj
    with place.opened() as engine:
        with writing(engine) as session:
            # who signs with the key before it has received what it signs before that one ends
            signed_receipts.hold_all(session)
            key = make_key(session, place.home, actor=operator(), at=system_clock())
        with reading(engine) as session:
            publish(session, place.home)
    write(f"receipts are signed with key {key.key_id} from now on\n")
