from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import psutil
import psycopg2
import pytest

from app.Boilerplate import Boilerplate
from app.embedded_postgres import EmbeddedPostgres
from app.embedded_postgres.postmaster import find_postmaster
from tests.integration.importing import rows

REPOSITORY = Path(__file__).resolve().parents[2]
PATIENCE = 60
"""Seconds after which a test gives up; a busy machine needs a few of them."""


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


class RunningApp:
    """``python -m app run`` as a person starts it, with a data folder and a port of its own."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.url = f"http://127.0.0.1:{port}/"
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed by close()
        environment = {**os.environ, "RISK_DATA_DIR": str(data_dir), "PORT": str(port)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "run"],
            cwd=REPOSITORY,
            env={**environment, "RISK_SIMULATION_PATHS": "1000"},
            stdin=subprocess.DEVNULL,
            stderr=self._said,
        )

    def said(self) -> str:
        self._said.seek(0)
        return self._said.read()

    def wait_until_announced(self) -> None:
        eventually(lambda: self.url in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def get(self, path: str) -> str:
        with build_opener(ProxyHandler({})).open(self.url + path, timeout=30) as answer:
            body: bytes = answer.read()
            return body.decode()

    def health(self) -> dict[str, Any]:
        """What /api/health says; ``{}`` while nobody answers."""
        try:
            found: dict[str, Any] = json.loads(self.get("api/health"))
        except HTTPError as error:
            found = json.loads(error.read())
        except (URLError, OSError):
            return {}
        return found

    def parts(self) -> dict[str, psutil.Process]:
        """Its processes by what they do: web (gunicorn's master), answers (gunicorn's worker), worker."""
        found = {child.cmdline()[-1]: child for child in psutil.Process(self.process.pid).children()}
        return found | {"answers": found["web"].children()[0]}

    def whole(self) -> bool:
        """True when all three are there and the web answers that all is well."""
        with suppress(psutil.NoSuchProcess, KeyError, IndexError):
            return self.parts().keys() == {"web", "answers", "worker"} and self.health().get("status") == "ok"
        return False

    def kill(self, name: str) -> None:
        """Kill a part and wait until another has taken its place."""
        killed = self.parts()[name]
        killed.kill()
        eventually(lambda: not killed.is_running() and self.whole())

    def kill_database(self) -> None:
        """Kill the server and wait until a request has brought up another."""
        killed = postmaster(self.data_dir)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: self.whole() and postmaster(self.data_dir) != killed)

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        eventually(lambda: not processes_of(self.data_dir))
        self._said.close()


def processes_of(data_dir: Path) -> list[str]:
    """Commands of everything that still runs for a data folder, the database included."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            command = process.cmdline()
            ours = str(data_dir) in " ".join(command)
            if ours or (process.pid != os.getpid() and process.environ().get("RISK_DATA_DIR") == str(data_dir)):
                found.append(" ".join(command))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def in_database(data_dir: Path, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement as another user of the embedded database, and commit."""
    server = EmbeddedPostgres(data_dir / "postgres")
    try:
        with closing(psycopg2.connect(server.start().replace("+psycopg2", ""))) as session, session:
            cursor = session.cursor()
            cursor.execute(statement)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        server.release()


@pytest.fixture(scope="module")
def data_dir() -> Iterator[Path]:
    """A folder for embedded databases; as root the server runs as another account and must get in."""
    directory = Path(tempfile.mkdtemp(prefix="risk-run-")).resolve()
    directory.chmod(0o755)
    yield directory
    eventually(lambda: not processes_of(directory))
    shutil.rmtree(directory)


@pytest.fixture
def start(data_dir: Path) -> Iterator[Callable[[], RunningApp]]:
    """Start the app; whatever is left of it at the end of the test is ended."""
    started: list[RunningApp] = []

    def run() -> RunningApp:
        started.append(RunningApp(data_dir, free_port()))
        return started[-1]

    yield run
    for app in started:
        app.close()


@pytest.mark.slow
def test_a_first_start_announces_its_address_serves_the_sample_and_leaves_no_process_behind(
    start: Callable[[], RunningApp], data_dir: Path
) -> None:
    app = start()
    app.wait_until_announced()
    assert "A sample book was loaded" in app.said()
    report = json.loads(app.get("api/risk/equity?window=1y"))
    assert report["sample_data"] is True
    assert report["windows"]["1y"]["measures"]["var_historical_95"]["value"] > 0
    assert "Sample data" in app.get("")
    assert app.stop(signal.SIGINT) == 0
    assert processes_of(data_dir) == []
    assert find_postmaster(data_dir / "postgres" / "data") is None
    assert "Traceback" not in app.said()


@pytest.mark.slow
def test_killing_any_process_loses_no_committed_row_and_the_next_start_works(
    start: Callable[[], RunningApp], data_dir: Path
) -> None:
    app = start()
    app.wait_until_announced()
    kills: list[Callable[[], None]] = [
        *(partial(app.kill, name) for name in ("answers", "web", "worker")),
        app.kill_database,
    ]
    for kept, kill in enumerate(kills, start=1):
        eventually(app.whole)
        in_database(data_dir, f"INSERT INTO my_schema.risk_config (config_key) VALUES ('row {kept}')")
        kill()
        assert in_database(data_dir, "SELECT count(*) FROM my_schema.risk_config") == [(kept,)]
    app.process.kill()
    app.process.wait()
    eventually(lambda: not processes_of(data_dir))
    again = start()
    again.wait_until_announced()
    assert "A sample book was loaded" not in again.said()
    assert in_database(data_dir, "SELECT count(*) FROM my_schema.risk_config") == [(len(kills),)]
    assert again.stop(signal.SIGTERM) == 0
    assert processes_of(data_dir) == []


def test_a_worker_that_is_told_to_stop_in_the_middle_of_its_first_job_stops(database: Boilerplate) -> None:
    url = database.engine().url.render_as_string(hide_password=False)
    worker = subprocess.Popen(
        [sys.executable, "-m", "app", "worker"],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": url},
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: rows(database, "SELECT job FROM risk_heartbeats WHERE job = 'worker'") != [])
    worker.terminate()
    try:
        assert worker.wait(PATIENCE) == 0
    finally:
        worker.kill()
        worker.communicate()


def test_a_port_in_use_is_named_with_the_remedy(database_url: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = subprocess.run(
            [sys.executable, "-m", "app", "run"],
            cwd=REPOSITORY,
            env={**os.environ, "DATABASE_URL": database_url, "PORT": str(port), "RISK_SIMULATION_PATHS": "1000"},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
    assert ended.returncode == 1
    assert f"error: 127.0.0.1 port {port} can't be served: Address already in use." in ended.stderr
    assert "Choose another with PORT=5001" in ended.stderr
    assert "Traceback" not in ended.stderr
