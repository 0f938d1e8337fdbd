"""Secrets at rest: AES-256-GCM, each bound to its name and to this installation. The key is never in the database."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, text

from app.domain.errors import RiskError, SettingsError
from app.domain.secret_keys import parse_secret_key

NONCE_BYTES = 12
"""96 random bits (NIST SP 800-38D, 8.2.2): fine for far more than the few secrets sealed in a lifetime."""
KEY_FILE = "secret.key"


class SecretUnreadable(RiskError):
    """A secret is stored and can't be opened: sealed with a key that is not here any more, or altered."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The stored {name} can't be opened with the present key.",
            "Put the key back (RISK_SECRET_KEY or the key file), or enter it again.",
        )


class Vault:
    """Seals with the first key, opens with any.

    ``keys`` are 32 bytes each, newest first. Without any, the key lies in ``data_dir/secret.key``, which is made when
    the first secret is sealed. Thread-safe, and safe between processes.
    """

    def __init__(self, keys: Sequence[bytes], data_dir: Path) -> None:
        """Raises SettingsError for a key file that others can read or that holds no key."""
        self._file = None if keys else data_dir / KEY_FILE
        self._keys = tuple(keys)
        self._present_keys()

    def __repr__(self) -> str:
        return "Vault()"

    def seal(self, connection: Connection, name: str, secret: str) -> None:
        """Store a secret under a name, instead of what was there."""
        key = self._sealing_key()
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = nonce + AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(connection, name))
        connection.execute(
            text("""INSERT INTO risk_secrets (name, key_id, sealed) VALUES (:name, :key_id, :sealed)
                    ON CONFLICT (name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,
                                                     updated_at = now()"""),
            {"name": name, "key_id": key_id(key), "sealed": sealed},
        )

    def open(self, connection: Connection, name: str) -> str | None:
        """The secret; None where nothing is stored.

        Raises:
            SecretUnreadable: where it is stored and no key of ours opens it.
        """
        row = connection.execute(
            text("SELECT key_id, sealed FROM risk_secrets WHERE name = :name"), {"name": name}
        ).one_or_none()
        if row is None:
            return None
        key = {key_id(key): key for key in self._present_keys()}.get(row.key_id)
        if key is None:
            raise SecretUnreadable(name)
        sealed = bytes(row.sealed)
        try:
            opened = AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound_to(connection, name))
        except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
            raise SecretUnreadable(name) from None
        return opened.decode()

    def forget(self, connection: Connection, name: str) -> None:
        """Remove a secret; nothing to do where there is none."""
        connection.execute(text("DELETE FROM risk_secrets WHERE name = :name"), {"name": name})

    def reseal(self, connection: Connection) -> int:
        """Seal again with the newest key whatever an older one sealed; returns how many.

        What no key opens stays as it is: its key may come back.
        """
        older = [key_id(key) for key in self._present_keys()[1:]]
        rows = connection.execute(
            text("SELECT name FROM risk_secrets WHERE key_id = ANY(:older) FOR UPDATE"), {"older": older}
        )
        return sum(self._reseal(connection, row.name) for row in rows.all())

    def _reseal(self, connection: Connection, name: str) -> bool:
        try:
            secret = self.open(connection, name)
        except SecretUnreadable:
            return False
        if secret is not None:
            self.seal(connection, name, secret)
        return secret is not None

    def _present_keys(self) -> tuple[bytes, ...]:
        if self._file is None or not self._file.exists():
            return self._keys
        return (_read_key_file(self._file),)

    def _sealing_key(self) -> bytes:
        keys = self._present_keys()
        if keys or self._file is None:
            return keys[0]
        _make_key_file(self._file)
        return _read_key_file(self._file)


def key_id(key: bytes) -> str:
    """A name for a key that tells nothing of it: 64 bits of a hash of 256 random ones."""
    return hashlib.sha256(b"risk key id" + key).hexdigest()[:16]


def install_id(connection: Connection) -> UUID:
    """The random id that this database was given by its migration."""
    return UUID(str(connection.scalar(text("SELECT install_id FROM risk_install"))))


def _bound_to(connection: Connection, name: str) -> bytes:
    """What is authenticated with the secret: moved to another row or installation, it does not open."""
    return f"{install_id(connection)}/{name}".encode()


def _read_key_file(path: Path) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO):
            raise SettingsError(f"{path} can be read by others.", f"Make it yours alone: chmod 600 {path}")
        return parse_secret_key(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        reason = "does not hold a key" if isinstance(error, ValueError) else "can't be read"
        raise SettingsError(f"{path} {reason}.", "Put your copy back, or remove it and log in to Kite again.") from None


def _make_key_file(path: Path) -> None:
    """Under its final name the file is whole and private from the start; of two processes the first one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(32) + "\n")
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    finally:
        draft.unlink()
