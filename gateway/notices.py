"""Files that the gateway sends of its own accord, to the account of a party that is marked for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlmodel import Session

from market.clock import london_day
from market.header import Header
from outbound.names import outgoing_name
from store import accounts, answers, parties, policy, sequences
from store.refused import RefusedError
from store.states import AnswerKind
from store.tables import Account, Answer


def addressee(session: Session, party_id: str, at: datetime) -> tuple[Account, list[str]]:
    """The account that gets a party's notices, and the roles that the party holds on the London day of `at` (aware).

    Raises RefusedError for a party that has no account or no role on that day.
    """
    account = accounts.for_notices(session, party_id)
    held = [row.role for row in parties.roles(session, party_id, london_day(at))]
    if account is None or not held:
        raise RefusedError(
            f"party {party_id} has no {'role today' if account else 'live account'}: nothing can be sent"
        )
    return account, held


def add_notice(
    session: Session,
    party_id: str,
    file_type: str,
    from_role: str,
    at: datetime,
    write: Callable[[Header], bytes | None],
    *,
    to_roles: tuple[str, ...] = (),
    test_flag: str = "",
) -> Answer | None:
    """Adds a file to a party, which `write` makes under its header; None where that gives none.

    It is addressed to the party in the first of `to_roles` that it holds, or else in its first role; `at` is aware.
    Raises RefusedError for a party that has no account or no role on that day.
    """
    account, held = addressee(session, party_id, at)
    gateway_id = policy.in_force(session).on(london_day(at)).gateway_id
    to_role = next((role for role in to_roles if role in held), held[0])
    header = Header(file_type, "D", at, from_role, gateway_id, to_role, party_id, 0, test_flag)
    if write(header) is None:
        return None
    header = replace(header, sequence=sequences.take_outgoing(session, str(header.channel)))
    number = sequences.take_outgoing(session, f"names of {from_role} to {account.name}")
    return answers.add(
        session,
        account=account.name,
        kind=AnswerKind.NOTICE,
        name=outgoing_name(from_role, number),
        at=at,
        body=write(header),
        file_type=file_type,
    )
