"""The screen in a real browser, served with the security header of the product."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser, expect, sync_playwright

from app.api.assets import load_assets
from app.api.combined_screen import combined_screen_blueprint
from app.api.funds_screen import funds_blueprint
from app.api.guards import CONTENT_SECURITY_POLICY
from app.api.screen import screen_blueprint
from tests.e2e.chromium import LAUNCH, NO_CHROMIUM, find_chromium
from tests.fakes.combined_reports import FakeCombined
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.fund_reports import FakeFunds
from tests.serving import served

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_MS = 120_000
"""How long a page may take: the first one of a fresh clone waits for compilation, and a busy machine is no failure."""
expect.set_options(timeout=30_000)


def missing(what: str) -> None:
    """Skip, or fail where the machine promises a browser."""
    if os.environ.get("RISK_REQUIRE_BROWSER") == "1":
        pytest.fail(what)
    pytest.skip(what)


def serve(services: FakeServices, funds: FakeFunds | None = None, combined: FakeCombined | None = None) -> Flask:
    app = Flask("screen_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(services))
    app.register_blueprint(funds_blueprint((funds or FakeFunds()).desk()))
    app.register_blueprint(combined_screen_blueprint(combined or FakeCombined()))
    app.add_template_global(lambda: "token", "csrf_token")

    @app.after_request
    def secure(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    return app


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = find_chromium()
    if not program:
        missing(NO_CHROMIUM)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=LAUNCH)
        opened.on("context", lambda context: context.set_default_timeout(PATIENCE_MS))
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def equity() -> FakeEquity:
    return FakeEquity()


@pytest.fixture(scope="session")
def address(equity: FakeEquity) -> Iterator[str]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    with served(serve(FakeServices(equity))) as found:
        yield found


@pytest.fixture(scope="session")
def axe_source() -> str:
    path = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        missing("axe-core is not installed: run python app/frontend/build.py")
    return path.read_text(encoding="utf-8")
