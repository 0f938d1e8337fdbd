from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from app.api.funds_panels import category_words
from app.api.funds_screen import PANELS, UPDATED, funds_blueprint
from app.domain.disclosures import LineKind
from app.domain.fund_fetches import JobStatus
from app.domain.fund_reports import FundCosts
from tests.fakes.fund_reports import (
    DOWN,
    LINES,
    NAMES,
    FakeFunds,
    empty_mf_report,
    imported,
    isin,
    job,
    line,
    mf_report,
    portfolio,
    sheet,
)
from tests.unit.api.tab_pages import HOSTILE, page, part, tabs, words

VIEWER = f"/funds/panels/fund-holdings?fund={isin(0)}"


def test_the_tab_leads_with_value_cost_saving_and_what_is_looked_through() -> None:
    text = words(page("/funds"))
    assert "Value of funds ₹30,60,000 9 funds" in text
    assert "Cost a year ₹24,750 0.81% a year expense ratios of 91.2% of the value" in text
    assert "Direct plans would save ₹4,200 a year, at today's value" in text
    assert "Looked through 92.8% oldest portfolio 30 Sep 2026 1 fund without a portfolio" in text


def test_costs_that_nobody_knows_are_a_reason_and_not_zero() -> None:
    unknown = FundCosts(None, None, None, 0.0, "no list of expense ratios is imported")
    text = words(page("/funds/panels/funds-summary", FakeFunds(replace(mf_report(), costs=unknown))))
    assert "Cost a year No list of expense ratios is imported." in text
    assert "₹0" not in text


def test_one_page_asks_for_one_report() -> None:
    funds = FakeFunds()
    page(f"/funds?fund={isin(0)}", funds)
    assert funds.reports_asked == 1


def test_every_panel_comes_alone_and_says_the_same_as_on_the_page() -> None:
    whole = words(page("/funds?window=90d"))
    for name in PANELS:
        html = page(f"/funds/panels/{name}?window=90d")
        assert f'id="{name}"' in html
        assert "<html" not in html
        assert words(html).strip() in whole


def row(name: str) -> str:
    html = page("/funds/panels/funds-table")
    return words(html[html.index(name) :].split("</tr>")[0])


def test_a_fund_has_its_value_nav_portfolio_match_activity_cost_and_own_risk() -> None:
    text = row(NAMES[0])
    for expected in (
        "Flexi Cap Fund · direct · growth · Nifty 500", "₹5,00,000 16.3%", "₹92.45 20 Nov 2026",
        "31 Oct 2026 23 days old", "98.2% 1.8% unexplained", "61.50% unlike Nifty 500", "0.70% ₹3,500 a year",
    ):  # fmt: skip
        assert expected in text
    assert re.search(r"\d+\.\d% \d\.\d\d \d\.\d\d% ₹[\d,]+ ?$", text)


def test_an_index_fund_has_its_tracking_error_in_place_of_active_share() -> None:
    assert "0.12% off Nifty 500 a year" not in row(NAMES[1])
    assert "0.12% off Nifty 50 a year" in row(NAMES[1])


def test_an_old_portfolio_and_a_late_nav_are_marked() -> None:
    html = page("/funds/panels/funds-table")
    old = html[html.index(NAMES[4]) :].split("</tr>")[0]
    assert re.search(r"class=tone-warning>.*54 days old, the largest positions only", old)
    late = html[html.index(NAMES[3]) :].split("</tr>")[0]
    assert re.search(r"class=tone-warning>.*17 Nov 2026, 3 days older than the newest", late)


def test_a_fund_without_a_portfolio_says_how_to_get_one() -> None:
    text = row(NAMES[8])
    assert "No portfolio yet. Upload the fund house's file of the month, or fetch it: Bring portfolios in" in text
    assert f"fund={isin(8)}#fund-holdings" not in page("/funds/panels/funds-table")


def test_missing_cost_and_short_history_give_their_reasons() -> None:
    assert "No list of expense ratios that has it is imported." in row(NAMES[6])
    assert "Only 12 returns." in row(NAMES[5])


@pytest.mark.parametrize(
    ("category", "shown"),
    [
        ("Open Ended Schemes(Equity Scheme - Flexi Cap Fund)", "Flexi Cap Fund"),
        ("Open Ended Schemes(Other Scheme - Index Funds)", "Index Funds"),
        ("Close Ended Schemes(Income)", "Income"),
        ("Equity", "Equity"),
        (None, ""),
    ],
)
def test_a_category_is_said_without_amfis_frame(category: str | None, shown: str) -> None:
    assert category_words(category) == shown


