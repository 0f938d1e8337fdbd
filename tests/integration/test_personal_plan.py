"""A person on Kite's free plan: holdings from Kite, daily prices from the public sources, and a whole report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import app.__main__ as command_line
from app.bootstrap import Services, build_services
from app.domain.feeds import FeedStatus
from app.domain.market_hours import IST
from app.domain.risk_reports import EquityRiskReport
from app.ingest.eod_prices import fetch_prices
from app.KiteAccessToken import create_app
from app.scheduled_jobs import eod_prices, kite_sync
from app.settings import Settings, read_settings
from app.sources.yahoo import INDICES
from app.store.feeds import load_feeds
from tests.fakes.kite import FakeKite
from tests.fakes.nse import FakeNse, weekdays
from tests.fakes.redis_server import FakeRedis
from tests.fakes.yahoo import FakeYahoo, Row
from tests.integration.importing import bring_actions, bring_holdings
from tests.integration.ingest.kite_run import kite_market, share_names
from tests.integration.input_files import kite_json, kite_row

EVENING = datetime(2026, 11, 20, 18, 30, tzinfo=IST)
FRIDAY = date(2026, 11, 20)
SHARES = share_names(2)
DAYS = sorted(weekdays(FRIDAY, 260))
SPLIT_DAY = DAYS[-40]


def walk(seed: int, start: float) -> dict[date, float]:
    """A close for each of the days, a random walk."""
    moves = np.random.default_rng(seed).normal(0, 0.01, len(DAYS))
    return dict(zip(DAYS, (start * np.exp(np.cumsum(moves))).round(2).tolist(), strict=True))


MARKET = {"S00": walk(1, 500.0), "S01": walk(2, 900.0)}
NIFTY = walk(3, 25_000.0)


@dataclass
class World:
    """Everything outside the app, and the services over it."""

    kite: FakeKite
    nse: FakeNse
    yahoo: FakeYahoo
    services: Services
    environ: dict[str, str]

    def fill(self, *, whole: bool = False) -> dict[str, FeedStatus]:
        """A run over the sessions there are, or the evening's job; how each feed ended, Kite's among them."""
        if whole:
            eod_prices.run(self.services)
        else:
            fetch_prices(replace(eod_prices.eod_run(self.services), history=FRIDAY - DAYS[0]))
        with self.services.database.transaction() as connection:
            return {feed.name: feed.status for feed in load_feeds(connection)}

    def report(self) -> EquityRiskReport:
        return self.services.equity.report()


def yahoo_rows(closes: dict[date, float]) -> list[Row]:
    return [(day, close, close, close, close, 50_000) for day, close in closes.items()]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    """Kite's free plan with two shares, 260 sessions at NSE, the same at Yahoo; Kite was read once."""
    market = kite_market(SHARES)
    with ExitStack() as stack:
        kite = stack.enter_context(FakeKite(market, now=lambda: EVENING))
        kite.api.market_data = False
        nse = stack.enter_context(FakeNse())
        for day in DAYS:
            nse.trade(day, {symbol: closes[day] for symbol, closes in MARKET.items()}, {"Nifty 50": NIFTY[day]})
        charts = {f"{symbol}.NS": yahoo_rows(closes) for symbol, closes in MARKET.items()}
        charts |= {ticker: yahoo_rows(NIFTY) for ticker in INDICES.values() if ticker}
        yahoo = stack.enter_context(FakeYahoo(charts))
        environ = {
            "DATABASE_URL": database_url, "RISK_DATA_DIR": str(tmp_path), "RISK_SIMULATION_PATHS": "1000",
            "KITE_API_KEY": kite.logins.api_key, "KITE_API_SECRET": kite.logins.api_secret,
            "KITE_API_ROOT": kite.api_root, "NSE_ARCHIVE_ROOT": nse.root, "YAHOO_ROOT": yahoo.root,
        }  # fmt: skip
        services = build_services(read_settings(environ), lambda: EVENING)
        stack.callback(services.close)
        services.kite.finish_login(kite.logins.new_request_token())
        kite_sync.run(services)
        yield World(kite, nse, yahoo, services, environ)


