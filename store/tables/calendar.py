"""The Settlement Calendar."""

from datetime import date

from sqlalchemy import Index

from store.tables.row import Dated


class SettlementCalendarRow(Dated, table=True):
    """A Settlement Run of a Settlement Date, with the days between which it takes demand."""

    __tablename__ = "settlement_calendar"
    __table_args__ = (Index(None, "settlement_date", "settlement_run_type"),)

    settlement_date: date
    settlement_run_type: str
    sva_run_date: date | None = None
    notification_date: date