def test_the_overlap_matrix_has_the_eight_largest_at_most_and_heat_by_class() -> None:
    html = page("/funds/panels/fund-overlap")
    assert len(re.findall(r'<th scope="row"', html)) == 8
    assert re.findall(r'class="num( heat-\d)?">([^<]+)<', html)[:4] == [
        ("", "–"), (" heat-6", "63"), (" heat-5", "54"), (" heat-4", "45")
    ]  # fmt: skip
    assert "style=" not in html
    assert f"63.4% {NAMES[0]} and {NAMES[1]}: 27 names in common" in words(html)
    assert f"Without a portfolio, so not compared: {NAMES[8]}." in words(html)


def test_one_fund_alone_has_nothing_to_be_compared_with() -> None:
    report = mf_report()
    alone = replace(report.overlap, left_out=report.overlap.funds[1:])
    text = words(page("/funds/panels/fund-overlap", FakeFunds(replace(report, overlap=alone))))
    assert "It takes two funds with a portfolio to compare them." in text


def test_companies_in_several_funds_name_each_fund_the_largest_part_first() -> None:
    html = page("/funds/panels/fund-shared")
    text = words(html)
    assert "4 more" in text
    assert "Company 0 Ltd. Financial Services · in 4 funds 4.60%" in text
    assert f"{NAMES[3]} 1.30%, {NAMES[2]} 1.20%" in text


def test_before_a_fund_is_chosen_no_portfolio_is_read() -> None:
    assert "Choose a fund in the table above" in words(page("/funds", FakeFunds(portfolio_of=None)))


def test_the_viewer_shows_lines_sectors_months_and_where_they_come_from() -> None:
    html = page(VIEWER)
    text = words(html)
    assert "Portfolio of 31 Oct 2026 , 23 days old" in text
    assert "2 not matched" in text
    assert "HDFC Bank Ltd. HDFC BANK LTD. · INE040A01034 · Financial Services Share 9.20% ₹9.20 Cr" in text
    assert "Unlisted Ltd. Banks No valid ISIN in the file" in text
    assert "Nifty future Banks Future or option beside the file's total −2.00%" in text
    assert "From a file that you gave File flexi.xlsx" in text
    assert re.findall(r'<option value="(2026-\d\d-\d\d)"( selected)?', html) == [
        ("2026-10-31", " selected"), ("2026-09-30", "")
    ]  # fmt: skip


def names(html: str) -> list[str]:
    return re.findall(r'<th scope="row" class="wide">([^<]+)<', html)


def test_lines_are_searched_sorted_filtered_and_unmatched_ones_put_first() -> None:
    assert names(page(f"{VIEWER}&search=infosys")) == ["Infosys Ltd."]
    assert names(page(f"{VIEWER}&search=ine040a01034&sort=name"))[:2] == ["HDFC Bank Ltd.", "Infosys Ltd."]
    assert names(page(f"{VIEWER}&sort=name"))[0] == "HDFC Bank Ltd."
    assert names(page(VIEWER))[:2] == ["HDFC Bank Ltd.", "TREPS"]
    assert names(page(f"{VIEWER}&unmatched=first"))[:3] == ["Unlisted Ltd.", "Zeta Ltd.", "HDFC Bank Ltd."]
    assert names(page(f"{VIEWER}&sector=Cash")) == ["TREPS"]
    assert "2 of 6 lines" in words(page(f"{VIEWER}&sector=Unclassified"))


def test_a_search_without_a_hit_says_what_to_do() -> None:
    assert "No line is like that" in words(page(f"{VIEWER}&search=astrology"))


def test_a_month_that_is_none_is_refused_within_the_panel() -> None:
    text = words(page("/funds?fund=INF&as_on=soon"))
    assert "“soon” is not a day. Choose one of the months in the list." in text
    assert "Value of funds" in text


def test_a_portfolio_that_is_not_stored_takes_only_the_viewer_down() -> None:
    text = words(page("/funds?fund=INF9", FakeFunds(portfolio_of=None)))
    assert "No portfolio of a fund 'INF9' is stored. Upload the file." in text
    assert "Your funds" in text


def test_thousands_of_lines_are_not_drawn_at_once() -> None:
    many = tuple(line(f"Bond {at}", 0.1, kind=LineKind.DEBT) for at in range(900))
    html = page(VIEWER, FakeFunds(portfolio_of=portfolio(many)))
    assert len(names(html)) == 250
    assert "The first 250 of 900 lines. Search or filter for the others." in words(html)


def test_a_refused_sheet_is_told_with_its_reason() -> None:
    refused = imported("flexi.xlsx", sheet(), sheet("adds up to 87.2 % of its total"))
    html = upload(FakeFunds(imports=(refused,)))
    text = words(html)
    assert "flexi.xlsx 1 portfolio stored, 57 lines." in text
    assert "Not used: it adds up to 87.2% of its total." in text
    assert "as of 31 Oct 2026, 57 lines, adding up to 99.8%" in text


