"""The states and kinds that rows of the store can have, and which state follows which (exchange.md, section 4)."""

from enum import StrEnum


class SubmissionState(StrEnum):
    """Where a submission stands."""

    RECEIVED = "RECEIVED"
    """Taken; not yet answered with a receipt."""
    NACKED = "NACKED"
    """Answered with a receipt code 1 to 7: the end."""
    DUPLICATE = "DUPLICATE"
    """Answered with 101: the end."""
    ACKED = "ACKED"
    """Answered with 100; not yet decided."""
    VALIDATED = "VALIDATED"
    """Decided: it has an outcome."""
    HELD = "HELD"
    """Waits for the other parts of its declaration set, or for the numbers that are missing before its own."""
    QUARANTINED = "QUARANTINED"
    """Kept away from the workers until an operator decides."""
    WITHDRAWN = "WITHDRAWN"
    """Taken back by an operator: the end."""


FOLLOWING: dict[SubmissionState, frozenset[SubmissionState]] = {
    SubmissionState.RECEIVED: frozenset(
        {
            SubmissionState.NACKED,
            SubmissionState.DUPLICATE,
            SubmissionState.ACKED,
            SubmissionState.HELD,
            SubmissionState.QUARANTINED,
        },
    ),
    SubmissionState.ACKED: frozenset(
        {SubmissionState.VALIDATED, SubmissionState.HELD, SubmissionState.QUARANTINED},
    ),
    # judged again, what is held may still wait, and what was refused may wait from then on; what was held at a gap
    # is decided like any other once its turn has come
    SubmissionState.HELD: frozenset(
        {SubmissionState.ACKED, SubmissionState.HELD, SubmissionState.VALIDATED, SubmissionState.WITHDRAWN}
    ),
    SubmissionState.QUARANTINED: frozenset({SubmissionState.VALIDATED, SubmissionState.WITHDRAWN}),
    SubmissionState.VALIDATED: frozenset({SubmissionState.HELD, SubmissionState.VALIDATED, SubmissionState.WITHDRAWN}),
    SubmissionState.NACKED: frozenset(),
    SubmissionState.DUPLICATE: frozenset(),
    SubmissionState.WITHDRAWN: frozenset(),
}
"""The states that may follow each state."""

UNDECIDED = (SubmissionState.RECEIVED, SubmissionState.ACKED)
"""The states in which a submission makes the later ones of its channel wait."""


class Outcome(StrEnum):
    """What became of a validated submission's acceptance units."""

    ACCEPTED = "ACCEPTED"
    PARTIAL = "PARTIAL"
    REJECTED = "REJECTED"


class Profile(StrEnum):
    """How a submission is written."""

    IDD = "IDD"
    CSV = "CSV"


class RunKind(StrEnum):
    """Why a submission was validated."""

    ARRIVAL = "ARRIVAL"
    RERUN = "RERUN"
    REVALIDATION = "REVALIDATION"


class AnswerKind(StrEnum):
    """What an answer is."""

    RECEIPT = "RECEIPT"
    SIGNED_RECEIPT = "SIGNED_RECEIPT"
    REPORT = "REPORT"
    FLOW = "FLOW"
    NOTICE = "NOTICE"


class AnswerState(StrEnum):
    """How far an answer has come on its way to the party."""

    PENDING = "PENDING"
    """Committed; not yet on the outbox's file system."""
    STAGED = "STAGED"
    """Written where the party does not see it."""
    DELIVERED = "DELIVERED"
    """In the party's outbox."""
    COLLECTED = "COLLECTED"
    """Deleted by the party."""


class Direction(StrEnum):
    """Which way the files of a sequence go."""

    IN = "IN"
    OUT = "OUT"


class ScheduledRunState(StrEnum):
    """Where a scheduled run stands."""

    STARTED = "STARTED"
    """In work, or left behind by a process that ended."""
    DONE = "DONE"
    """Its effects and its summary are committed."""
    FAULT = "FAULT"
    """It raised; it is tried again."""
    PASSED_OVER = "PASSED_OVER"
    """Never run: missed where only the latest is made up, or before the schedule began."""


class GcdcBreachState(StrEnum):
    """Where a GC/DC breach stands."""

    OPEN = "OPEN"
    """Told to its Lead Party, which may have challenged it."""
    UPHELD = "UPHELD"
    """The challenge was upheld: the proposed value took effect."""
    REJECTED = "REJECTED"
    """The challenge was rejected: the estimated value took effect."""
    PART_UPHELD = "PART_UPHELD"
    """The challenge was upheld in part: another value took effect."""
    TAKEN_EFFECT = "TAKEN_EFFECT"
    """Nobody challenged it: the estimated value took effect."""
    SUPERSEDED = "SUPERSEDED"
    """Nobody challenged it, and what is in force by then leaves nothing for the estimated value to do."""
    WITHDRAWN = "WITHDRAWN"
    """Later metered volumes or values leave no period in breach."""
