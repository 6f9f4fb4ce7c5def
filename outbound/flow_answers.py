"""Which answers of its own a flow gives besides the validation report, and in which order they leave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from market.header import Header
from market.layout import layout
from outbound.answered import Answered, Frames
from outbound.delivered_volumes import delivered_volumes_confirmed, delivered_volumes_refused
from outbound.expected_volumes import expected_volumes_accepted, expected_volumes_refused, expected_volumes_warned
from outbound.metering_system_notices import missing_demand, surprising_demand
from outbound.repeated import confirmed, rejected
from outbound.writer import file


@dataclass(frozen=True)
class FlowAnswer:
    """One answer of a flow.

    `records` makes the frames of its records by record type, as outbound.writer takes them; none where there is nothing
    to say, and then the answer does not leave. `echoes` are the record types that repeat refused records, `dated` is
    the one that says when the file is made.
    """

    file_type: str
    records: Callable[[Answered], Frames]
    echoes: tuple[str, ...] = ()
    dated: str | None = None

    def write(self, header: Header, records: Mapping[str, pl.DataFrame]) -> bytes:
        """The answer as an IDD file. `header` is its own, `records` are what `self.records` gave."""
        if self.dated is not None:
            made = pl.lit(header.creation_time).cast(pl.Datetime("us", "UTC")).alias("creation_time")
            records = {**records, self.dated: records[self.dated].with_columns(made)}
        return file(header, layout(self.file_type), records, self.echoes)


def _confirmation(file_type: str) -> FlowAnswer:
    return FlowAnswer(file_type, confirmed(layout(file_type)))


def _rejection(file_type: str) -> FlowAnswer:
    (root,) = layout(file_type).roots
    return FlowAnswer(file_type, rejected(layout(file_type)), echoes=(root.type,))


ANSWERS: Mapping[str, tuple[FlowAnswer, ...]] = {
    "K4192001": (
        FlowAnswer("P0310001", missing_demand),
        FlowAnswer("P0311001", surprising_demand, dated="HDI"),
    ),
    "P0282002": (
        FlowAnswer("P0284001", delivered_volumes_confirmed),
        FlowAnswer("P0283002", delivered_volumes_refused),
    ),
    "P0323001": (_confirmation("P0325001"), _rejection("P0324001")),
    "P0326001": (_confirmation("P0334001"), _rejection("P0327001")),
    "P0328001": (
        FlowAnswer("P0330001", expected_volumes_accepted),
        FlowAnswer("P0329001", expected_volumes_refused),
        FlowAnswer("P0331001", expected_volumes_warned),
    ),
    "P0335001": (_confirmation("P0337001"), _rejection("P0336001")),
}
"""The answers of each flow that has some: acceptance, rejection, warning; or what is missing, and what surprises."""
