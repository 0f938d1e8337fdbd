"""The database connection: one transaction per ``with``; starts the embedded Postgres if none is configured."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import psycopg2
from psycopg2 import errorcodes
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import PoolProxiedConnection

from app.domain.errors import DatabaseGone, DatabaseRefused, DatabaseUnavailable, place_of
from app.embedded_postgres import EmbeddedPostgres

log = logging.getLogger(__name__)
DATABASE_FAULTS = (SQLAlchemyError, psycopg2.Error)
"""Whatever the database can raise: through SQLAlchemy, or through psycopg2 where a COPY goes past it."""
NOT_MIGRATED = frozenset({errorcodes.UNDEFINED_TABLE, errorcodes.UNDEFINED_COLUMN})
REASONS = {
    "authentication failed": "it refuses the user or the password",
    "no password supplied": "it wants a password",
    "does not exist": "the server has no such database or user",
    "too many": "the server has no free connection",
    "starting up": "it is starting",
    "shutting down": "it is stopping",
    "timeout expired": "no answer in time",
    "terminating connection": "the server ended the connection",
    "closed the connection": "the connection broke off",
}
"""Part of what Postgres says to the words for it; the first that fits counts."""
OWN = "It is the app's own: the next request starts it again. If it stays away, the app's log says why."
CONFIGURED = "Check that Postgres runs and that DATABASE_URL (or PG_*/DB_*) is right."
POOL_SIZE = 5
"""Kept small: the host dashboard opens connections freely on the same server."""


class Boilerplate:
    """The one way to the database, shared by web, jobs and command line.

    Connects lazily. ``schema`` is the search path of every connection, so SQL names tables without it. A new embedded
    database is made at the first connection alone, and not where ``is_new_allowed`` is false.
    """

    def __init__(self, url: str | None, schema: str, data_dir: Path, *, is_new_allowed: bool = True) -> None:
        self.schema = schema
        self._is_new_allowed = is_new_allowed
        self._url = url
        self._embedded = EmbeddedPostgres(data_dir / "postgres") if url is None else None
        self._engine: Engine | None = None
        self._lock = Lock()
        self._closed = False

    @property
    def is_embedded(self) -> bool:
        """True when the database is the one this app starts itself."""
        return self._embedded is not None

    @property
    def is_closed(self) -> bool:
        """True once ``close`` was called: no connection is made again, so whoever waits for one may end."""
        return self._closed

    def engine(self) -> Engine:
        """The engine, made on first use.

        Raises:
            DatabaseUnavailable: when the embedded server can't be started, or after ``close``.
        """
        with self._lock:
            if self._closed:
                raise DatabaseUnavailable("This process is ending.", "Start it again.")
            if self._engine is None:
                url = self._url or self._start(create=self._is_new_allowed)
                self._engine = _make_engine(url, self.schema)
            return self._engine

    def _start(self, *, create: bool) -> str:
        """Start the embedded server. While the app runs, places and names stay in the log: strangers may look on.

        Raises:
            DatabaseUnavailable: when it can't be started.
        """
        if self._embedded is None:
            return ""
        try:
            return self._embedded.start(create=create)
        except DatabaseUnavailable as error:
            if create or isinstance(error, DatabaseGone):
                raise
            log.error("the embedded database can't be started: %s", error)
            raise DatabaseUnavailable(
                "The app's own database has stopped and can't be started again.",
                "The app's log names the reason; mend it, then try again.",
            ) from None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection that commits when the block ends and rolls back when it raises.

        Raises:
            DatabaseUnavailable: when no connection can be made, or it breaks. An embedded server that died is started
                again first.
        """
        try:
            with self._connect() as connection, connection.begin():
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated:
                raise self._unavailable(error) from None
            raise

    def _connect(self) -> Connection:
        try:
            return self._connection()
        except DatabaseUnavailable:
            if self._embedded is None or self._closed:
                raise
            self._start(create=False)
            return self._connection()

    def _connection(self) -> Connection:
        try:
            return self.engine().connect()
        except OperationalError as error:
            raise self._unavailable(error) from None
        except NoFreeConnection:
            raise DatabaseUnavailable(
                f"All {POOL_SIZE} connections to the database are busy.", "Try again in a moment."
            ) from None

    def _unavailable(self, error: DBAPIError) -> DatabaseUnavailable:
        """The error in words of our own: Postgres's name the server, the socket and the user."""
        told = str(error.orig or "").strip()
        log.warning("the database can't be reached: %s", told.partition("\n")[0])
        reason = next((words for part, words in REASONS.items() if part in told), "no server answers there")
        return DatabaseUnavailable(f"The database can't be reached: {reason}.", OWN if self.is_embedded else CONFIGURED)

    def get_db_connection(self) -> PoolProxiedConnection:
        """A pooled psycopg2 connection, for code written against the host dashboard's function of this name."""
        return self.engine().raw_connection()

    def close(self) -> None:
        """Give connections back for good, and stop the embedded server if nobody else uses it."""
        with self._lock:
            self._closed = True
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None
            if self._embedded is not None:
                self._embedded.release()


def refusal(error: Exception) -> DatabaseRefused:
    """One of DATABASE_FAULTS as an error with its remedy: to migrate only where a table or column is missing."""
    cause = getattr(error, "orig", error)
    if isinstance(cause, psycopg2.Error) and cause.pgcode == errorcodes.DUPLICATE_TABLE:
        return DatabaseRefused(
            f"A name that this app needs is taken: {cause.diag.message_primary}.",
            "Rename what has it, or name another schema in RISK_DB_SCHEMA; nothing was stored.",
        )
    if isinstance(cause, psycopg2.Error) and cause.pgcode in NOT_MIGRATED:
        return DatabaseRefused(
            "The database lacks a table or column.", "Run 'python -m app migrate' first; nothing was stored."
        )
    return DatabaseRefused(
        f"The database refused: {place_of(error)}.", "Nothing was stored. Report this: it is a fault of the app."
    )


def _make_engine(url: str, schema: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"application_name": "kite-portfolio-risk", "connect_timeout": 5},
    )

    @event.listens_for(engine, "connect")
    def set_session(dbapi_connection: object, _record: object) -> None:
        cursor = dbapi_connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f'SET search_path TO "{schema}"')
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.close()
        dbapi_connection.commit()  # type: ignore[attr-defined]

    return engine
