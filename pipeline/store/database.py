"""One engine over SQLite or PostgreSQL, and the one place where the driver's errors become ours."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from models.errors import ConfigError, MissingExtraError
from pipeline.store.errors import StoreAwayError, StoreError

SQLITE_PRAGMAS = (
    "synchronous=NORMAL",
    "foreign_keys=ON",
    # What is deleted is overwritten: a forgotten call's key must not stay in a free page.
    "secure_delete=ON",
)
BUSY_S = 5.0
RETRY_S = 0.02
CONNECT_S = 10
DEAD_LINK_MS = 30_000
SCHEMA_LOCK = 7713402
SERVER_LOCK = 7713403

_WRITES = "wrapup_writes"


def open_engine(url: str) -> Engine:
    """An engine for a URL of SQLite or PostgreSQL; connects to nothing yet.

    Raises `ConfigError` for another URL, `MissingExtraError` where the driver is not installed.
    """
    try:
        return _engine(make_url(url))
    except (ArgumentError, ValueError):
        # What was raised may have a part of the password in it.
        raise ConfigError(
            "store.url: expected a URL such as sqlite:///wrapup-data/wrapup.db or "
            "postgresql+psycopg://USER:PASSWORD@HOST/NAME, where @ : / % in a password are %40 %3A %2F %25"
        ) from None


def _engine(parsed: URL) -> Engine:
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in (None, "", ":memory:"):
            return _sqlite(parsed)
        case "postgresql":
            return _postgres(parsed.set(drivername="postgresql+psycopg"))
    raise ConfigError("store.url: expected a file, sqlite:///PATH, or postgresql+psycopg://HOST/NAME")


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args=_unless_said(url, {"timeout": BUSY_S}), hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            connect_args=_unless_said(url, {"connect_timeout": CONNECT_S, "tcp_user_timeout": DEAD_LINK_MS}),
            hide_parameters=True,
            pool_pre_ping=True,
        )
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "PostgreSQL needs the package psycopg: make install EXTRA=postgres"
        ) from error


def _unless_said(url: URL, defaults: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in defaults.items() if name not in url.query}


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver would begin transactions by itself, late, and none around DDL; `_begin_sqlite` does.
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in SQLITE_PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Of several that open a new file at once all but one find it locked, and SQLite does not wait here.
    last_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last_s:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that becomes one later could not wait for it.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read from. Raises `StoreError`."""
    with driver_errors(), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that is committed at the end, or not at all. Raises `StoreError`."""
    with (
        driver_errors(),
        engine.connect().execution_options(**{_WRITES: True}) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def driver_errors() -> Iterator[None]:
    """The driver's errors as ours: `StoreAwayError` where another try may pass, else `StoreError`."""
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreAwayError("the database has no connection to spare") from error
    except DBAPIError as error:
        kind = StoreAwayError if _may_pass(error) else StoreError
        raise kind(f"the database failed: {_said(error)}") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database failed: {type(error).__name__}") from error
    except (OverflowError, UnicodeError) as error:
        # A number or a character that the driver cannot send; it does not wrap these.
        raise StoreError(f"the database takes no such value: {type(error).__name__}") from error


def _may_pass(error: DBAPIError) -> bool:
    if isinstance(error.orig, sqlite3.Error):
        # The plain SQLITE_ERROR is a statement that does not fit the schema.
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        return isinstance(error, OperationalError) and code != sqlite3.SQLITE_ERROR
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)


def _said(error: DBAPIError) -> str:
    """The driver's first line where it speaks of the connection; else the kind of error, without values."""
    name = type(error.orig).__name__
    if not isinstance(error, OperationalError | InterfaceError):
        return name
    lines = str(error.orig).strip().splitlines()
    return f"{name}: {lines[0]}" if lines else name


def shown(engine: Engine) -> str:
    """The engine's URL without its password."""
    url = engine.url.difference_update_query(("password", "sslpassword"))
    return url.render_as_string(hide_password=True)


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL; None where the database is no file. Raises `ConfigError`."""
    engine = open_engine(url)
    return Path(str(engine.url.database)) if engine.dialect.name == "sqlite" else None


def make_folder(engine: Engine) -> None:
    """The folder of a SQLite file, for its owner alone. Raises `StoreAwayError`."""
    if engine.dialect.name != "sqlite":
        return
    folder = Path(str(engine.url.database)).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreAwayError(f"{folder}: cannot be made ({error.strerror})") from error


def lock_schema(connection: Connection) -> None:
    """One process at a time changes the schema; SQLite's writer has that already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({SCHEMA_LOCK})")


@dataclass(slots=True)
class Claim:
    """What keeps a second server off a database of PostgreSQL: a lock, as long as a connection stands.

    `session` is that connection on PostgreSQL's side: process id and when it began.
    """

    connection: Connection
    session: tuple[int, datetime]

    def stands(self) -> bool:
        """Whether the connection has not broken; one that has is closed."""
        if self.connection.closed:
            return False
        try:
            self.connection.exec_driver_sql("SELECT 1")
        except DBAPIError:
            self.connection.invalidate()
            self.connection.close()
            return False
        return True

    def close(self) -> None:
        """Another server may come."""
        self.connection.close()


def claim(engine: Engine, before: Claim | None = None, shared: bool = False) -> Claim | None:
    """Keep a second server off the database; None on SQLite, whose file no other machine has.

    `before`: a claim that broke. PostgreSQL may not have noticed, and its session is ended there. `shared`:
    with others who share it. Raises `StoreAwayError` while another server is there.
    """
    if engine.dialect.name != "postgresql":
        return None
    with driver_errors():
        # Outside the pool and outside a transaction: it stays open for as long as the server runs.
        connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        connection.detach()
        try:
            if before is not None:
                connection.execute(_END_SESSION, {"pid": before.session[0], "began": before.session[1]})
            session = connection.execute(_OWN_SESSION).one()
            lock = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
            if connection.exec_driver_sql(f"SELECT {lock}({SERVER_LOCK})").scalar_one():
                return Claim(connection, (session.pid, session.backend_start))
        except DBAPIError:
            connection.close()
            raise
        connection.close()
    who = "a server that hears calls itself" if shared else "another server"
    raise StoreAwayError(f"{shown(engine)}: {who} uses this database; stop it, or give each its own")


_OWN_SESSION = text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
_END_SESSION = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = :pid AND backend_start = :began"
)
"""Waits up to five seconds for that session to be gone."""


def truncate_wal(engine: Engine) -> bool:
    """Empty SQLite's write-ahead log into the file; False when a reader kept it from that."""
    if engine.dialect.name != "sqlite":
        return True
    with driver_errors():
        raw: Any = engine.raw_connection()
        try:
            busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            raw.close()
    return busy == 0