def assert_whole(report: EquityRiskReport, source: str) -> None:
    """Every window of every holding has its measures, from prices of this source."""
    assert report.benchmark == "NIFTY50"
    assert report.as_of == FRIDAY
    for window in report.windows.values():
        for name in ("volatility", "beta", "var_historical_95", "max_drawdown"):
            assert window.measures[name].value is not None, (window, name)
    assert {holding.symbol: holding.history_source for holding in report.holdings} == {
        symbol: f"{source} {symbol}" for symbol in SHARES
    }
    assert all(own.volatility is not None for holding in report.holdings for own in holding.windows.values())


def issues(report: EquityRiskReport) -> dict[str, str]:
    return {issue.code: f"{issue.subject}: {issue.message}" for issue in report.data_issues}


def test_without_candles_the_archive_gives_the_whole_report_and_the_report_says_so(world: World) -> None:
    assert eod_prices.is_due(world.services), "a new book need not wait for the evening"
    statuses = world.fill(whole=True)
    assert (statuses["kite_prices"], statuses["nse_prices"]) == (FeedStatus.NOT_ALLOWED, FeedStatus.OK)
    assert not eod_prices.is_due(world.services)
    report = world.report()
    assert_whole(report, "bhavcopy")
    found = issues(report)
    assert "Daily prices of S00, S01 are from NSE's end-of-day archive" in found["public_prices"]
    assert not [code for code in found if code.startswith("feed_")], "a plan without candles is no fault"
    assert world.yahoo.asked == [] or not {"S00.NS", "S01.NS", "^NSEI"} & set(world.yahoo.charts())


def test_with_the_archive_down_yahoo_gives_the_whole_report_and_the_failure_is_told(world: World) -> None:
    world.nse.status = 503
    statuses = world.fill()
    assert (statuses["nse_prices"], statuses["yahoo_prices"]) == (FeedStatus.FAILED, FeedStatus.OK)
    report = world.report()
    assert_whole(report, "yahoo")
    found = issues(report)
    assert "are from Yahoo Finance" in found["public_prices"]
    assert found["feed_failed"].startswith("nse_prices: nsearchives.nseindia.com: is busy (HTTP 503).")


def test_both_sources_give_the_same_figures(world: World) -> None:
    world.nse.status = 503
    world.fill()
    by_yahoo = world.report()
    world.nse.status = 200
    assert world.fill()["nse_prices"] is FeedStatus.OK
    by_nse = world.report()
    assert_whole(by_nse, "bhavcopy")
    for name, window in by_nse.windows.items():
        assert window.measures["beta"].value == pytest.approx(by_yahoo.windows[name].measures["beta"].value)


def test_a_split_in_the_archive_is_left_out_until_it_is_known_and_then_taken_out(world: World) -> None:
    for day in DAYS:
        factor = 1.0 if day >= SPLIT_DAY else 5.0
        closes = {"S00": round(MARKET["S00"][day] * factor, 2), "S01": MARKET["S01"][day]}
        world.nse.trade(day, closes, {"Nifty 50": NIFTY[day]})
    world.fill()
    volatility = own_volatility(world.report(), "S00")
    assert "split_like_jump" in issues(world.report())
    assert volatility == pytest.approx(100 * 0.01 * np.sqrt(252), rel=0.25)
    bring_actions(world.services.database, f"S00,{SPLIT_DAY},5,split_or_bonus")
    report = world.report()
    assert "split_like_jump" not in issues(report)
    assert own_volatility(report, "S00") == pytest.approx(volatility, rel=0.05)


def own_volatility(report: EquityRiskReport, symbol: str) -> float:
    (holding,) = [one for one in report.holdings if one.symbol == symbol]
    volatility = holding.windows["1y"].volatility
    assert volatility is not None
    return volatility


