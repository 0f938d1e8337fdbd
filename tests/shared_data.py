"""The real market and fund files that lie beside the project. They are never copied into it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("RISK_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def shared_file(name: str) -> Path:
    """The path of a shared data file; skips the test with the file's name where it is absent."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"real data file shared/data/{name} is not here")
    return path
