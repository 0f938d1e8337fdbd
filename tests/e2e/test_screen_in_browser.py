from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.fakes.equity_reports import FakeEquity, empty_report, normal_report

ROOT = Path(__file__).resolve().parents[2]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLLECT_VIOLATIONS = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
CHARTS = ("loss", "drawdown", "correlation")


@dataclass
class Visit:
    """An open page with everything it complained about."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def scroll_through(self) -> None:
        """Down and up again, so that charts below the fold are drawn."""
        self.page.evaluate(
            """async () => {
              for (let y = 0; y < document.documentElement.scrollHeight; y += 500) {
                scrollTo(0, y);
                await new Promise((done) => setTimeout(done, 30));
              }
              scrollTo(0, 0);
            }"""
        )

    def wait_for_charts(self) -> None:
        for name in CHARTS:
            self.page.locator(f"#{name}-chart canvas").first.wait_for()

    def overflow(self) -> int:
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def violations(self) -> list[str]:
        return list(self.page.evaluate("window.violations"))


@contextmanager
def visit(browser: Browser, address: str, width: int = 1440, **context: Any) -> Iterator[Visit]:
    viewport = ViewportSize(width=width, height=900)
    opened = browser.new_context(viewport=viewport, reduced_motion="reduce", **context)
    opened.add_init_script(COLLECT_VIOLATIONS)
    page = opened.new_page()
    seen = Visit(page)
    page.on("console", lambda message: seen.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.goto(address)
    yield seen
    opened.close()


@pytest.mark.parametrize("path", ["/", "/holdings"])
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_page_draws_without_a_complaint_and_never_runs_off_sideways(
    browser: Browser, address: str, width: int, path: str
) -> None:
    with visit(browser, address + path, width) as seen:
        if path == "/":
            seen.scroll_through()
            seen.wait_for_charts()
        assert seen.violations() == []
        assert seen.complaints == []
        assert seen.overflow() == 0


@pytest.mark.parametrize("path", ["/", "/holdings"])
@pytest.mark.parametrize("look", [("light", 390), ("light", 1440), ("dark", 390), ("dark", 1440)])
def test_axe_finds_nothing(browser: Browser, address: str, axe_source: str, look: tuple[str, int], path: str) -> None:
    theme, width = look
    with visit(browser, address + path, width, color_scheme=theme, bypass_csp=True) as seen:
        seen.scroll_through()
        seen.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        seen.page.evaluate(axe_source + ";0")
        found = seen.page.evaluate("(tags) => axe.run({runOnly: tags})", TAGS)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_axe_finds_nothing_in_the_states_without_numbers(
    browser: Browser, address: str, axe_source: str, equity: FakeEquity
) -> None:
    for report in (empty_report(("1y",)), replace(normal_report(("1y",)), sample_data=True)):
        equity.report_of = report
        try:
            with visit(browser, address, bypass_csp=True) as seen:
                seen.page.evaluate(axe_source + ";0")
                found = seen.page.evaluate("(tags) => axe.run({runOnly: tags})", TAGS)
        finally:
            equity.report_of = None
        assert [rule["id"] for rule in found["violations"]] == []


def test_a_click_on_a_window_swaps_the_panels_redraws_the_charts_and_keeps_what_was_open(
    browser: Browser, address: str
) -> None:
    with visit(browser, address) as seen:
        page = seen.page
        seen.scroll_through()
        seen.wait_for_charts()
        page.locator("#measure-beta summary").click()
        page.evaluate("window.sameDocument = true")
        with page.expect_response("**/risk/charts/60d.json"):
            page.locator("#window-60d").click()
        page.locator("#window-60d[aria-current]").wait_for()
        page.get_by_text("60 daily returns").first.wait_for()
        assert page.url.endswith("/?window=60d")
        assert page.evaluate("window.sameDocument")
        assert page.locator("#measure-beta[open]").count() == 1
        seen.wait_for_charts()
        page.wait_for_function("document.getElementById('say').textContent.includes('60 days')")
        assert (seen.violations(), seen.complaints) == ([], [])


def test_the_back_button_returns_to_the_window_before(browser: Browser, address: str) -> None:
    with visit(browser, address) as seen:
        page = seen.page
        page.locator("#window-60d").click()
        page.locator("#window-60d[aria-current]").wait_for()
        page.go_back()
        page.locator("#window-1y[aria-current]").wait_for()
        seen.scroll_through()
        seen.wait_for_charts()
        assert (seen.violations(), seen.complaints) == ([], [])


def test_a_push_refetches_every_panel_and_leaves_tables_and_charts_standing(browser: Browser, address: str) -> None:
    with visit(browser, address) as seen:
        page = seen.page
        seen.scroll_through()
        seen.wait_for_charts()
        page.locator("#loss .table-button").click()
        with page.expect_response("**/risk/panels/liquidity*"), page.expect_response("**/risk/panels/loss*"):
            page.evaluate("document.body.dispatchEvent(new CustomEvent('risk:updated'))")
        page.wait_for_load_state("networkidle")
        assert page.locator("#loss-table").is_visible()
        assert page.locator("#drawdown-chart canvas").first.is_visible()
        assert (seen.violations(), seen.complaints) == ([], [])


@pytest.mark.parametrize("name", CHARTS)
def test_the_table_button_puts_the_table_in_place_of_the_chart_and_back(
    browser: Browser, address: str, name: str
) -> None:
    with visit(browser, address) as seen:
        seen.scroll_through()
        button = seen.page.locator(f"#{name} .table-button")
        table, chart = seen.page.locator(f"#{name}-table"), seen.page.locator(f"#{name}-chart")
        assert (table.is_visible(), chart.is_visible(), button.get_attribute("aria-expanded")) == (False, True, "false")
        button.click()
        assert (table.is_visible(), chart.is_visible(), button.get_attribute("aria-expanded")) == (True, False, "true")
        button.click()
        assert (table.is_visible(), chart.is_visible()) == (False, True)


@pytest.mark.parametrize(("system", "other"), [("light", "dark"), ("dark", "light")])
def test_the_theme_follows_the_system_until_the_reader_chooses_and_the_choice_stays(
    browser: Browser, address: str, system: str, other: str
) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, address, color_scheme=system) as seen:
        page = seen.page
        before = page.evaluate(ground)
        page.locator("#theme").click()
        assert page.evaluate("document.documentElement.dataset.theme") == other
        after = page.evaluate(ground)
        assert before != after
        page.reload()
        assert page.evaluate(ground) == after


def test_without_scripts_the_numbers_bars_tables_and_the_window_switch_work(browser: Browser, address: str) -> None:
    opened = browser.new_context(viewport=ViewportSize(width=1440, height=900), java_script_enabled=False)
    page = opened.new_page()
    page.goto(address)
    for name in CHARTS:
        assert page.locator(f"#{name}-table").is_visible()
        assert not page.locator(f"#{name}-chart").is_visible()
    assert not page.locator("#theme").is_visible()
    assert page.locator("#concentration .bar .fill").first.is_visible()
    page.locator("#measure-beta summary").click()
    assert page.locator("#measure-beta .explain").is_visible()
    page.locator("#window-90d").click()
    assert page.locator("#window-90d[aria-current]").count() == 1
    opened.close()


def test_a_chart_whose_data_fails_says_so_in_its_place(browser: Browser, address: str) -> None:
    with visit(browser, "about:blank") as seen:
        seen.page.route("**/risk/charts/*", lambda route: route.fulfill(status=503, body="{}"))
        seen.page.goto(address)
        seen.page.locator("#loss .chart-failed").wait_for()
        seen.page.locator("#loss .table-button").click()
        assert seen.page.locator("#loss-table").is_visible()


def test_targets_are_large_enough_for_a_finger(browser: Browser, address: str) -> None:
    with visit(browser, address, 390) as seen:
        small = seen.page.evaluate(
            """() => [...document.querySelectorAll('button, nav a, summary')]
              .filter((element) => element.checkVisibility())
              .filter((element) => element.getBoundingClientRect().height < 41)
              .map((element) => element.outerHTML.slice(0, 80))"""
        )
        assert small == []


def test_rupees_read_in_scripts_as_the_shared_cases_say(browser: Browser) -> None:
    source = (ROOT / "app" / "frontend" / "js" / "money.js").read_text(encoding="utf-8")
    cases = json.loads((ROOT / "tests" / "data" / "money.json").read_text(encoding="utf-8"))
    page = browser.new_page()
    page.add_script_tag(type="module", content=f"{source}\nwindow.money = {{formatRupees, formatRupeesCompact}};")
    page.wait_for_function("window.money")
    shown = page.evaluate(
        "(values) => values.map((value) => [money.formatRupees(value), money.formatRupeesCompact(value)])",
        [case["value"] for case in cases],
    )
    page.close()
    assert shown == [[case["full"], case["compact"]] for case in cases]
