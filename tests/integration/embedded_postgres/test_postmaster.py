"""What a crash leaves behind never counts as a running server, and committed rows outlive it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.embedded_postgres import EmbeddedPostgres, postmaster
from tests.integration.embedded_postgres.server_use import (
    UserProcess,
    ask,
    connect,
    keep_a_row,
    kept_rows,
    kill_everything,
    postmaster_pid,
)


def test_committed_rows_survive_the_killing_of_every_process(server: EmbeddedPostgres, home: Path) -> None:
    url = server.start()
    keep_a_row(url)
    kill_everything(url, home)
    assert kept_rows(server.start()) == [(42,)]


def test_a_start_waits_for_the_backends_of_a_killed_postmaster(server: EmbeddedPostgres, home: Path) -> None:
    url = server.start()
    keep_a_row(url)
    orphan = connect(url)
    os.kill(orphan.info.backend_pid, signal.SIGSTOP)
    os.kill(postmaster_pid(home), signal.SIGKILL)
    with ThreadPoolExecutor() as threads:
        restarted = threads.submit(server.start)
        time.sleep(1)
        assert not restarted.done()
        os.kill(orphan.info.backend_pid, signal.SIGKILL)
        assert kept_rows(restarted.result()) == [(42,)]
    orphan.close()


def test_a_stale_pid_that_now_belongs_to_another_process_does_not_count(
    server: EmbeddedPostgres, home: Path, other_home: Path
) -> None:
    other = EmbeddedPostgres(other_home)
    other.start()
    keep_a_row(server.start())
    for foreign in (os.getpid(), postmaster_pid(other_home)):
        kill_everything(server.start(), home)
        for stale in (home / "data" / "postmaster.pid", home / "socket" / ".s.PGSQL.5432.lock"):
            _, _, rest = stale.read_text().partition("\n")
            stale.write_text(f"{foreign}\n{rest}")
        assert not server.running()
        assert kept_rows(server.start()) == [(42,)]
    assert other.running()
    other.release()


def test_a_torn_pid_file_does_not_count(server: EmbeddedPostgres, home: Path) -> None:
    keep_a_row(server.start())
    for content in (b"", b"12", b"\xff\xfe\x00garbage\n\n", b"1\n2\n3\n4\n", b"x\n" * 9):
        kill_everything(server.start(), home)
        (home / "data" / "postmaster.pid").write_bytes(content)
        assert not server.running()
        assert kept_rows(server.start()) == [(42,)]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt orphans without being init")
def test_a_killed_postmaster_that_nobody_reaps_does_not_count(server: EmbeddedPostgres, home: Path) -> None:
    with UserProcess(home, "--keep-zombies") as negligent:
        keep_a_row(negligent.url())
        pid = postmaster_pid(home)
        os.kill(pid, signal.SIGKILL)
        while "State:\tZ" not in Path(f"/proc/{pid}/status").read_text():
            time.sleep(0.01)
        assert not server.running()
        assert kept_rows(server.start()) == [(42,)]
        assert "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


def test_without_a_process_file_system_ps_tells_whether_it_runs(
    server: EmbeddedPostgres, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("ps") is None:
        pytest.skip("there is no ps here")
    monkeypatch.setattr(postmaster, "_PROCESSES", home / "nowhere")
    url = server.start()
    assert server.running()
    kill_everything(url, home)
    assert not server.running()
    assert ask(server.start(), "SELECT 1") == [(1,)]
