"""The two file locks: one around every change of state, one that counts the processes using the server."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_held_places: set[int] = set()


def _forget_in_child() -> None:
    """A forked child shares its parent's lock and would keep it after the parent's death."""
    for descriptor in _held_places:
        os.close(descriptor)
    _held_places.clear()


os.register_at_fork(after_in_child=_forget_in_child)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock file alone among all processes and threads; waits for it."""
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        _unlock(descriptor)


class PlaceAmongUsers:
    """A process's place among the users of the server: a shared lock that ends with the process at the latest.

    ``take`` and ``give_up`` must be called under the exclusive lock.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._pid = 0

    def taken(self) -> bool:
        """Whether this process has the place; never true in a child forked by the process that took it."""
        return self._descriptor is not None and self._pid == os.getpid()

    def take(self) -> None:
        """Take the place, unless it is taken already."""
        if self.taken():
            return
        self._descriptor, self._pid = _open(self._path), os.getpid()
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)
        _held_places.add(self._descriptor)

    def give_up(self) -> bool:
        """Give the place up; True when no other process has one."""
        if self._descriptor is None or not self.taken():
            return False
        descriptor, self._descriptor = self._descriptor, None
        _held_places.discard(descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            _unlock(descriptor)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def _unlock(descriptor: int) -> None:
    """Unlock before closing: closing alone would leave the lock with a child forked meanwhile."""
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)
