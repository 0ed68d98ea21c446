"""The schema, from one version to the next."""

from __future__ import annotations

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

HEAD = "head"


def migrate(connection: Connection, to: str = HEAD) -> None:
    """Bring the schema forward inside the connection's transaction; harmless where it is there already.

    Raises Alembic's `CommandError` for a schema that is newer than this version of Wrapup.
    """
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
