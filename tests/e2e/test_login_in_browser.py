"""The logins in a real browser, which decides about cookies, redirects and forms as no test client does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from app.api.assets import load_assets
from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.e2e.conftest import missing
from tests.fakes.kite import FakeKite, FakeMarket

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
PASSWORD = "correct horse battery staple"


@contextmanager
def served(environ: dict[str, str]) -> Iterator[tuple[Services, str]]:
    """The app on a free port under the name localhost, so that the fake Kite on 127.0.0.1 is another site."""
    services = build_services(read_settings(environ), now=lambda: MONDAY)
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield services, f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        services.close()


@pytest.fixture
def kite() -> Iterator[FakeKite]:
    with FakeKite(FakeMarket([], []), now=lambda: MONDAY) as fake:
        yield fake


@pytest.fixture
def environ(database_url: str, tmp_path: Path, kite: FakeKite) -> dict[str, str]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    return {
        "DATABASE_URL": database_url,
        "RISK_DATA_DIR": str(tmp_path),
        "KITE_API_ROOT": kite.api_root,
        "KITE_LOGIN_ROOT": kite.login_root,
    }


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    opened = context.new_page()
    yield opened
    context.close()


def test_from_the_key_to_the_login_at_kite_and_back(
    page: Page, environ: dict[str, str], kite: FakeKite, request: pytest.FixtureRequest
) -> None:
    with served(environ) as (services, address):
        kite.redirect_url = f"{address}/kite/callback"
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(f"{address}/settings")
        page.locator("#api_key").fill(kite.logins.api_key)
        page.locator("#api_secret").fill(kite.logins.api_secret)
        page.get_by_role("button", name="Store").click()
        page.get_by_role("button", name="Log in to Kite").click()
        if "no scripts" in request.node.name:
            page.get_by_role("button", name="Finish the login").click()
        expect(page.get_by_text("Logged in as AB1234")).to_be_visible()
        assert page.url == f"{address}/settings"
        assert services.kite.state().is_logged_in
        page.get_by_role("button", name="Log out of Kite").click()
        expect(page.get_by_text("Logged out of Kite.").first).to_be_visible()
        assert kite.logins.access_token is None
        assert complaints == []


def test_the_password_opens_the_screen_and_a_link_from_elsewhere_finds_it_open(
    page: Page, environ: dict[str, str], kite: FakeKite
) -> None:
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with served(environ | {"RISK_PASSWORD_HASH": hashed}) as (_, address):
        page.goto(f"{address}/settings")
        page.locator("#password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("That is not the password.")).to_be_visible()
        page.locator("#password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
        kite.redirect_url = f"{address}/settings"
        page.goto(f"{kite.api_root}/connect/login")
        expect(page.get_by_role("heading", name="Settings")).to_be_visible()
        page.get_by_role("button", name="Log out", exact=True).click()
        expect(page.locator("#password")).to_be_visible()
