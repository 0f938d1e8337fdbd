"""The built front-end files: which hashed name is current, and what to say when nothing was built."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from flask import Response, send_from_directory, url_for
from markupsafe import Markup

DIST = Path(__file__).resolve().parents[1] / "static" / "dist"
NOT_BUILT = "The style and the charts of this page are not built yet. Run: python app/frontend/build.py"
A_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Assets:
    """``names`` maps a logical name to its hashed one, ``icons`` are SVG symbols; both empty before the first build."""

    names: Mapping[str, str] = field(default_factory=dict)
    icons: Markup = field(default_factory=Markup)

    @property
    def notice(self) -> str:
        """What is wrong and the remedy; empty when all is built."""
        return "" if self.names else NOT_BUILT

    def url(self, name: str) -> str:
        """The address of ``page.js``, ``app.css`` and the like."""
        return url_for("screen.asset_file", name=self.names[name])


def load_assets(dist: Path = DIST) -> Assets:
    """Read again only after a new build."""
    manifest = dist / "manifest.json"
    return _read(dist, manifest.stat().st_mtime_ns) if manifest.is_file() else Assets()


@lru_cache(maxsize=1)
def _read(dist: Path, _built_at: int) -> Assets:
    names: dict[str, str] = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    return Assets(names, Markup((dist / "icons.svg").read_text(encoding="utf-8")))  # noqa: S704  our own build's file


def asset_response(name: str, dist: Path = DIST) -> Response:
    """One built file; its name changes with its content, so browsers may keep it for a year."""
    response = send_from_directory(dist, name, max_age=A_YEAR)
    response.cache_control.immutable = True
    return response
