"""Whether a server serves a data directory. Its pid file is only believed when a live process bears it out."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROCESSES = Path("/proc")
_SOCKET_LINE = 4
_STATUS_LINE = 7


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A live server: the directory of its socket, and whether it takes connections (else it starts or stops)."""

    socket: Path
    ready: bool


def find_postmaster(data: Path) -> Postmaster | None:
    """The server that serves ``data``: postmaster.pid is whole and names a process postgres with our directory.

    A dead server may leave anything: a pid that has become somebody else's, a zombie, a torn file. All are None.
    Line numbers of the file: PostgreSQL source, src/include/utils/pidfile.h (10 and later).
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid, socket, status = int(lines[0]), Path(lines[_SOCKET_LINE]), lines[_STATUS_LINE].strip()
    except (FileNotFoundError, ValueError, IndexError):
        return None
    program, _, rest = _command_line(pid).partition(" -D ")
    if Path(program).name != "postgres" or not f"{rest} ".startswith(f"{data} "):
        return None
    return Postmaster(socket, ready=status == "ready")


def _command_line(pid: int) -> str:
    """The arguments of a process between spaces; empty for a zombie, or where there is no such process."""
    if not _PROCESSES.exists():
        command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout.strip()
    try:
        return os.fsdecode((_PROCESSES / str(pid) / "cmdline").read_bytes()).replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
