"""Acceptance: what of a flow is accepted or refused as a whole, and what an accepted unit changes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Acceptance:
    """The acceptance units of a flow.

    Units are the rows of `units` (record types of which none stands below another). `key` are the columns whose
    texts, joined by a space, name a unit; a row without one of them is named `line N`. Of a unit that breaks the
    rule `no_change` and is not refused the outcome is N. `effect` are the columns kept of accepted units.
    """

    flow: str
    units: tuple[str, ...]
    key: tuple[str, ...] = ()
    no_change: str | None = None
    effect: tuple[str, ...] = ()
