"""The browser of the browser tests: Debian's, never one that a test tool downloads."""

from __future__ import annotations

import os
import shutil

NO_CHROMIUM = "no browser: install Debian's chromium package, or set CHROMIUM to the path of one"
LAUNCH = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find_chromium() -> str | None:
    """The program's path, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