def upload(funds: FakeFunds, month: str = "", *names: str) -> str:
    files = [(io.BytesIO(b"x"), name) for name in names or ("flexi.xlsx",)]
    answer = tabs(funds).post("/funds/upload", data={"files": files, "month": month}, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return answer.text


@pytest.mark.parametrize(
    ("result", "verdict"),
    [
        (imported("a.pdf", replace(sheet("is not a workbook"), sheet="")), "a.pdf Not used: it is not a workbook."),
        (imported("b.xlsx", sheet(), known=True), "b.xlsx These very bytes were here before: nothing to do."),
        (imported("c.xlsx", sheet("is empty")), "c.xlsx No portfolio of it is used."),
    ],
    ids=["unreadable", "known", "all refused"],
)
def test_what_became_of_a_file_is_said_plainly(result: object, verdict: str) -> None:
    assert verdict in words(upload(FakeFunds(imports=(result,))))  # type: ignore[arg-type]


def test_several_files_are_given_at_once_with_the_month_they_must_be_of() -> None:
    funds = FakeFunds()
    upload(funds, "2026-10", "a.xlsx", "b.zip")
    assert funds.sent == [("a.xlsx", "2026-10"), ("b.zip", "2026-10")]


def test_older_months_are_wanted_when_the_box_is_ticked() -> None:
    funds = FakeFunds()
    upload(funds)
    tabs(funds).post("/funds/upload", data={"files": [(io.BytesIO(b"x"), "a.xlsx")], "older": "true"})
    assert funds.older == [False, True]
    assert "Keep months older than the newest one here" in words(page("/funds", funds))


def test_names_that_fit_no_scheme_are_listed_and_one_can_be_told() -> None:
    assert "fit no scheme of AMFI" not in words(page("/funds", FakeFunds()))
    funds = FakeFunds(names=("Alpha <b> Fund", "Beta Fund"))
    html = page("/funds", funds)
    assert "Names in files that fit no scheme of AMFI's (2)" in words(html)
    assert "<option>Alpha &lt;b&gt; Fund</option>" in html
    said = {"name": "Alpha <b> Fund", "amfi_code": " 900001 "}
    answer = tabs(funds).post("/funds/match", data=said, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, UPDATED)
    assert funds.matched == [("Alpha <b> Fund", 900001)]
    assert "<html" in tabs(funds).post("/funds/match", data=said).text, "the whole page where there are no scripts"


@pytest.mark.parametrize(
    ("code", "complaint"),
    [
        ("5", "AMFI's list has no scheme 5. Look the code up."),
        ("", "“” is not an AMFI code"),
        ("1e3", "“1e3” is not an AMFI code"),
        ("9999999999", "is not an AMFI code"),
    ],
)
def test_a_code_that_is_none_is_refused_within_the_panel(code: str, complaint: str) -> None:
    funds = FakeFunds(names=("Beta Fund",))
    said = {"name": "Beta Fund", "amfi_code": code}
    answer = tabs(funds).post("/funds/match", data=said, headers={"HX-Request": "true"})
    assert complaint in words(answer.text)
    assert (funds.matched, "HX-Trigger" in answer.headers) == ([], False)


@pytest.mark.parametrize("month", ["october", "2026-13", "2026-1"])
def test_a_month_that_cannot_be_stops_the_upload(month: str) -> None:
    funds = FakeFunds()
    assert f"“{month}” is not a month" in words(upload(funds, month))
    assert funds.sent == []


def test_an_upload_without_a_file_says_so_on_the_whole_page_where_there_are_no_scripts() -> None:
    answer = tabs().post("/funds/upload", data={"month": ""})
    assert "<html" in answer.text
    assert "Choose at least one file." in words(answer.text)


def test_an_upload_has_the_other_panels_asked_for_again() -> None:
    answer = tabs().post(
        "/funds/upload", data={"files": [(io.BytesIO(b"x"), "a.xlsx")]}, headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Trigger"] == UPDATED
    assert f'hx-trigger="{UPDATED} from:body"' in page("/funds/panels/funds-table")


def test_files_that_are_too_large_are_told_so_in_the_panel_without_anything_of_the_book() -> None:
    client = tabs()
    client.application.config["MAX_CONTENT_LENGTH"] = 10
    data = {"files": [(io.BytesIO(b"x" * 100), "a.xlsx")]}
    answer = client.post("/funds/upload", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 413
    assert 'id="bring-data"' in answer.text
    assert "The files are larger than 20 MB together. Give them in smaller parts." in words(answer.text)
    assert "₹" not in answer.text


def test_a_run_that_cannot_be_asked_after_leaves_the_page_as_it_is() -> None:
    desk = replace(FakeFunds().desk(), job=_down)
    app = Flask("one_tab", static_folder=None)
    app.register_blueprint(funds_blueprint(desk))
    assert app.test_client().get("/funds/run").status_code == 204


def _down() -> None:
    raise DOWN


def test_a_run_is_started_once_and_followed_while_it_lasts() -> None:
    funds = FakeFunds()
    client = tabs(funds)
    html = client.post("/funds/fetch", headers={"HX-Request": "true"}).text
    assert funds.started == 1
    assert 'hx-trigger="every 1s"' in html
    assert re.search(r'<progress id="fund-progress" value="2" max="9"', html)
    assert "Banyan Mutual Fund Stored 14 portfolios from 2 of 2 files" in words(html)
    assert "Saral Mutual Fund Refused List: its page has changed." in words(html)
    assert "HX-Trigger" not in client.get("/funds/run").headers


def test_a_run_that_ended_is_asked_for_no_more_and_brings_the_panels_up_to_date() -> None:
    answer = tabs(FakeFunds(job_of=job(JobStatus.ENDED))).get("/funds/run")
    assert "every 1s" not in answer.text
    assert "<progress" not in answer.text
    assert answer.headers["HX-Trigger"] == UPDATED


def test_without_scripts_a_run_leads_back_to_the_page() -> None:
    answer = tabs().post("/funds/fetch?window=60d")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/funds?window=60d#bring-data")


def test_houses_show_the_age_of_what_is_there_and_only_true_links() -> None:
    html = page("/funds/panels/bring-data")
    assert "Banyan Mutual Fund its page 30 Sep 2026, 14 portfolios" in words(html)
    assert "By hand: Checks for browsers." in words(html)
    assert "javascript:" not in html


def test_a_book_without_funds_says_how_to_bring_them_and_still_takes_files() -> None:
    text = words(page("/funds", FakeFunds(empty_mf_report())))
    assert "No funds" in text
    assert "python -m app import fund-holdings FUNDS.json" in text
    assert "Upload files" in text
    assert "Overlap" not in text


@pytest.mark.parametrize("name", [name for name in PANELS if name != "bring-data"])
def test_a_database_that_is_down_is_said_in_every_panel(name: str) -> None:
    answer = tabs(FakeFunds(DOWN)).get(f"/funds/panels/{name}")
    assert answer.status_code == 503
    assert f"{DOWN.message} {DOWN.remedy} Try again" in words(answer.text)


def test_an_unknown_panel_and_an_unknown_window_are_refused() -> None:
    assert tabs().get("/funds/panels/astrology").status_code == 404
    answer = tabs().get("/funds/panels/funds-table?window=5y")
    assert (answer.status_code, "<html" in answer.text) == (400, False)


def test_hostile_names_are_shown_as_text() -> None:
    report = mf_report()
    first = replace(report.funds[0], name=HOSTILE, category=HOSTILE, style_source=HOSTILE)
    labels = (HOSTILE, *report.overlap.labels[1:])
    hostile = replace(report, funds=(first, *report.funds[1:]), overlap=replace(report.overlap, labels=labels))
    lines = (replace(LINES[0], name=HOSTILE, sector=HOSTILE),)
    found = replace(portfolio(lines), name=HOSTILE, warnings=(HOSTILE,))
    bad = imported(HOSTILE, replace(sheet(HOSTILE), name=HOSTILE))
    funds = FakeFunds(hostile, found, job(), (bad,))
    for html in (page(f"/funds?fund={isin(0)}&search=onerror", funds), upload(funds)):
        assert "&lt;img src=x onerror" in html
        assert "<img" not in html
        assert "<script>" not in html


def test_no_state_prints_a_programmers_word_for_nothing_or_an_inline_style() -> None:
    report = mf_report()
    bare = replace(report.funds[0], value=None, weight=None, nav=None, nav_date=None, category=None, windows={})
    partial = replace(report, funds=(bare, *report.funds[1:]), as_of=None, book_as_of=None, value=None, benchmark=None)
    for funds in (FakeFunds(), FakeFunds(partial), FakeFunds(empty_mf_report()), FakeFunds(job_of=job())):
        html = page(f"/funds?fund={isin(0)}", funds)
        assert not re.search(r"\b(None(?!\. Nothing)|nan|NaN|inf|null|undefined)\b", words(html))
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", html)


def test_data_issues_and_left_out_funds_go_by_their_names() -> None:
    report = mf_report()
    window = replace(report.windows["1y"], left_out=(isin(5),))
    html = page("/funds", FakeFunds(replace(report, windows={"1y": window})))
    assert f"First: {NAMES[8]}: No portfolio of it is stored." in words(html)
    assert f"Left out of these measures: {NAMES[5]}." in words(part(html, "measures"))


def test_an_earlier_month_is_shown_when_it_is_asked_for() -> None:
    assert f"Portfolio of {'30 Sep 2026'}" in words(page(f"{VIEWER}&as_on={date(2026, 9, 30)}"))
