"""The tabs of funds and of everything owned in a real browser, under the security header of the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from app.api.assets import load_assets
from app.domain.data_issues import DataIssue, Severity
from app.domain.fund_fetches import JobStatus
from tests.e2e.conftest import missing, serve
from tests.e2e.test_screen_in_browser import TAGS, visit
from tests.fakes.combined_reports import FakeCombined, combined_report, empty_combined_report
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.fund_reports import DOWN, NAMES, FakeFunds, empty_mf_report, isin, job
from tests.serving import served as served_app

VIEWER = f"/funds?fund={isin(0)}"
PAGES = [VIEWER, "/combined?scenario=covid_2020"]


@contextmanager
def served(funds: FakeFunds | None = None, combined: FakeCombined | None = None) -> Iterator[str]:
    if load_assets().notice:
        missing("the screen's files are not built: run python app/frontend/build.py")
    app = serve(FakeServices(FakeEquity()), funds, combined)
    with served_app(app) as address:
        yield address


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_tab_draws_without_a_complaint_and_never_runs_off_sideways(browser: Browser, width: int, path: str) -> None:
    with served() as address, visit(browser, address + path, width) as seen:
        seen.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        assert (seen.violations(), seen.complaints) == ([], [])
        assert seen.overflow() == 0


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("look", [("light", 320), ("light", 1440), ("dark", 390), ("dark", 1440)])
def test_axe_finds_nothing(browser: Browser, axe_source: str, look: tuple[str, int], path: str) -> None:
    theme, width = look
    with (
        served(FakeFunds(job_of=job())) as address,
        visit(browser, address + path, width, color_scheme=theme, bypass_csp=True) as seen,
    ):
        seen.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
        seen.page.evaluate(axe_source + ";0")
        found = seen.page.evaluate("(tags) => axe.run({runOnly: tags})", TAGS)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


@pytest.mark.parametrize("path", ["/funds", "/combined"])
@pytest.mark.parametrize("state", ["empty", "down"])
def test_axe_finds_nothing_in_the_states_without_numbers(
    browser: Browser, axe_source: str, path: str, state: str
) -> None:
    funds = FakeFunds(empty_mf_report() if state == "empty" else DOWN)
    combined = FakeCombined(empty_combined_report() if state == "empty" else DOWN)
    with served(funds, combined) as address, visit(browser, address + path, bypass_csp=True) as seen:
        seen.page.evaluate(axe_source + ";0")
        found = seen.page.evaluate("(tags) => axe.run({runOnly: tags})", TAGS)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_the_viewer_follows_what_is_typed_and_keeps_the_cursor_there(browser: Browser) -> None:
    with served() as address, visit(browser, address + VIEWER) as seen:
        page = seen.page
        page.evaluate("window.sameDocument = true")
        page.locator("#holdings-search").press_sequentially("infosys")
        expect(page.locator("#fund-holdings .found")).to_have_text("1 of 6 lines")
        expect(page.locator("#holdings-search")).to_be_focused()
        expect(page.locator("#holdings-search")).to_have_value("infosys")
        page.locator("#holdings-search").fill("")
        page.locator("#holdings-unmatched").check()
        expect(page.locator("#fund-holdings tbody th").first).to_contain_text("Unlisted Ltd.")
        assert page.evaluate("window.sameDocument")
        assert (seen.violations(), seen.complaints) == ([], [])


def test_a_fund_is_opened_and_its_lines_sorted_with_the_keyboard_alone(browser: Browser) -> None:
    with served() as address, visit(browser, f"{address}/funds") as seen:
        page = seen.page
        page.get_by_role("link", name=NAMES[0]).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Banyan Flexi Cap Fund")).to_be_in_viewport()
        page.locator("#holdings-sort").focus()
        page.keyboard.press("n")
        expect(page.locator("#holdings-sort")).to_have_value("name")
        expect(page.locator("#fund-holdings tbody th").first).to_contain_text("HDFC Bank Ltd.")
        expect(page.locator("#holdings-sort")).to_be_focused()


def test_an_upload_tells_what_became_of_it_and_the_other_panels_follow(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "flexi.xlsx"
    file.write_bytes(b"x")
    with served() as address, visit(browser, f"{address}/funds") as seen:
        page = seen.page
        page.locator("#bring-files").set_input_files([file, file])
        with page.expect_response("**/funds/panels/funds-table*"):
            page.get_by_role("button", name="Upload", exact=True).click()
        expect(page.locator("#bring-data")).to_contain_text("1 portfolio stored, 57 lines.")
        assert (seen.violations(), seen.complaints) == ([], [])


def test_a_run_over_fund_houses_is_followed_to_its_end(browser: Browser) -> None:
    funds = FakeFunds()
    with served(funds) as address, visit(browser, f"{address}/funds") as seen:
        page = seen.page
        page.get_by_role("button", name="Fetch from the fund houses").click()
        expect(page.locator("#fund-progress")).to_have_attribute("value", "2")
        expect(page.locator("#fund-run")).to_contain_text("Saral Mutual Fund")
        with page.expect_response("**/funds/panels/funds-table*"):
            funds.job_of = job(JobStatus.ENDED)
        expect(page.locator("#fund-run")).to_contain_text("Done")
        expect(page.locator("#fund-progress")).to_have_count(0)
        assert (seen.violations(), seen.complaints) == ([], [])


def test_without_scripts_the_viewer_the_upload_and_the_run_work(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "flexi.xlsx"
    file.write_bytes(b"x")
    with served() as address:
        opened = browser.new_context(java_script_enabled=False)
        page = opened.new_page()
        page.goto(f"{address}/funds")
        page.get_by_role("link", name=NAMES[0]).click()
        page.get_by_label("Search").fill("infosys")
        page.get_by_role("button", name="Show", exact=True).click()
        expect(page.locator("#fund-holdings tbody th").first).to_contain_text("Infosys Ltd.")
        page.locator("#bring-files").set_input_files(file)
        page.get_by_role("button", name="Upload", exact=True).click()
        expect(page.locator("#bring-data")).to_contain_text("1 portfolio stored")
        page.get_by_role("button", name="Fetch from the fund houses").click()
        expect(page.locator("#fund-run")).to_contain_text("2 of 9 fund houses")
        opened.close()


def test_a_scenario_is_written_changed_and_forgotten(browser: Browser) -> None:
    combined = FakeCombined()
    with served(combined=combined) as address, visit(browser, f"{address}/combined") as seen:
        page = seen.page
        page.locator("#scenarios > summary").click()
        page.get_by_label("Name", exact=True).fill("Rupee crisis")
        page.get_by_label("Nifty 50, percent").fill("-12")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#say")).to_have_text("Kept “Rupee crisis”: its loss is in the list.")
        expect(page.locator("#scenarios .outcomes")).to_contain_text("Rupee crisis")
        expect(page.get_by_label("Name", exact=True)).to_have_value("")
        assert combined.written["rupee_crisis"].market == -12
        page.get_by_role("button", name="Forget Rupee crisis").click()
        expect(page.locator("#say")).to_have_text("Forgotten.")
        expect(page.locator("#own-stress")).not_to_contain_text("Rupee crisis")
        assert (seen.violations(), seen.complaints) == ([], [])


def test_a_refused_scenario_leads_to_the_field_at_fault_and_keeps_what_was_typed(browser: Browser) -> None:
    combined = FakeCombined()
    with served(combined=combined) as address, visit(browser, f"{address}/combined", 390) as seen:
        page = seen.page
        page.locator("#scenarios > summary").click()
        page.get_by_label("Name", exact=True).fill("Rupee crisis")
        page.get_by_label("Sector or kind 1").fill("Medals")
        page.get_by_label("Shock 1, percent").fill("-20")
        page.get_by_role("button", name="Keep").click()
        wrong = page.get_by_label("Sector or kind 1")
        expect(wrong).to_have_attribute("aria-invalid", "true")
        expect(wrong).to_be_focused()
        expect(wrong).to_be_in_viewport()
        expect(page.get_by_role("alert")).to_contain_text("There is no sector or kind 'Medals'.")
        expect(page.get_by_label("Name", exact=True)).to_have_value("Rupee crisis")
        assert combined.written == {}
        wrong.fill("gold")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#say")).to_contain_text("Kept “Rupee crisis”")


def test_without_scripts_a_scenario_is_refused_and_kept_at_its_own_place(browser: Browser) -> None:
    combined = FakeCombined()
    with served(combined=combined) as address:
        opened = browser.new_context(java_script_enabled=False)
        page = opened.new_page()
        page.goto(f"{address}/combined?scenario=covid_2020#scenario-form")
        page.get_by_label("Nifty 50, percent").fill("much")
        page.get_by_role("button", name="Keep").click()
        expect(page.get_by_role("alert")).to_be_in_viewport()
        page.get_by_label("Nifty 50, percent").fill("-30")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("#scenarios")).to_contain_text("Kept “Covid crash, March 2020”")
        assert combined.written["covid_2020"].market == -30
        opened.close()


@pytest.mark.parametrize(("path", "tab"), [("/funds", "Funds"), ("/combined", "Everything I own")])
def test_on_a_phone_the_open_tab_is_in_view(browser: Browser, path: str, tab: str) -> None:
    with served() as address, visit(browser, address + path, 390) as seen:
        expect(seen.page.get_by_role("link", name=tab, exact=True)).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize("path", ["/funds", "/combined"])
@pytest.mark.parametrize("state", ["empty", "down"])
def test_the_states_without_numbers_take_the_width_of_the_page(browser: Browser, path: str, state: str) -> None:
    funds = FakeFunds(empty_mf_report() if state == "empty" else DOWN)
    combined = FakeCombined(empty_combined_report() if state == "empty" else DOWN)
    with served(funds, combined) as address, visit(browser, address + path) as seen:
        card = seen.page.locator("#live section").first.bounding_box()
        told = seen.page.locator("#live section :is(.empty, .banner)").first.bounding_box()
        assert card
        assert told
        assert told["width"] > 0.9 * card["width"]


def test_long_names_never_push_the_page_or_lie_over_their_bars(browser: Browser) -> None:
    long = "Telecommunication" + "Superkalifragilistisch" * 6
    report = combined_report()
    stocks = (replace(report.exposure.stocks[0], name=long, sector=long), *report.exposure.stocks[1:])
    sectors = (replace(report.exposure.sectors[0], name=long), *report.exposure.sectors[1:])
    stress = (replace(report.stress[0], name=long), *report.stress[1:])
    issues = (DataIssue("x", Severity.WARNING, long, long, long), *report.data_issues)
    odd = replace(
        report,
        exposure=replace(report.exposure, stocks=stocks, sectors=sectors),
        contributions=(replace(report.contributions[0], name=long), *report.contributions[1:]),
        stress=stress,
        data_issues=issues,
    )
    for width in (390, 1440):
        with served(combined=FakeCombined(odd)) as address, visit(browser, f"{address}/combined", width) as seen:
            seen.page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
            assert seen.overflow() == 0
            spilt = seen.page.evaluate(
                """() => [...document.querySelectorAll('.bars tbody th, .measure-name, .issues b, .issues p')]
                  .filter((element) => element.checkVisibility() && getComputedStyle(element).overflowX === 'visible')
                  .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth)
                  .map((element) => element.outerHTML.slice(0, 80))"""
            )
            assert spilt == []


def test_a_switch_of_window_is_announced_and_a_search_is_not(browser: Browser) -> None:
    with served() as address, visit(browser, address + VIEWER) as seen:
        page = seen.page
        page.locator("#holdings-search").fill("infosys")
        expect(page.locator("#fund-holdings .found")).to_have_text("1 of 6 lines")
        page.locator("#window-60d").click()
        expect(page.locator("#say")).to_have_text("Funds over 60 days")


@pytest.mark.parametrize("path", PAGES)
def test_targets_are_large_enough_for_a_finger(browser: Browser, path: str) -> None:
    with served() as address, visit(browser, address + path, 390) as seen:
        small = seen.page.evaluate(
            """() => [...document.querySelectorAll('button:not(.link), nav a, summary, select, .ask input')]
              .filter((element) => element.checkVisibility())
              .filter((element) => element.getBoundingClientRect().height < 41)
              .map((element) => element.outerHTML.slice(0, 80))"""
        )
        assert small == []
