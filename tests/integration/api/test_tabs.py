"""The tabs of funds and of everything owned over the real services, behind the guards of the app."""

from __future__ import annotations

import html
import re
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.bootstrap import Services
from app.ingest.sample_book import load_sample
from app.KiteAccessToken import MAX_BODY, create_app
from tests.integration.api.kite_browser import Browser, hidden_fields
from tests.integration.conftest import TODAY
from tests.integration.disclosure_files import SCHEME, SYMBOL, bring_disclosure, one_fund
from tests.integration.fund_files import FUND, bring_funds, bring_navall, fund_row, funds_json, navall
from tests.integration.importing import rows

SAME_PAGE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def browser(services: Services) -> Browser:
    with services.database.transaction() as connection:
        load_sample(connection, TODAY)
    return Browser(create_app(services).test_client())


def give(browser: Browser, content: bytes, token: str | None = None) -> TestResponse:
    """A file through the form of the tab, made in memory: the test client would leave that of a large one open."""
    known = hidden_fields(browser.get("/funds").text, "/funds/upload?window=1y")["csrf_token"]
    file = FileStorage(BytesIO(content), "october.xlsx")
    boundary, body = encode_multipart({"files": file, "csrf_token": known if token is None else token})
    kind = f'multipart/form-data; boundary="{boundary}"'
    return browser.client.post("/funds/upload", data=body, content_type=kind, headers=SAME_PAGE)


def test_the_sample_book_is_drawn_without_an_error_on_both_tabs(browser: Browser) -> None:
    for address, expected in (("/funds", "Sample Flexi Cap Fund"), ("/combined", "Financial crisis 2008")):
        html = browser.get(address).text
        assert expected in html
        assert 'role="alert"' not in html
        assert "not yours" in html


def test_a_row_of_the_table_opens_what_the_fund_holds(browser: Browser) -> None:
    link = re.search(r'href="(/funds\?[^"#]+)#fund-holdings"', browser.get("/funds").text)
    assert link is not None
    opened = browser.get(link[1].replace("&amp;", "&")).text
    assert "ICICI Bank" in opened
    assert "Where this comes from" in opened


def test_a_file_given_on_the_tab_is_stored_and_told_of(browser: Browser, services: Services) -> None:
    answer = give(browser, one_fund())
    assert answer.status_code == 200
    assert "1 portfolio stored, 9 lines." in answer.text
    stored = rows(services.database, f"SELECT name FROM risk_disclosures WHERE name = '{SCHEME}'")
    assert stored == [(SCHEME,)]
    assert SCHEME in browser.get(f"/funds?fund={SYMBOL}").text


def test_without_the_token_of_this_browser_no_file_is_read(browser: Browser, services: Services) -> None:
    before = rows(services.database, "SELECT count(*) FROM risk_disclosure_files")
    assert give(browser, one_fund(), token="x").status_code == 403
    assert rows(services.database, "SELECT count(*) FROM risk_disclosure_files") == before


def test_a_file_may_be_larger_than_other_requests(browser: Browser) -> None:
    answer = give(browser, b"x" * (MAX_BODY + 1))
    assert answer.status_code == 200
    assert "october.xlsx" in answer.text
    assert "Not used: it" in answer.text


def test_a_scenario_of_ones_own_counts_from_the_next_page_on(browser: Browser) -> None:
    sent = {"name": "Rupee crisis", "market": "-12", "group": "Banks", "shock": "-20", "from_day": "", "to_day": ""}
    answer = browser.submit("/combined", "/combined/scenarios?window=1y#scenario-form", **sent)
    assert answer.status_code == 303, answer.text
    html = browser.get("/combined").text
    assert 'id="stress-rupee_crisis"' in html
    assert "Rupee crisis" in html


def test_a_renamed_scheme_is_a_data_issue_until_a_person_says_which_it_is(services: Services) -> None:
    bring_navall(services.database, navall(FUND))
    bring_funds(services.database, funds_json(fund_row()))
    bring_disclosure(services.database, one_fund("Alpha Bluechip Opportunities Fund"))
    browser = Browser(create_app(services).test_client())
    before = services.mf.report()
    assert before.funds[0].disclosure is None
    (issue,) = (issue for issue in before.data_issues if issue.code == "unmatched_names")
    assert "e.g. Alpha Bluechip Opportunities Fund" in issue.message
    page = browser.get("/funds").text
    assert issue.message in html.unescape(page)
    action = "/funds/match?window=1y"
    token = hidden_fields(page, action)["csrf_token"]
    said = {"csrf_token": token, "name": "Alpha Bluechip Opportunities Fund", "amfi_code": "900001"}
    assert browser.client.post(action, data=said | {"csrf_token": "x"}, headers=SAME_PAGE).status_code == 403
    answer = browser.client.post(action, data=said, headers=SAME_PAGE)
    assert answer.status_code == 200
    after = services.mf.report()
    assert after.funds[0].disclosure is not None
    assert "unmatched_names" not in {issue.code for issue in after.data_issues}
