"""Processes share one server, and the last one to leave stops it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from app.embedded_postgres import EmbeddedPostgres
from tests.integration.embedded_postgres.server_use import UserProcess, ask


def test_six_processes_that_start_at_once_share_one_server(empty_home: Path) -> None:
    server = EmbeddedPostgres(empty_home)
    with ExitStack() as stack:
        users = [stack.enter_context(UserProcess(empty_home)) for _ in range(6)]
        urls = {user.url() for user in users}
        assert len(urls) == 1
        assert ask(urls.pop(), "SELECT 1") == [(1,)]
        assert (empty_home / "server.log").read_text().count("starting PostgreSQL") == 1
        for user in users:
            assert server.running()
            user.leave()
        assert not server.running()


def test_an_earlier_release_leaves_the_server_to_the_others(server: EmbeddedPostgres, home: Path) -> None:
    with UserProcess(home) as other:
        assert other.url() == server.start()
        server.release()
        assert server.running()
        other.leave()
        assert not server.running()


def test_two_users_in_one_process_count_as_two(server: EmbeddedPostgres, home: Path) -> None:
    second = EmbeddedPostgres(home)
    server.start()
    second.start()
    server.release()
    assert second.running()
    second.release()
    assert not second.running()


@pytest.mark.parametrize("options", [[], ["--fork"]], ids=["alone", "whose child lives on"])
def test_a_killed_user_does_not_keep_the_server_alive(server: EmbeddedPostgres, home: Path, options: list[str]) -> None:
    with UserProcess(home, *options) as other:
        assert other.url() == server.start()
        other.kill()
        server.release()
        assert not server.running()


def test_a_forked_child_can_not_release_for_its_parent(server: EmbeddedPostgres) -> None:
    url = server.start()
    if (child := os.fork()) == 0:
        server.release()
        os._exit(0)
    os.waitpid(child, 0)
    assert ask(url, "SELECT 1") == [(1,)]


def test_a_start_that_races_a_stop_always_gets_a_server(home: Path) -> None:
    def use_it_again_and_again() -> int:
        mine = EmbeddedPostgres(home)
        answers = 0
        for _ in range(4):
            answers += ask(mine.start(), "SELECT 1") == [(1,)]
            mine.release()
        return answers

    with ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(use_it_again_and_again) for _ in range(2)]
        assert [job.result() for job in jobs] == [4, 4]
    assert not EmbeddedPostgres(home).running()
