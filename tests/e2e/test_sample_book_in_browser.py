"""The product as a newcomer meets it: real app, real Postgres, the sample book, a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from werkzeug.serving import make_server

from app.api.assets import load_assets
from app.bootstrap import build_services
from app.domain.market_hours import last_final_day
from app.ingest.sample_book import load_sample
from app.KiteAccessToken import create_app
from app.settings import read_settings
from tests.e2e.conftest import missing

MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


@pytest.fixture
def sample_address(database_url: str, tmp_path: Path) -> Iterator[str]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    settings = replace(read_settings({"DATABASE_URL": database_url}), data_dir=tmp_path)
    services = build_services(settings, now=lambda: MONDAY)
    with services.database.transaction() as connection:
        load_sample(connection, last_final_day(MONDAY))
    services.equity.report()  # compiles the calculators, which takes longer than a browser waits
    server = make_server("127.0.0.1", 0, create_app(services), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    services.close()


def test_a_newcomer_sees_the_risk_of_the_sample_book_and_that_it_is_one(browser: Browser, sample_address: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(sample_address)
    expect(page.get_by_role("heading", name="Risk Management")).to_be_visible()
    expect(page.get_by_text("Sample data", exact=True).first).to_be_visible()
    expect(page.get_by_text("This is an invented sample portfolio, not yours.")).to_be_visible()
    expect(page.get_by_text("HDFCBANK").first).to_be_visible()
    page.get_by_role("heading", name="Correlation").scroll_into_view_if_needed()
    expect(page.locator("canvas").first).to_be_visible()
    page.get_by_role("link", name="Holdings").click()
    expect(page.get_by_role("heading", name="Holdings", exact=True).first).to_be_visible()
    assert complaints == []
    page.close()


def test_the_api_page_describes_every_field_for_people(browser: Browser, sample_address: str) -> None:
    page = browser.new_page()
    page.goto(f"{sample_address}/api")
    expect(page.get_by_role("heading", name="GET /api/risk/equity")).to_be_visible()
    page.get_by_text("application/json").first.click()
    expect(page.get_by_text("data_issues").first).to_be_visible()
    page.close()
