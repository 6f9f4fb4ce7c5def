"""Parties, what they may do, and the accounts through which they come."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from store.tables.row import Dated, Row, UtcTime


class Party(Row, table=True):
    """A BSC Party or agent by its participant id."""

    __tablename__ = "party"

    party_id: str = Field(primary_key=True)
    name: str


class PartyRole(Dated, table=True):
    """A role (BP, VP, VT, AV, ...) that a party holds on some days."""

    __tablename__ = "party_role"
    __table_args__ = (Index(None, "party_id", "role", "effective_from"),)

    party_id: str
    role: str


class Signatory(Dated, table=True):
    """An authorisation category (BSCP38) that a person holds for a party on some days."""

    __tablename__ = "signatory"
    __table_args__ = (Index(None, "party_id", "name", "category", "effective_from"),)

    party_id: str
    name: str
    category: str


class Account(Row, table=True):
    """One SFTP login of one party. `notices` marks the party's account for notices."""

    __tablename__ = "account"

    name: str = Field(primary_key=True)
    party_id: str = Field(foreign_key="party.party_id", index=True)
    notices: bool = False
    created_at: datetime = Field(sa_type=UtcTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcTime)


class AccountKey(Row, table=True):
    """A public key of an account: it opens from `valid_from` and, where set, until before `valid_to`."""

    __tablename__ = "account_key"
    __table_args__ = (UniqueConstraint("account", "fingerprint"),)

    id: int | None = Field(default=None, primary_key=True)
    account: str = Field(foreign_key="account.name")
    key_type: str
    key_base64: str
    fingerprint: str
    valid_from: datetime = Field(sa_type=UtcTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcTime)
