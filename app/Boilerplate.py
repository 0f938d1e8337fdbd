"""The database connection: one transaction per ``with``; starts the embedded Postgres if none is configured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import PoolProxiedConnection

from app.domain.errors import DatabaseUnavailable
from app.embedded_postgres import EmbeddedPostgres

POOL_SIZE = 5
"""Kept small: the host dashboard opens connections freely on the same server."""


class Boilerplate:
    """The one way to the database, shared by web, jobs and command line.

    Connects lazily. ``schema`` is the search path of every connection, so SQL names tables without it.
    """

    def __init__(self, url: str | None, schema: str, data_dir: Path) -> None:
        self.schema = schema
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
                url = self._url or (self._embedded.start() if self._embedded else "")
                self._engine = _make_engine(url, self.schema)
            return self._engine

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
                raise _unavailable(error) from None
            raise

    def _connect(self) -> Connection:
        try:
            return _connection(self.engine())
        except DatabaseUnavailable:
            if self._embedded is None or self._closed:
                raise
            self._embedded.start()
            return _connection(self.engine())

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


def _connection(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except OperationalError as error:
        raise _unavailable(error) from None
    except NoFreeConnection:
        raise DatabaseUnavailable(
            f"All {POOL_SIZE} connections to the database are busy.", "Try again in a moment."
        ) from None


def _unavailable(error: DBAPIError) -> DatabaseUnavailable:
    reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
    return DatabaseUnavailable(
        f"The database can't be reached: {reason}.",
        "Check that Postgres runs and that DATABASE_URL (or PG_*/DB_*) is right.",
    )
