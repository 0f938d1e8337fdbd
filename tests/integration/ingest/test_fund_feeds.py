"""A run against AMFI: what is asked for, and what a failure leaves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta

from app.Boilerplate import Boilerplate
from app.domain.feeds import Feed, FeedStatus
from app.domain.fetching import Fetched, Seen, SiteUnavailable
from app.ingest.fund_feeds import FundRun, fetch_funds
from tests.integration.conftest import NOW
from tests.integration.fund_files import (
    DIRECT,
    FUND,
    bring_funds,
    bring_navall,
    bring_navs,
    fund_row,
    funds_json,
    nav_csv,
    navall,
)
from tests.integration.importing import rows

NAVALL = "https://portal.amfiindia.com/spages/NAVAll.txt"
HISTORY = "https://api.mfapi.in/mf/900001"
REPORT = "https://portal.amfiindia.com/DownloadNAVHistoryReport_Po.aspx?frmdt="
TER = "https://www.amfiindia.com/api/populate-te-rdata-revised?MF_ID=All&Month=10-2026&strCat=-1&strType=-1&excel=true"
ERROR = "https://www.amfiindia.com/api/tracking-error-data?MF_ID=all&strdt=31-Oct-2026"
DIFFERENCE = "https://www.amfiindia.com/api/tracking-difference?MF_ID=all&date=01-Oct-2026"
RATIOS = b"Scheme Name,TER Date,Direct Plan - Total TER (%)\nAlpha Flexi Cap Fund,2026-10-31,0.66\n"
NAVS = "SELECT nav_date, nav_value FROM mf_nav_history ORDER BY 1"


def figure(**fields: str) -> bytes:
    return json.dumps({"data": [{"Scheme_Name": "Alpha Flexi Cap Fund", **fields}]}).encode()


def history(*days: tuple[str, float]) -> bytes:
    data = [{"date": day, "nav": str(nav)} for day, nav in days]
    return json.dumps({"meta": {"scheme_code": 900001}, "data": data}).encode()


SITE = {
    NAVALL: navall(FUND),
    HISTORY: history(("19-11-2026", 99.0), ("18-11-2026", 98.0), ("01-09-2026", 97.0)),
    TER: RATIOS,
    ERROR: figure(DirectPercent="0.05"),
    DIFFERENCE: figure(Y1_D="-0.2"),
}


class Site:
    """Answers from a table; what is not in it is down."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, url: str) -> Fetched:
        self.asked.append(url)
        if url not in self.answers:
            raise SiteUnavailable("amfi", "is away")
        return Fetched(url, 200, self.answers[url], "", Seen())


def run(database: Boilerplate, site: Site, now: datetime = NOW) -> dict[str, Feed]:
    return {feed.name: feed for feed in fetch_funds(FundRun(database, site.get, lambda: now))}


def test_a_first_run_brings_list_history_and_costs(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    site = Site(SITE)
    feeds = run(database, site)
    assert {name: feed.status for name, feed in feeds.items()} == {"amfi_navs": "ok", "amfi_costs": "ok"}
    assert site.asked == [NAVALL, HISTORY, TER, ERROR, DIFFERENCE]
    assert [row[1] for row in rows(database, NAVS)] == [97.0, 98.0, 99.0, 100.0]
    assert rows(database, "SELECT percent FROM risk_fund_costs") == [(0.66,)]
    assert rows(database, "SELECT count(*) FROM risk_fund_tracking") == [(2,)]


def test_a_second_run_asks_only_for_the_list(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    run(database, Site(SITE))
    site = Site(SITE)
    run(database, site)
    assert site.asked == [NAVALL]


def test_a_few_missed_days_are_asked_of_amfi_one_by_one(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND.replace("20-Nov", "17-Nov")), now=NOW - timedelta(days=3))
    bring_funds(database, funds_json(fund_row(DIRECT)))
    bring_navs(database, nav_csv(("2026-08-03", 97.0)))
    days = {f"{REPORT}{day}-Nov-2026": navall(FUND.replace("20-Nov", f"{day}-Nov")) for day in (18, 19)}
    site = Site(SITE | days)
    run(database, site)
    assert site.asked[:3] == [NAVALL, *days]
    assert HISTORY not in site.asked
    assert [row[0] for row in rows(database, NAVS)][1:] == [date(2026, 11, day) for day in (17, 18, 19, 20)]


def test_a_long_hole_is_filled_from_the_whole_history(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_funds(database, funds_json(fund_row(DIRECT)))
    bring_navs(database, nav_csv(("2026-08-03", 90.0), ("2026-10-20", 95.0)))
    site = Site(SITE)
    run(database, site)
    assert HISTORY in site.asked
    assert (date(2026, 11, 18), 98.0) in rows(database, NAVS)


def test_one_site_that_is_down_stops_nothing_else(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    feeds = run(database, Site({url: body for url, body in SITE.items() if url not in {HISTORY, ERROR}}))
    assert feeds["amfi_navs"].status is FeedStatus.FAILED
    assert "is away" in feeds["amfi_navs"].detail
    assert feeds["amfi_costs"].done == 2
    assert rows(database, "SELECT percent FROM risk_fund_costs") == [(0.66,)]
    assert [row[1] for row in rows(database, NAVS)] == [100.0]
    assert rows(database, "SELECT feed, status FROM risk_feeds ORDER BY 1") == [
        ("amfi_costs", "failed"),
        ("amfi_navs", "failed"),
    ]


def test_the_history_of_a_fund_that_has_just_its_newest_nav_is_asked_for(database: Boilerplate) -> None:
    bring_navall(database, navall(FUND))
    bring_funds(database, funds_json(fund_row(DIRECT)))
    site = Site(SITE)
    run(database, site)
    assert HISTORY in site.asked


def test_an_error_page_with_status_200_is_no_list(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    feeds = run(database, Site(SITE | {NAVALL: b"<html>Request rejected</html>"}))
    assert feeds["amfi_navs"].status is FeedStatus.FAILED
    assert rows(database, "SELECT count(*) FROM risk_amfi_schemes") == [(0,)]


def test_costs_are_not_asked_for_before_they_are_published(database: Boilerplate) -> None:
    bring_funds(database, funds_json(fund_row(DIRECT)))
    site = Site(SITE)
    run(database, site, NOW.replace(day=5))
    assert TER not in site.asked