def test_a_book_without_any_kite_fills_itself_too(database_url: str, tmp_path: Path) -> None:
    with FakeNse() as nse, FakeYahoo({}) as yahoo:
        for day in DAYS[-70:]:
            nse.trade(day, {"S00": MARKET["S00"][day]}, {"Nifty 50": NIFTY[day]})
        environ = {
            "DATABASE_URL": database_url, "RISK_DATA_DIR": str(tmp_path), "NSE_ARCHIVE_ROOT": nse.root,
            "YAHOO_ROOT": yahoo.root, "RISK_PRICE_SOURCES": "nse",
        }  # fmt: skip
        services = build_services(read_settings(environ), lambda: EVENING)
        assert not eod_prices.is_due(services), "there is no book"
        bring_holdings(services.database, kite_json(kite_row("S00")))
        assert eod_prices.is_due(services)
        assert eod_prices.run(services) == "1 ok"
        report = services.equity.report()
        services.close()
    assert report.windows["60d"].measures["volatility"].value is not None


def test_a_failed_fill_is_tried_again_after_an_hour(world: World) -> None:
    world.nse.status = world.yahoo.status = 503
    world.fill()
    assert not eod_prices.is_due(world.services)
    later = build_services(world.services.settings, lambda: EVENING + timedelta(hours=1))
    assert eod_prices.is_due(later)
    later.close()


def test_no_source_is_asked_where_none_is_wanted(world: World) -> None:
    quiet = build_services(read_settings(world.environ | {"RISK_PRICE_SOURCES": "none"}), lambda: EVENING)
    assert not eod_prices.is_due(quiet)
    assert eod_prices.run(quiet) == "no public price source is wanted: nothing to do"
    quiet.close()
    assert (world.nse.asked, world.yahoo.asked) == ([], [])


@pytest.fixture
def command(world: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)

    def build(settings: Settings) -> Services:
        return build_services(settings, lambda: EVENING)

    monkeypatch.setattr(command_line, "build_services", build)
    return lambda *arguments: command_line.main(list(arguments))


def test_the_command_fetches_from_one_source_since_a_day_and_tells_the_outcome(
    world: World, command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("prices", "fetch", "--source", "nse", "--since", "2026-11-01") == 0
    assert "Nse prices: ok, " in capsys.readouterr().err
    assert len(world.nse.asked) == 20 + len(weekdays(FRIDAY, 15))
    world.nse.status = 403
    assert command("prices", "fetch", "--source", "nse") == 5
    assert "refuses (HTTP 403)" in capsys.readouterr().err


def test_the_state_of_a_borrowed_token_is_told_by_the_command(
    world: World, command: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.services.kite.logout()
    with FakeRedis() as redis:
        token = world.kite.logins.issue()
        redis.values = {"kite_access_token": token, "kite_access_token_timestamp": str(EVENING.timestamp())}
        monkeypatch.setenv("REDIS_URL", redis.url)
        assert command("kite", "status") == 0
        told = capsys.readouterr()
        assert "Kite: logged in. token from the dashboard until 21 Nov 06:00 India time" in told.err
        assert command("kite", "sync", "--only", "holdings") == 0
        assert redis.asked() <= {"HELLO", "CLIENT", "SELECT", "GET"}
    assert token not in told.out + told.err + capsys.readouterr().err


@pytest.mark.parametrize("noted", [str(EVENING.timestamp()), ""])
def test_the_settings_page_says_whose_token_is_used(world: World, noted: str) -> None:
    world.services.kite.logout()
    with FakeRedis() as redis:
        token = world.kite.logins.issue()
        redis.values = {"kite_access_token": token, "kite_access_token_timestamp": noted}
        services = build_services(read_settings(world.environ | {"REDIS_URL": redis.url}), lambda: EVENING)
        page = create_app(services).test_client().get("/settings").text
        services.close()
    assert "Kite is asked with the token of the dashboard" in page
    assert ("until 21 November, 06:00" in page) == bool(noted)
    assert "Log out of Kite" not in page
    assert token not in page
