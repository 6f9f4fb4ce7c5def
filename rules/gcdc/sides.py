"""The two sides of a declared value: Generation Capacity and Demand Capacity, in MW or as MWh of one half-hour."""

from dataclasses import dataclass

import polars as pl

from market.number_text import mw_text, mwh_text


@dataclass(frozen=True)
class Side:
    """One side: its items and their columns, and the sign (1 or -1) that its values have."""

    name: str
    column: str
    volume_name: str
    volume: str
    sign: int

    @property
    def capacity_text(self) -> pl.Expr:
        """The MW as stated."""
        return mw_text(pl.col(self.column))

    @property
    def volume_text(self) -> pl.Expr:
        """The MWh as stated."""
        return mwh_text(pl.col(self.volume))

    @property
    def declared(self) -> str:
        """The column of the declared value, in kW."""
        return f"declared.{self.column}"

    @property
    def in_force(self) -> str:
        """The column of the value in force on the effective date, in kW."""
        return f"value_in_force.{self.column}"

    @property
    def declared_text(self) -> pl.Expr:
        """The declared value as messages show it."""
        return mw_text(pl.col(self.declared))

    @property
    def in_force_text(self) -> pl.Expr:
        """The value in force as messages show it."""
        return mw_text(pl.col(self.in_force))


GENERATION = Side("Generation Capacity", "generation_capacity", "Maximum Export QM", "maximum_export_qm", 1)
DEMAND = Side("Demand Capacity", "demand_capacity", "Maximum Import QM", "maximum_import_qm", -1)
SIDES = (GENERATION, DEMAND)

DECLARED = (GENERATION.declared, DEMAND.declared)
IN_FORCE = (GENERATION.in_force, DEMAND.in_force)


def pair_text(generation: str, demand: str) -> pl.Expr:
    """GC and DC of two kW columns as messages show them together: `99 MW / -2 MW`."""
    return pl.format("{} / {}", mw_text(pl.col(generation)), mw_text(pl.col(demand)))
