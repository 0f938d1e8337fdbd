"""GET /api/risk/live, and the same figures pushed to every open page as the Socket.IO event ``risk:updated``.

The event ``funds`` tells the same pages how far a run over fund houses is.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Lock, Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson
import psycopg2
from engineio.async_drivers.threading import SimpleWebSocketWSGI  # type: ignore[import-untyped]
from flask import Flask, Response
from flask_openapi3 import APIBlueprint, Tag
from flask_socketio import SocketIO  # type: ignore[import-untyped]
from psycopg2.extensions import connection as PostgresConnection  # noqa: N812  a class under a lower-case name
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.api.errors import problem_responses
from app.api.live_figures import live_figures
from app.api.schemas import schema_of
from app.bootstrap import Services
from app.domain.errors import RiskError
from app.domain.fund_fetches import FUNDS_CHANNEL
from app.domain.live import TICKS_CHANNEL, LiveRisk
from app.domain.serialise import to_json
from app.store.ticks import listening, wait_for_news

log = logging.getLogger(__name__)
EVENT = "risk:updated"
FUNDS_EVENT = "funds"
"""How far a run over fund houses is: the same as ``job`` of GET /api/risk/mf-holdings/fetch/{job_id}."""
PATH = "/socket.io/"
MAX_SOCKETS = 200
MAX_SOCKETS_A_USER = 5
MAX_FRAME = 64 * 1024
RECHECK_SECONDS = 60
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Caps:
    """How many sockets may be open; each one holds a thread of the server."""

    total: int = MAX_SOCKETS
    a_user: int = MAX_SOCKETS_A_USER


def live_blueprint(services: Services) -> APIBlueprint:
    """The figures at the newest prices, for a page that starts or reconnects."""
    blueprint = APIBlueprint("live", __name__, abp_tags=[Tag(name="risk", description="Risk reports")])
    answers: dict[str | int | HTTPStatus, Any] = {
        "200": {
            "description": "The figures",
            "content": {"application/json": {"schema": schema_of(LiveRisk)}},
        },
        **problem_responses(HTTPStatus.SERVICE_UNAVAILABLE),
    }

    @blueprint.get("/api/risk/live", summary="The book at the newest prices", responses=answers)
    def live() -> Response:
        """What a price of this moment changes, over every window; ``as_of`` is null before the first live price."""
        return Response(to_json(services.equity.live()), content_type="application/json")

    return blueprint


def attach_sockets(app: Flask, services: Services, user: Callable[[], str], caps: Caps | None = None) -> SocketIO:
    """Serve WebSockets beside the app; ``user`` names who makes the request at hand. Call after every guard is set."""
    sockets = SocketIO(
        app,
        async_mode="threading",
        transports=["websocket"],
        allow_upgrades=False,
        manage_session=False,
        max_http_buffer_size=MAX_FRAME,
        serve_client=False,
        json=_Json,
    )
    _bound_frames(sockets)
    bridge = _Bridge(app, sockets, services)
    sockets.server.on("connect", lambda sid, *_: bridge.enter(sid))
    sockets.server.on("disconnect", lambda sid, *_: bridge.leave(sid))
    app.wsgi_app = _Gate(app, app.wsgi_app, user, caps or Caps())  # type: ignore[method-assign]
    return sockets


class _Json:
    """What Socket.IO packets are written with."""

    @staticmethod
    def dumps(value: object, **_: object) -> str:
        return orjson.dumps(value).decode()

    loads = staticmethod(orjson.loads)


def _bound_frames(sockets: SocketIO) -> None:
    """Engine.IO looks at a message when all of it has come; the WebSocket itself must refuse to gather more."""
    engine = sockets.server.eio
    engine._async = engine._async | {"websocket": partial(SimpleWebSocketWSGI, max_message_size=MAX_FRAME)}


class _Gate:
    """Lets a WebSocket through the guards of every request, while there is room; then it holds its place to the end.

    Engine.IO answers before Flask sees the request, and would let a stranger hold a thread without ever logging in.
    """

    def __init__(self, app: Flask, inner: WSGIApplication, user: Callable[[], str], caps: Caps) -> None:
        self._app = app
        self._inner = inner
        self._user = user
        self._caps = caps
        self._open: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if not environ.get("PATH_INFO", "").startswith(PATH):
            return self._inner(environ, start_response)
        with self._app.request_context(environ):
            refusal, user = _refusal(self._app), self._user()
        if refusal is not None:
            return refusal(environ, start_response)
        if not self._take_place(user):
            return Response("Too many live pages are open.\n", 503)(environ, start_response)
        try:
            return self._inner(environ, start_response)
        finally:
            self._give_place_back(user)

    def _take_place(self, user: str) -> bool:
        with self._lock:
            if self._open.total() >= self._caps.total or self._open[user] >= self._caps.a_user:
                return False
            self._open[user] += 1
            return True

    def _give_place_back(self, user: str) -> None:
        with self._lock:
            self._open[user] -= 1
            self._open += Counter()  # forgets users without a place


def _refusal(app: Flask) -> Response | None:
    """The answer of the first guard that objects to the request at hand; None when all let it pass."""
    try:
        objection = app.preprocess_request()
    except HTTPException as error:
        objection = error.get_response()
    return None if objection is None else app.process_response(app.make_response(objection))


class _Bridge:
    """Hears from Postgres what is new and tells every open page. Its thread starts with the first page."""

    def __init__(self, app: Flask, sockets: SocketIO, services: Services) -> None:
        self._app = app
        self._sockets = sockets
        self._services = services
        self._pages: set[str] = set()
        self._lock = Lock()
        self._thread: Thread | None = None

    def enter(self, sid: str) -> None:
        """A page is open."""
        with self._lock:
            self._pages.add(sid)
            if self._thread is None:
                self._thread = Thread(target=self._run, name="live-bridge", daemon=True)
                self._thread.start()

    def leave(self, sid: str) -> None:
        """A page has gone."""
        with self._lock:
            self._pages.discard(sid)

    def _run(self) -> None:
        """Until the services are closed; a lost connection is made again, and what was missed is told at once."""
        while not self._services.database.is_closed:
            try:
                with listening(self._services.database.get_db_connection()) as connection:
                    self._tell()
                    self._follow(connection)
            except (RiskError, SQLAlchemyError, psycopg2.Error, OSError, ValueError) as error:
                log.warning("live figures interrupted: %s", type(error).__name__)
                time.sleep(RETRY_SECONDS)

    def _follow(self, connection: PostgresConnection) -> None:
        recheck_at = time.monotonic() + RECHECK_SECONDS
        while not self._services.database.is_closed:
            news = wait_for_news(connection, 1.0)
            if TICKS_CHANNEL in news:
                self._tell()
            if FUNDS_CHANNEL in news:
                self._tell_funds()
            if time.monotonic() >= recheck_at:
                recheck_at = time.monotonic() + RECHECK_SECONDS
                self._recheck()

    def _tell(self) -> None:
        if self._pages:
            self._sockets.emit(EVENT, live_figures(self._services.equity.live()))

    def _tell_funds(self) -> None:
        job = self._services.funds.newest_job() if self._pages else None
        if job is not None:
            self._sockets.emit(FUNDS_EVENT, orjson.loads(to_json(job)))

    def _recheck(self) -> None:
        """A page whose login has ended since is cut; when it comes back it meets the guards."""
        with self._lock:
            pages = list(self._pages)
        for sid in pages:
            environ = self._sockets.server.get_environ(sid)
            if environ is not None and self._is_refused(environ):
                server = self._sockets.server
                server.eio.disconnect(server.manager.eio_sid_from_sid(sid, "/"))

    def _is_refused(self, environ: WSGIEnvironment) -> bool:
        with self._app.request_context(environ):
            return _refusal(self._app) is not None
