"""What the store knows that decides on a receipt: who sends, and what its channel has received."""

from sqlmodel import Session

from gateway.pipeline import Knowledge, Reading
from ingest.envelope import Sender
from ingest.sequence import ChannelState
from market.clock import london_day
from store import answers, numbers_ahead, parties, sequences, submissions
from store import policy as policies
from store.states import AnswerKind, Profile
from store.tables import Submission

STRICT = "strict"
"""The sequence policy that holds files at a gap."""


def sender_of(session: Session, party_id: str, submission: Submission) -> Sender:
    """A party with the roles that it holds on the day of receipt."""
    return Sender(
        party_id, frozenset(row.role for row in parties.roles(session, party_id, london_day(submission.received_at)))
    )


def knowledge(session: Session, submission: Submission, reading: Reading) -> Knowledge:
    """What the store knows that decides on the receipt of a read submission."""
    policy = policies.in_force(session).on(london_day(submission.received_at))
    sender = sender_of(session, submission.party_id, submission)
    channel, number = submission.channel, submission.sequence
    if channel is not None and submission.profile is Profile.CSV:
        latest = submissions.last_acked(session, channel)
        return Knowledge(sender, ChannelState(acked_sha256=latest.sha256 if latest else None), policy)
    if channel is None or number is None:
        return Knowledge(sender, ChannelState(), policy)
    acked = submissions.acked_with(session, channel, number)
    refused = submissions.refused_with(session, channel, number)
    # what is held is decided in order also where the policy has changed since
    strict = policy.sequence == STRICT or numbers_ahead.any_of(session, channel)
    state = ChannelState(
        highest=sequences.state(session, channel),
        acked_sha256=acked.sha256 if acked else None,
        refused_sha256=refused.sha256 if refused else None,
        refusal=_old_refusal(session, refused) if refused and refused.sha256 == reading.sha256 else (),
        strict=strict,
        ahead=strict and numbers_ahead.has(session, channel, number),
    )
    return Knowledge(sender, state, policy)


def _old_refusal(session: Session, refused: Submission) -> tuple[tuple[int, str], ...]:
    """The entries of the receipt that refused the same bytes before."""
    body = next(one.body for one in answers.of(session, refused.ref) if one.kind is AnswerKind.RECEIPT)
    assert body is not None
    records = [line.split("|") for line in body.decode("ascii").splitlines() if line.startswith("ADT|")]
    return tuple((int(record[4]), record[5]) for record in records)
