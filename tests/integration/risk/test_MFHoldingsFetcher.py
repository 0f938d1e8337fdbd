"""Runs over fund houses whose sites are here: what each did, what is stored, what a later run asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from app.Boilerplate import Boilerplate
from app.domain.fund_fetches import (
    FetchOutcome,
    FetchRunning,
    FetchWish,
    FundJob,
    FundJobReport,
    HouseFetch,
    HouseStatus,
    JobStatus,
    WrongWish,
)  # fmt: skip
from app.risk.MFHoldingsFetcher import MFHoldingsFetcher
from app.sources.yahoo_funds import TopPosition
from app.store.disclosures import load_portfolios
from tests.fakes.fund_sites import FakeSites, Reply, directory_page, scheme_file
from tests.fakes.fund_sites.pages import links_page
from tests.integration.fund_fetching import (
    DIRECTORY,
    HDFC,
    HDFC_LIST,
    OCTOBER,
    PPFAS,
    PPFAS_LIST,
    SBI,
    SBI_FILE,
    SBI_LIST,
    SEPTEMBER,
    FakeYahoo,
    hdfc_file,
    hold,
    make_fetcher,
    publish,
    publish_hdfc,
    publish_ppfas,
    publish_sbi,
)  # fmt: skip
from tests.shared_data import shared_file

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


@pytest.fixture
def sites() -> Iterator[FakeSites]:
    with FakeSites() as fake:
        publish(fake)
        yield fake


@pytest.fixture
def fetcher(database: Boilerplate, sites: FakeSites) -> MFHoldingsFetcher:
    return make_fetcher(database, sites, clock)


def by_house(report: FundJobReport) -> dict[str, HouseFetch]:
    return {house.house: house for house in report.houses}


def outcomes(report: FundJobReport) -> dict[str, str]:
    return {house.house: str(house.outcome) for house in report.houses}


def status_of(fetcher: MFHoldingsFetcher, house: str) -> HouseStatus:
    return next(row for row in fetcher.status() if row.house == house)


def stored(database: Boilerplate) -> dict[str, date]:
    """Scheme and day of every portfolio in use."""
    with database.transaction() as connection:
        rows = connection.execute(
            text("SELECT name, as_on FROM risk_disclosures WHERE quarantined IS NULL AND replaced_by IS NULL")
        )
        return {row.name: row.as_on for row in rows}


def test_every_house_that_has_published_is_brought_in(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    report = fetcher.fetch()
    assert outcomes(report) == {SBI: "done", HDFC: "done", PPFAS: "done"}
    assert (by_house(report)[HDFC].files, by_house(report)[HDFC].files_done, by_house(report)[SBI].schemes) == (3, 3, 2)
    assert (report.job.status, report.job.month, report.job.detail) == (JobStatus.ENDED, OCTOBER, "3 done")
    assert len(stored(database)) == 6
    assert set(stored(database).values()) == {date(2026, 10, 31)}
    assert sites.times(DIRECTORY) == 1


def test_one_house_that_fails_leaves_the_rest_done_and_its_old_month_in_use_with_its_age(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    publish(sites, SEPTEMBER)
    assert set(outcomes(fetcher.fetch(FetchWish(SEPTEMBER))).values()) == {"done"}
    publish_sbi(sites)
    publish_ppfas(sites)
    sites.put(HDFC_LIST, Reply(status=503))
    report = fetcher.fetch()
    assert outcomes(report) == {SBI: "done", HDFC: "failed", PPFAS: "done"}
    assert by_house(report)[HDFC].reason == "cms.hdfcfund.com: is busy (HTTP 503)"
    hdfc, sbi = status_of(fetcher, HDFC), status_of(fetcher, SBI)
    assert (hdfc.newest, hdfc.age_days, hdfc.is_stale, hdfc.portfolios) == (date(2026, 9, 30), 54, True, 3)
    assert (sbi.newest, sbi.age_days, sbi.is_stale, sbi.portfolios) == (date(2026, 10, 31), 23, False, 2)
    assert hdfc.last is not None
    assert (hdfc.last.month, hdfc.last.outcome) == (OCTOBER, FetchOutcome.FAILED)
    assert stored(database)["HDFC Mid Cap Fund"] == date(2026, 9, 30)


def test_a_second_run_asks_only_for_what_is_missing(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    sites.put(hdfc_file(1), Reply(status=500))
    sites.put(PPFAS_LIST, links_page([("/d/PPFAS_Monthly_Portfolio_Report_September_30_2026.xls", "Monthly")]))
    first = fetcher.fetch()
    assert outcomes(first) == {SBI: "done", HDFC: "failed", PPFAS: "not_published"}
    assert by_house(first)[HDFC].files_done == 2
    assert by_house(first)[HDFC].reason == "1.xlsx: is busy (HTTP 500)"
    publish_hdfc(sites)
    publish_ppfas(sites)
    sites.asked.clear()
    second = fetcher.fetch()
    assert outcomes(second) == {HDFC: "done", PPFAS: "done"}
    assert by_house(second)[HDFC].schemes == 3
    asked = [url for url in sites.urls() if url != DIRECTORY]
    assert sorted(asked) == sorted(
        [HDFC_LIST, hdfc_file(1), PPFAS_LIST, "amc.ppfas.com/d/PPFAS_Monthly_Portfolio_Report_October_2026.xls"]
    )
    assert len(stored(database)) == 6


def test_when_all_is_in_nobody_is_asked(fetcher: MFHoldingsFetcher, sites: FakeSites) -> None:
    fetcher.fetch()
    sites.asked.clear()
    report = fetcher.fetch()
    assert (report.houses, report.job.detail, sites.asked) == ((), "nothing is missing", [])


def test_asked_again_a_house_says_that_its_file_has_not_changed(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    sites.put(SBI_FILE, Reply(scheme_file(OCTOBER, "SBI Contra Fund"), etag='"v1"'))
    fetcher.fetch(FetchWish(houses=("sbi",)))
    again = fetcher.fetch(FetchWish(houses=("sbi",), again=True))
    assert outcomes(again) == {SBI: "nothing_new"}
    assert sites.asked[-1].headers["If-None-Match"] == '"v1"'
    sites.put(SBI_FILE, Reply(scheme_file(OCTOBER, "SBI Contra Fund", "SBI Magnum Fund"), etag='"v2"'))
    assert outcomes(fetcher.fetch(FetchWish(houses=("sbi",), again=True))) == {SBI: "done"}
    assert set(stored(database)) == {"SBI Contra Fund", "SBI Magnum Fund"}


def test_the_same_bytes_under_another_address_are_nothing_new(fetcher: MFHoldingsFetcher, sites: FakeSites) -> None:
    fetcher.fetch(FetchWish(houses=("sbi",)))
    sites.put(SBI_LIST, links_page([("/docs/copy.xlsx", "All Schemes Monthly Portfolio")]))
    sites.replies["www.sbimf.com/docs/copy.xlsx"] = sites.replies[SBI_FILE]
    assert outcomes(fetcher.fetch(FetchWish(houses=("sbi",), again=True))) == {SBI: "nothing_new"}


def test_a_file_of_another_month_under_the_right_label_is_refused_and_asked_for_again(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    sites.put(SBI_FILE, Reply(scheme_file(SEPTEMBER, "SBI Contra Fund"), etag='"old"'))
    report = fetcher.fetch(FetchWish(houses=("sbi",)))
    assert outcomes(report) == {SBI: "refused"}
    assert "is of 2026-09-30, not of 2026-10" in by_house(report)[SBI].reason
    assert stored(database) == {}
    unchanged = fetcher.fetch(FetchWish(houses=("sbi",)))
    assert outcomes(unchanged) == {SBI: "refused"}
    assert sites.asked[-1].headers["If-None-Match"] == '"old"'
    publish_sbi(sites)
    assert outcomes(fetcher.fetch(FetchWish(houses=("sbi",)))) == {SBI: "done"}


def test_what_a_site_may_do_wrong_is_the_outcome_of_its_house_alone(database: Boilerplate, sites: FakeSites) -> None:
    quant, nippon, groww, zerodha, helios = (
        f"{name} Mutual Fund" for name in ("quant", "Nippon India", "Groww", "Zerodha", "Helios")
    )
    label = "October 2026"
    sites.put(
        "quantmutual.com/statutorydisclosures.aspx/displaydisclouser",
        json.dumps({"d": f"<a href='https://quantmutual.com/q.xlsx'>{label}</a>"}),
    )
    sites.put("quantmutual.com/q.xlsx", "<html>Sorry, something went wrong</html>")
    sites.put(
        "mf.nipponindiaim.com/investor-service/downloads/factsheet-portfolio-and-other-disclosures", Reply(status=403)
    )
    sites.put(
        "growwmf.in/statutory-disclosure/portfolio",
        links_page([("https://assets-netstorage.growwmf.in/Portfolio/Monthly Portfolio- Oct 31 2026.xlsx", "View")]),
    )
    sites.put(
        "assets-netstorage.growwmf.in/Portfolio/Monthly%20Portfolio-%20Oct%2031%202026.xlsx",
        Reply(status=302, headers={"Location": "https://169.254.169.254/latest/meta-data/"}),
    )
    sites.put("www.zerodhafundhouse.com/resources/disclosures", "<html>new design</html>")
    sites.put("www.heliosmf.in/portfolio-disclosure/", Reply(hangs=True))
    fetcher = make_fetcher(database, sites, clock, (quant, nippon, groww, zerodha, helios, SBI), seconds=0.5)
    report = by_house(fetcher.fetch())
    assert {house: str(fetch.outcome) for house, fetch in report.items()} == {
        quant: "refused", nippon: "refused", groww: "refused", zerodha: "refused", helios: "failed", SBI: "done",
    }  # fmt: skip
    assert report[quant].reason == "q.xlsx: a web page came instead of the file"
    assert report[nippon].reason == "mf.nipponindiaim.com: refuses (HTTP 403)"
    assert "is not on the list of sites" in report[groww].reason
    assert "no files at all" in report[zerodha].reason
    assert report[helios].reason == "www.heliosmf.in: no answer in time"


def test_a_page_that_moved_is_found_through_the_directory(database: Boilerplate, sites: FakeSites) -> None:
    sites.replies.pop(PPFAS_LIST)
    sites.put(DIRECTORY, directory_page({64: (PPFAS, "https://amc.ppfas.com/moved/")}))
    name = "PPFAS_Monthly_Portfolio_Report_October_2026.xls"
    sites.put("amc.ppfas.com/moved/", links_page([(f"/d/{name}", "Monthly")]))
    assert outcomes(make_fetcher(database, sites, clock, (PPFAS,)).fetch()) == {PPFAS: "done"}


def test_without_the_directory_the_recipes_still_work(fetcher: MFHoldingsFetcher, sites: FakeSites) -> None:
    sites.put(DIRECTORY, Reply(status=500))
    assert set(outcomes(fetcher.fetch()).values()) == {"done"}


def test_a_house_that_is_new_in_the_directory_is_told_with_its_page(
    fetcher: MFHoldingsFetcher, sites: FakeSites
) -> None:
    sites.put(DIRECTORY, directory_page({1234: ("Brand New Mutual Fund", "https://new.example/portfolio")}))
    fetcher.fetch()
    new = status_of(fetcher, "Brand New Mutual Fund")
    assert new.manual is not None
    assert new.last is not None
    assert "https://new.example/portfolio" in new.last.reason


def test_a_house_that_no_program_may_ask_is_told_with_the_reason(database: Boilerplate, sites: FakeSites) -> None:
    edelweiss = "Edelweiss Mutual Fund"
    fetcher = make_fetcher(database, sites, clock, (edelweiss, SBI))
    assert outcomes(fetcher.fetch()) == {SBI: "done"}
    asked = fetcher.fetch(FetchWish(houses=("edelweiss",)))
    assert outcomes(asked) == {edelweiss: "manual"}
    assert status_of(fetcher, edelweiss).manual == by_house(asked)[edelweiss].reason


def test_only_the_houses_of_the_funds_held_are_asked_where_amfi_knows_them(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    hold(database, "INF200K01QX4", "SBI Mutual Fund", "SBI Contra Fund")
    assert outcomes(fetcher.fetch()) == {SBI: "done"}
    assert set(outcomes(fetcher.fetch(FetchWish(everything=True)))) == {HDFC, PPFAS}


def test_one_run_at_a_time_and_the_second_learns_of_the_first(fetcher: MFHoldingsFetcher) -> None:
    begun = fetcher.begin(FetchWish())
    with pytest.raises(FetchRunning) as caught:
        fetcher.begin(FetchWish())
    assert caught.value.job_id == begun.job.job_id
    running = fetcher.job(begun.job.job_id)
    assert running is not None
    assert (running.job.status, running.job.total, running.houses) == (JobStatus.RUNNING, 3, ())
    ended = fetcher.carry_out(begun)
    assert fetcher.job(begun.job.job_id) == replace(
        ended, houses=tuple(sorted(ended.houses, key=lambda h: h.house.lower()))
    )


def test_a_run_whose_process_is_gone_has_stopped_and_another_may_begin(fetcher: MFHoldingsFetcher) -> None:
    begun = fetcher.begin(FetchWish())
    begun.guard.close()  # what the database does for a process that dies
    stopped = fetcher.job(begun.job.job_id)
    assert stopped is not None
    assert stopped.job.status is JobStatus.STOPPED
    assert set(outcomes(fetcher.fetch()).values()) == {"done"}


def test_every_step_is_told_and_the_last_one_says_how_it_ended(fetcher: MFHoldingsFetcher) -> None:
    steps: list[FundJob] = []
    fetcher.fetch(tell=steps.append)
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert "HDFC Mutual Fund: file 2 of 3" in [step.detail for step in steps]
    assert (steps[-1].status, steps[-1].done, steps[-1].total) == (JobStatus.ENDED, 3, 3)


@pytest.mark.parametrize("month", [date(2026, 11, 1), date(2027, 1, 1)])
def test_a_month_that_is_not_over_is_not_asked_for(fetcher: MFHoldingsFetcher, sites: FakeSites, month: date) -> None:
    with pytest.raises(WrongWish, match="is not over"):
        fetcher.fetch(FetchWish(month))
    assert sites.asked == []


def test_a_house_that_nobody_knows_is_an_error_with_the_remedy(fetcher: MFHoldingsFetcher) -> None:
    with pytest.raises(WrongWish, match="funds status"):
        fetcher.fetch(FetchWish(houses=("nobody",)))


ISIN = "INF200K01QX4"
TOP = (TopPosition("HDFCBANK.NS", "HDFC Bank Ltd", 8.0), TopPosition("GOOG", "Alphabet", 5.0))


def test_yahoo_fills_in_a_held_fund_without_any_disclosure_and_marks_it_as_partial(
    database: Boilerplate, sites: FakeSites
) -> None:
    hold(database, ISIN, SBI, "SBI Contra Fund")
    sites.put(SBI_LIST, Reply(status=403))
    yahoo = FakeYahoo()
    yahoo.positions[ISIN] = TOP
    fetcher = make_fetcher(database, sites, clock, (SBI,), yahoo=yahoo)
    assert fetcher.fetch().job.detail == "1 refused"
    assert yahoo.asked == []
    assert fetcher.fetch(FetchWish(yahoo=True)).job.detail.endswith(
        "largest positions of 1 of 1 funds without a disclosure"
    )
    with database.transaction() as connection:
        row = connection.execute(
            text("SELECT source, partial, stated_total, sum_of_weights FROM risk_disclosures")
        ).one()
        lines = connection.execute(text("SELECT weight_pct, value FROM mf_underlying_holdings ORDER BY id")).all()
    assert tuple(row) == ("yahoo", True, None, 13.0)
    assert [tuple(line) for line in lines] == [(8.0, None), (5.0, None)]
    assert status_of(fetcher, SBI).newest is None


def test_yahoo_is_not_asked_for_a_fund_whose_house_has_disclosed_and_never_stands_before_it(
    database: Boilerplate, sites: FakeSites
) -> None:
    hold(database, ISIN, SBI, "SBI Contra Fund")
    yahoo = FakeYahoo()
    yahoo.positions[ISIN] = TOP
    fetcher = make_fetcher(database, sites, clock, (SBI,), yahoo=yahoo)
    sites.put(SBI_LIST, Reply(status=403))
    fetcher.fetch(FetchWish(yahoo=True))
    publish_sbi(sites, SEPTEMBER)
    fetcher.fetch(FetchWish(SEPTEMBER, yahoo=True))
    assert yahoo.asked == [ISIN]
    assert newest_sources(database) == {"fetch"}


def newest_sources(database: Boilerplate) -> set[str]:
    with database.transaction() as connection:
        return {str(one.source) for one in load_portfolios(connection).disclosures}


JANUARY = date(2025, 1, 1)


def test_published_files_are_fetched_whole_and_one_of_another_month_among_them_is_refused(
    fetcher: MFHoldingsFetcher, database: Boilerplate, sites: FakeSites
) -> None:
    files = sorted(shared_file("mf/hdfc").iterdir())
    listed = [
        {"title": f"Monthly HDFC {at} - 31 January 2025", "file": {"url": f"https://{hdfc_file(at)}"}}
        for at, _ in enumerate(files)
    ]
    sites.put(HDFC_LIST, json.dumps({"data": {"files": listed}}))
    for at, path in enumerate(files):
        sites.put(hdfc_file(at), path.read_bytes())
    sites.put(SBI_LIST, links_page([("/docs/all.xlsx", "All Schemes Monthly Portfolio")]))
    sites.put(SBI_FILE, shared_file("mf/sbi/All-Schemes-Monthly-Portfolio---as-on-31st-January-2025.xlsx").read_bytes())
    report = by_house(fetcher.fetch(FetchWish(JANUARY, ("hdfc", "sbi"))))
    assert (report[HDFC].outcome, report[HDFC].files, report[HDFC].files_done) == (FetchOutcome.REFUSED, 8, 7)
    assert "is of 2025-07-31, not of 2025-01" in report[HDFC].reason
    assert (report[SBI].outcome, report[SBI].schemes) == (FetchOutcome.DONE, 123)
    assert set(stored(database).values()) == {date(2025, 1, 31)}
