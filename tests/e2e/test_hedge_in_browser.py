"""The hedge panel in a real browser, under the security header of the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect

from app.api.assets import load_assets
from app.domain import derivatives as dv
from app.ingest.derivative_quotes import Outlook
from tests.e2e.conftest import missing, serve
from tests.e2e.test_screen_in_browser import TAGS, visit
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.hedges import FakeQuotes, analyzer_of, book
from tests.serving import served as served_app

HEDGES = ("Index future sold", "Protective put", "Put spread", "Collar")


@contextmanager
def served(value: float = 1e7, quotes: FakeQuotes | None = None) -> Iterator[str]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    found = quotes or FakeQuotes()
    app = serve(FakeServices(FakeEquity(), analyzer_of(book(value=value), found), found))
    with served_app(app) as address:
        yield address


def test_a_target_beta_brings_the_hedges_into_the_panel_and_leaves_the_page_standing(browser: Browser) -> None:
    with served() as address, visit(browser, address) as seen:
        page = seen.page
        page.evaluate("window.sameDocument = true")
        page.get_by_label("Target beta").fill("0.5")
        page.get_by_role("button", name="Show hedges").click()
        table = page.locator("table.hedges")
        for name in HEDGES:
            expect(table).to_contain_text(name)
        expect(table).to_contain_text("Sell 3 lots (195 units)")
        expect(page.get_by_label("Target beta")).to_have_value("0.5")
        expect(page.locator("#hedge")).to_contain_text("Quotes: Kite, bid and ask of 23 Nov 2026, 12:00 IST")
        assert page.evaluate("window.sameDocument")
        assert (seen.violations(), seen.complaints) == ([], [])


def test_a_loss_budget_is_asked_for_with_the_keyboard_alone(browser: Browser) -> None:
    with served() as address, visit(browser, address) as seen:
        page = seen.page
        page.locator("#hedge-goal-beta").focus()
        page.keyboard.press("ArrowDown")
        page.get_by_label("Loss budget in rupees").fill("6,00,000")
        page.keyboard.press("Enter")
        expect(page.locator("#hedge-table")).to_have_text(
            "Hedges to lose at most ₹6,00,000 when the index falls by 10%"
        )
        expect(page.locator("#hedge-goal-budget")).to_be_checked()


def test_a_push_leaves_the_answer_and_what_is_half_typed(browser: Browser) -> None:
    with served() as address, visit(browser, address) as seen:
        page = seen.page
        page.get_by_role("button", name="Show hedges").click()
        expect(page.locator("table.hedges")).to_be_visible()
        page.get_by_label("Target beta").fill("0.2")
        with page.expect_response("**/risk/panels/liquidity*"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('risk:updated'))")
        page.wait_for_load_state("networkidle")
        expect(page.get_by_label("Target beta")).to_have_value("0.2")
        expect(page.locator("table.hedges")).to_be_visible()


def test_a_number_that_cannot_be_is_told_beside_the_form(browser: Browser) -> None:
    with served() as address, visit(browser, address) as seen:
        page = seen.page
        page.get_by_label("Target beta").fill("much")
        page.get_by_role("button", name="Show hedges").click()
        expect(page.locator("#hedge").get_by_role("alert")).to_contain_text("The beta is not a number from 0 to 5.")
        expect(page.get_by_label("Target beta")).to_have_value("much")
        expect(page.get_by_label("Target beta")).to_be_focused()
        expect(page.get_by_label("Target beta")).to_have_attribute("aria-invalid", "true")


def test_without_scripts_the_form_answers_on_the_whole_page(browser: Browser) -> None:
    with served() as address:
        opened = browser.new_context(java_script_enabled=False)
        page = opened.new_page()
        page.goto(f"{address}/?window=90d")
        page.get_by_label("Target beta").fill("0.5")
        page.get_by_role("button", name="Show hedges").click()
        expect(page.locator("table.hedges")).to_contain_text("Protective put")
        assert "window=90d" in page.url
        assert page.url.endswith("#hedge")
        opened.close()


@pytest.mark.parametrize("look", [("light", 320), ("light", 1440), ("dark", 390), ("dark", 1440)])
@pytest.mark.parametrize("state", ["hedges", "below one lot", "no data"])
def test_every_state_reads_well_and_never_runs_off_sideways(
    browser: Browser, axe_source: str, look: tuple[str, int], state: str
) -> None:
    theme, width = look
    none = FakeQuotes(dv.NoDerivatives("There are no quotes.", "Import a file."), Outlook(None, None, "No key yet."))
    expected = {"hedges": "Protective put", "below one lot": "Below one lot", "no data": "There are no quotes."}
    value = 700_000.0 if state == "below one lot" else 1e7
    with (
        served(value, none if state == "no data" else None) as address,
        visit(browser, address, width, color_scheme=theme, bypass_csp=True) as seen,
    ):
        page = seen.page
        if state == "no data":
            expect(page.locator("#hedge")).to_contain_text("python -m app import derivatives FILE")
        page.get_by_role("button", name="Show hedges").click()
        expect(page.locator("#hedge")).to_contain_text(expected[state])
        page.evaluate("document.querySelectorAll('#hedge details').forEach((details) => { details.open = true; })")
        assert seen.overflow() == 0
        page.evaluate(axe_source + ";0")
        found = page.evaluate("(tags) => axe.run('#hedge', {runOnly: tags})", TAGS)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_fields_and_buttons_are_large_enough_for_a_finger(browser: Browser) -> None:
    with served() as address, visit(browser, address, 390) as seen:
        small = seen.page.evaluate(
            """() => [...document.querySelectorAll('#hedge button, #hedge label, #hedge input[inputmode]')]
              .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43)
              .map((element) => element.outerHTML.slice(0, 80))"""
        )
        assert small == []
