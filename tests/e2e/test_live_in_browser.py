"""Live prices in a real browser: real app, real Postgres, real WebSocket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import BaseWSGIServer, make_server

from app.api.assets import load_assets
from app.bootstrap import Services, build_services
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.e2e.conftest import missing
from tests.integration.conftest import clock
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import book, price_csv, random_closes
from tests.integration.live_pages import tick, trade

NEXT_DAY = clock() + timedelta(days=3, hours=-7)
"""11:30 in India on the Monday after the newest close."""


@dataclass
class Served:
    """The app on a port that stays the same when it is stopped and started."""

    services: Services
    port: int = 0
    server: BaseWSGIServer | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = make_server("127.0.0.1", self.port, create_app(self.services), threaded=True)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    def trade(self, symbol: str, price: float, previous: float, seconds: int = 0) -> None:
        trade(self.services.database, [tick(symbol, price, previous, NEXT_DAY + timedelta(seconds=seconds))])


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[Served]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    settings = {"DATABASE_URL": database_url, "RISK_DATA_DIR": str(tmp_path), "RISK_SIMULATION_PATHS": "1000"}
    settings |= {"KITE_API_KEY": "key-of-the-test", "KITE_API_SECRET": "secret-of-the-test"}
    services = build_services(read_settings(settings), lambda: NEXT_DAY)
    bring_prices(services.database, price_csv(random_closes(300)))
    bring_holdings(services.database, book())
    running = Served(services)
    running.start()
    yield running
    running.stop()
    services.close()


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(served.address)
    expect(opened.get_by_role("heading", name="Risk Management")).to_be_visible()
    yield opened
    opened.close()
    assert complaints == []


def figure(page: Page, key: str) -> str:
    return page.locator(f'[data-figure="{key}"] b').inner_text()


def test_a_tick_moves_the_numbers_of_an_open_page(page: Page, served: Served) -> None:
    expect(page.locator("#feed")).to_contain_text("Waiting for prices")
    value, loss = figure(page, "value"), figure(page, "var_historical_95")
    served.trade("INFY", 5000.0, 4000.0)
    expect(page.locator("#feed")).to_contain_text("Live · ")
    expect(page.locator('[data-figure="value"] b')).not_to_have_text(value)
    expect(page.locator('[data-figure="var_historical_95"] b')).not_to_have_text(loss)
    expect(page.locator('[data-figure="today"] b')).to_contain_text("₹")
    expect(page.locator('[data-figure="today"] small').first).to_contain_text("25.00%")


def test_pushed_numbers_are_those_of_a_page_loaded_afresh(page: Page, served: Served) -> None:
    today = page.locator('[data-figure="today"] small').first
    served.trade("INFY", 5000.0, 4000.0)
    expect(today).to_contain_text("25.00%")
    served.trade("TCS", 900.0, 1000.0)
    expect(today).to_contain_text("18.00%")
    keys = ("value", "today", "var_historical_95", "cvar_95", "max_drawdown")
    pushed = {key: page.locator(f'[data-figure="{key}"]').inner_text() for key in keys}
    page.reload()
    assert {key: page.locator(f'[data-figure="{key}"]').inner_text() for key in keys} == pushed


def test_a_panel_that_a_push_overtook_does_not_bring_back_older_numbers(page: Page, served: Served) -> None:
    today = page.locator('[data-figure="today"] small').first
    served.trade("INFY", 5000.0, 4000.0)
    expect(today).to_contain_text("25.00%")
    older = page.request.get(f"{served.address}/risk/panels/hero?window=1y", headers={"HX-Request": "true"}).text()
    assert "25.00%" in older
    held: list[Route] = []
    page.route("**/risk/panels/hero*", lambda route: held.append(route))  # noqa: PLW0108  Playwright marks it
    with page.expect_request("**/risk/panels/hero*"):
        page.evaluate("document.body.dispatchEvent(new CustomEvent('risk:updated'))")
    served.trade("TCS", 900.0, 1000.0)
    expect(today).to_contain_text("18.00%")
    page.evaluate(
        "void (window.swapped = new Promise((done) => document.addEventListener('htmx:after:swap',"
        " ({target}) => target.id === 'hero' && done(true))))"
    )
    held[0].fulfill(content_type="text/html", body=older)
    assert page.evaluate("window.swapped")
    expect(today).to_contain_text("18.00%", timeout=1)


def test_the_panels_follow_the_push(page: Page, served: Served) -> None:
    with page.expect_response("**/risk/panels/concentration*"):
        served.trade("INFY", 9000.0, 4000.0)
    expect(page.locator("#concentration")).to_contain_text("INFY")


def test_a_screen_reader_hears_the_value(page: Page, served: Served) -> None:
    expect(page.locator("#feed")).to_contain_text("Waiting for prices")
    served.trade("INFY", 5000.0, 4000.0)
    expect(page.locator("#say")).to_contain_text("Portfolio value ₹")


def test_a_lost_connection_is_said_and_the_page_catches_up_after_it(page: Page, served: Served) -> None:
    served.trade("INFY", 5000.0, 4000.0)
    expect(page.locator("#feed")).to_contain_text("Live · ")
    value = figure(page, "value")
    page.context.set_offline(True)
    served.stop()
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(page.locator("#feed")).to_have_text("Reconnecting", timeout=60_000)
    served.trade("INFY", 6000.0, 4000.0, seconds=1)
    served.start()
    page.context.set_offline(False)
    expect(page.locator('[data-figure="value"] b')).not_to_have_text(value, timeout=30_000)
    expect(page.locator("#feed")).to_contain_text("Live · ")


def test_without_a_kite_key_a_page_opens_no_socket(browser: Browser, served: Served) -> None:
    settings = read_settings({"DATABASE_URL": served.services.database.engine().url.render_as_string(False)})
    plain = Served(build_services(settings, lambda: NEXT_DAY))
    plain.start()
    page = browser.new_page()
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(plain.address)
    page.wait_for_load_state("networkidle")
    assert sockets == []
    assert page.locator("#feed").count() == 0
    page.close()
    plain.stop()
    plain.services.close()
