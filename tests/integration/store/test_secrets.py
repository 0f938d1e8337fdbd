from __future__ import annotations

import multiprocessing
import secrets
import stat
from pathlib import Path

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.errors import SettingsError
from app.store.secrets import KEY_FILE, SecretUnreadable, Vault, install_id

OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
TOKEN = "canary-access-token"


def seal(database: Boilerplate, vault: Vault, name: str = "token", secret: str = TOKEN) -> None:
    with database.transaction() as connection:
        vault.seal(connection, name, secret)


def opened(database: Boilerplate, vault: Vault, name: str = "token") -> str | None:
    with database.transaction() as connection:
        return vault.open(connection, name)


def change(database: Boilerplate, statement: str) -> None:
    with database.transaction() as connection:
        connection.execute(text(statement))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault((OLD,), tmp_path)


def test_what_is_sealed_opens_again(database: Boilerplate, vault: Vault) -> None:
    for secret in (TOKEN, "", "टोकन", "x" * 5000):
        seal(database, vault, secret=secret)
        assert opened(database, vault) == secret


def test_nothing_stored_is_none_and_forgotten_is_nothing_stored(database: Boilerplate, vault: Vault) -> None:
    assert opened(database, vault) is None
    seal(database, vault)
    with database.transaction() as connection:
        vault.forget(connection, "token")
    assert opened(database, vault) is None


def test_the_row_tells_nothing_and_is_never_the_same_twice(database: Boilerplate, vault: Vault) -> None:
    rows = []
    for _ in range(2):
        seal(database, vault)
        with database.transaction() as connection:
            rows.append(bytes(connection.scalar(text("SELECT sealed FROM risk_secrets")) or b""))
    assert rows[0] != rows[1]
    assert not any(TOKEN.encode() in row or OLD in row for row in rows)


@pytest.mark.parametrize("at", [0, 5, 11, 12, 20, -1])
def test_one_changed_bit_anywhere_is_noticed(database: Boilerplate, vault: Vault, at: int) -> None:
    seal(database, vault)
    place = at if at >= 0 else 12 + len(TOKEN) + 16 + at
    change(database, f"UPDATE risk_secrets SET sealed = set_byte(sealed, {place}, get_byte(sealed, {place}) # 1)")
    with pytest.raises(SecretUnreadable, match="token"):
        opened(database, vault)


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_row_cut_short_is_noticed(database: Boilerplate, vault: Vault, length: int) -> None:
    seal(database, vault)
    change(database, f"UPDATE risk_secrets SET sealed = substring(sealed FROM 1 FOR {length})")
    with pytest.raises(SecretUnreadable):
        opened(database, vault)


def test_a_secret_moved_to_another_name_does_not_open(database: Boilerplate, vault: Vault) -> None:
    seal(database, vault)
    change(database, "UPDATE risk_secrets SET name = 'other'")
    with pytest.raises(SecretUnreadable):
        opened(database, vault, "other")


def test_a_secret_moved_to_another_installation_does_not_open(database: Boilerplate, vault: Vault) -> None:
    seal(database, vault)
    change(database, "UPDATE risk_install SET install_id = gen_random_uuid()")
    with pytest.raises(SecretUnreadable):
        opened(database, vault)


def test_another_key_does_not_open_even_under_the_same_key_id(
    database: Boilerplate, vault: Vault, tmp_path: Path
) -> None:
    seal(database, vault)
    with pytest.raises(SecretUnreadable):
        opened(database, Vault((NEW,), tmp_path))
    seal(database, Vault((NEW,), tmp_path), "other")
    change(
        database,
        "UPDATE risk_secrets SET key_id = (SELECT key_id FROM risk_secrets WHERE name = 'other') WHERE name = 'token'",
    )
    with pytest.raises(SecretUnreadable):
        opened(database, Vault((NEW,), tmp_path))


def test_a_new_key_in_front_opens_the_old_seals_the_new_and_the_old_can_go(
    database: Boilerplate, vault: Vault, tmp_path: Path
) -> None:
    seal(database, vault)
    both = Vault((NEW, OLD), tmp_path)
    assert opened(database, both) == TOKEN
    with database.transaction() as connection:
        assert both.reseal(connection) == 1
        assert both.reseal(connection) == 0
    assert opened(database, Vault((NEW,), tmp_path)) == TOKEN


def test_resealing_leaves_what_no_key_opens_as_it_is(database: Boilerplate, vault: Vault, tmp_path: Path) -> None:
    seal(database, vault)
    change(database, "UPDATE risk_secrets SET sealed = set_byte(sealed, 15, 0) || 'x'")
    seal(database, Vault((secrets.token_bytes(32),), tmp_path), "stranger")
    with database.transaction() as connection:
        before = connection.execute(text("SELECT * FROM risk_secrets ORDER BY name")).all()
        assert Vault((NEW, OLD), tmp_path).reseal(connection) == 0
        assert connection.execute(text("SELECT * FROM risk_secrets ORDER BY name")).all() == before


def test_without_a_key_one_is_made_for_this_account_alone_when_first_needed(
    database: Boilerplate, tmp_path: Path
) -> None:
    home = tmp_path / "not" / "yet"
    vault = Vault((), home)
    assert opened(database, vault) is None
    assert not home.exists()
    seal(database, vault)
    assert stat.S_IMODE((home / KEY_FILE).stat().st_mode) == 0o600
    assert [file.name for file in home.iterdir()] == [KEY_FILE]
    assert opened(database, Vault((), home)) == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_file_that_others_can_read_is_refused(database: Boilerplate, tmp_path: Path, mode: int) -> None:
    vault = Vault((), tmp_path)
    seal(database, vault)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(SettingsError, match="can be read by others"):
        Vault((), tmp_path)


@pytest.mark.parametrize("content", ["", "changeme", "00" * 32, "ключ"])
def test_a_key_file_with_a_placeholder_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / KEY_FILE).write_text(content)
    (tmp_path / KEY_FILE).chmod(0o600)
    with pytest.raises(SettingsError, match="does not hold a key"):
        Vault((), tmp_path)


def test_a_lost_key_file_makes_the_secret_unreadable(database: Boilerplate, tmp_path: Path) -> None:
    vault = Vault((), tmp_path)
    seal(database, vault)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(SecretUnreadable):
        opened(database, Vault((), tmp_path))


def first_secret(url: str, home: Path, name: str, start: multiprocessing.synchronize.Barrier) -> None:
    database = Boilerplate(url, "my_schema", home)
    vault = Vault((), home)
    start.wait()
    seal(database, vault, name, name)
    database.close()


def test_processes_that_start_together_agree_on_one_key(
    database_url: str, database: Boilerplate, tmp_path: Path
) -> None:
    names = [f"secret {number}" for number in range(4)]
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(len(names))
    children = [spawn.Process(target=first_secret, args=(database_url, tmp_path, name, start)) for name in names]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
    assert [child.exitcode for child in children] == [0] * 4
    assert [opened(database, Vault((), tmp_path), name) for name in names] == names


def test_every_database_has_an_id_of_its_own_that_stays(database: Boilerplate, vault: Vault) -> None:
    with database.transaction() as connection:
        assert install_id(connection) == install_id(connection)
    assert repr(vault) == "Vault()"
