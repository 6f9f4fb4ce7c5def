"""The accounts whose receipts are signed, and the keys that sign them."""

from datetime import datetime

from sqlmodel import Field

from store.tables.row import Row, UtcTime


class ReceiptChain(Row, table=True):
    """The signed receipts of one account: `number` of them, the last with the hash `sha256`.

    `ended_at` is set while its receipts are not signed; the chain goes on when they are again.
    """

    __tablename__ = "receipt_chain"

    account: str = Field(primary_key=True, foreign_key="account.name")
    number: int = 0
    sha256: str | None = None
    begun_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class ReceiptKey(Row, table=True):
    """A key that signs receipts until `valid_to`; `public_key` is its raw bytes in hex, the private one is a file."""

    __tablename__ = "receipt_key"

    key_id: str = Field(primary_key=True)
    public_key: str
    valid_from: datetime = Field(sa_type=UtcTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcTime)
