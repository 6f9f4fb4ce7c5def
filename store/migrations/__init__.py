"""The store's schema, release by release, applied by Alembic from inside the package."""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, text

from market.fault import Fault

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0010"
"""The newest migration."""

# Any number that nothing else on the server locks: two gateways never migrate at once.
_ADVISORY_LOCK = 7_146_278_021


def upgrade(engine: Engine) -> None:
    """Brings a store to the newest schema in one transaction.

    Raises Fault where the store is at a migration that this release does not know.
    """
    # Alembic takes a while to import and is needed once in a store's life.
    from alembic import command
    from alembic.util import CommandError

    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK})
        try:
            command.upgrade(configuration(connection), "head")
        except CommandError as error:
            raise Fault(f"the store is not one of this release: {error}") from error


def configuration(connection: Connection) -> "Config":
    """Alembic's configuration for these migrations on an open connection."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
