"""The processes of `run`: web server, risk worker and ticker, watched, restarted and stopped together."""

from __future__ import annotations

import logging
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from gunicorn.app.base import BaseApplication
from sqlalchemy.exc import SQLAlchemyError

from app.api.live import MAX_SOCKETS
from app.bootstrap import Services, build_services
from app.domain.errors import RiskError
from app.scheduled_jobs.RiskMonitoringScheduler import RiskMonitoringScheduler
from app.settings import Settings

log = logging.getLogger(__name__)
REQUEST_THREADS = 32
WEB_THREADS = MAX_SOCKETS + REQUEST_THREADS
"""A WebSocket holds a thread for its life: even with every one open, requests find threads."""
TICKER_CHECK_SECONDS = 5.0
START_SECONDS = 60
STOP_SECONDS = 15
PARENT_SECONDS = 2
MAX_RESTARTS = 5
RESTART_WINDOW = 60.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _services(settings: Settings) -> Services:
    """Services of a child: the database is there since the start of its parent, or it has gone."""
    return build_services(settings, may_make_database=False)


class _Web(BaseApplication):  # type: ignore[misc]
    """gunicorn with one worker of many threads: one process needs no message queue and no sticky routing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services: Services | None = None
        super().__init__()

    def load_config(self) -> None:
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        options: dict[str, Any] = {
            "bind": f"{host}:{self._settings.port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": WEB_THREADS,
            "timeout": 120,
            "graceful_timeout": 5,
            "loglevel": "warning",
            "control_socket_disable": True,
            "worker_exit": lambda _server, _worker: self._close(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from app.KiteAccessToken import create_app

        self._services = _services(self._settings)
        return create_app(self._services)

    def _close(self) -> None:
        if self._services is not None:
            self._services.close()


def serve_web(settings: Settings) -> None:
    """Serve until told to stop or until the starting process is gone."""
    _stop_with_parent()
    _Web(settings).run()


def serve_worker(settings: Settings) -> None:
    """Run the schedule until told to stop or the starting process is gone; a job under way is rolled back then."""
    _stop_with_parent()
    services = _services(settings)
    scheduler = RiskMonitoringScheduler(services)
    stopping = threading.Event()
    _on_stop_signal(stopping.set)

    def work() -> None:
        try:
            scheduler.run()
        finally:
            stopping.set()

    threading.Thread(target=work, name="schedule", daemon=True).start()
    stopping.wait()
    scheduler.stop()
    services.close()


def serve_ticker(settings: Settings) -> None:
    """Stream prices from Kite until told to stop or the starting process is gone."""
    from app.KiteWS import KiteWS  # starts Twisted's reactor, which no other process wants

    _stop_with_parent()
    services = _services(settings)
    stopping = threading.Event()
    _on_stop_signal(stopping.set)
    KiteWS(services.database, services.kite, settings.kite_ws_root, services.now).run(stopping)
    services.close()


def supervise(
    settings: Settings, announce: Callable[[str], None], wants_ticker: Callable[[], bool] = lambda: False
) -> int:
    """Start web and worker, announce the address once it answers, and stop all on a signal; returns the exit code.

    The ticker is started as soon as ``wants_ticker`` says that Kite is configured.

    Raises:
        RiskError: when the address is taken or the web server does not come up.
    """
    _check_port_free(settings)
    stopping = threading.Event()
    _on_stop_signal(stopping.set)
    children = {name: _Child(name) for name in ("web", "worker")}
    try:
        for child in children.values():
            child.start()
        url = f"http://{'[::1]' if ':' in settings.host else settings.host}:{settings.port}/"
        _wait_until_answering(url, children["web"], stopping)
        if not stopping.is_set():
            announce(url)
        ticker_due = 0.0
        while not stopping.wait(0.5):
            for child in children.values():
                child.restart_if_dead()
            if "ticker" not in children and time.monotonic() >= ticker_due:
                ticker_due = time.monotonic() + TICKER_CHECK_SECONDS
                if _agrees(wants_ticker):
                    children["ticker"] = _Child("ticker")
                    children["ticker"].start()
    finally:
        for child in children.values():
            child.ask_to_stop()
        for child in children.values():
            child.wait_until_stopped()
    return 0


def _agrees(question: Callable[[], bool]) -> bool:
    """False where the database can't tell."""
    try:
        return question()
    except (RiskError, SQLAlchemyError):
        return False


class _Child:
    """One child process. It holds the other end of our pipe, so that it ends when we do, however we end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: list[float] = []

    @property
    def dead(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app", self._name], stdin=subprocess.PIPE, start_new_session=True
        )

    def restart_if_dead(self) -> None:
        """Start again what died. Raises RiskError when it keeps dying."""
        if not self.dead:
            return
        now = time.monotonic()
        self._deaths = [then for then in self._deaths if now - then < RESTART_WINDOW] + [now]
        if len(self._deaths) > MAX_RESTARTS:
            raise RiskError(f"The {self._name} process keeps ending.", "See the messages above; then start again.")
        log.warning("the %s process ended; starting it again", self._name)
        self.start()

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait_until_stopped(self) -> None:
        """Wait a while, then kill it with everything it started."""
        if self._process is None:
            return
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()


def _check_port_free(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise RiskError(
                f"{settings.host} port {settings.port} can't be served: {error.strerror or error}.",
                "Choose another with PORT=5001, or stop what uses it.",
            ) from None


def _wait_until_answering(url: str, web: _Child, stopping: threading.Event) -> None:
    opener = build_opener(ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while not stopping.is_set():
        try:
            opener.open(f"{url}api/health", timeout=5).close()
        except (URLError, OSError):
            if web.dead or time.monotonic() > deadline:
                raise RiskError("The web server did not come up.", "See the messages above.") from None
            stopping.wait(0.1)
        else:
            return


def _on_stop_signal(stop: Callable[[], None]) -> None:
    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    for number in STOP_SIGNALS:
        signal.signal(number, handle)


def _stop_with_parent() -> None:
    """End with SIGTERM when the pipe from ``supervise`` closes: it died or let go. Without such a pipe, live on.

    One that died is waited for: its lock on the database goes a moment after its pipe, and a process that leaves while
    that lock is held is not the last one and leaves the database running.
    """
    if not stat.S_ISFIFO(os.fstat(0).st_mode):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.read(0, 1024):
            pass
        deadline = time.monotonic() + PARENT_SECONDS
        while os.getppid() == parent and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
