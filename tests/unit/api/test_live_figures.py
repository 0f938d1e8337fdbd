from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.api.live_figures import figure_texts, live_figures
from app.api.screen import screen_blueprint
from app.domain.live import LiveMeasure, LiveRisk, LiveWindow
from app.domain.risk_reports import WINDOWS, Concentration
from tests.fakes.equity_reports import FakeEquity, FakeServices

LOSS = LiveMeasure(1.5, 45_000.0, None)
MISSING = LiveMeasure(None, None, "only 22 of 60 returns, 90% are needed")
WINDOW = LiveWindow(dict.fromkeys(("var_historical_95", "cvar_95", "max_drawdown"), LOSS), 3.25)
LIVE = LiveRisk(
    phase="continuous",
    as_of="2026-11-23T04:30:05+00:00",
    value=3_000_000.0,
    day_pnl=-12_000.0,
    day_change=-0.4,
    day_coverage=100.0,
    nifty=26_000.0,
    nifty_change=0.25,
    held=17,
    priced_live=17,
    windows=dict.fromkeys(WINDOWS, WINDOW),
    kept=("var_monte_carlo_95",),
    concentration=Concentration(None, None, None, None, (), 0.0),
    holdings=(),
)


def test_rupees_are_written_as_in_india_and_the_day_beside_the_index() -> None:
    texts = figure_texts(LIVE, WINDOW)
    assert texts["value"] == ("₹30,00,000", "")
    assert texts["today"] == ("▼ −₹12,000", "−0.40% · Nifty 50 0.25% · 3.25% below the high")
    assert texts["var_historical_95"] == ("₹45,000", "1.50% · 1 day in 20 is worse")


def test_a_day_known_for_a_part_of_the_book_says_for_how_much() -> None:
    note = figure_texts(replace(LIVE, day_coverage=61.27), WINDOW)["today"][1]
    assert note.endswith("known for 61.2% of value")


def test_what_is_not_known_has_no_text_and_is_never_zero() -> None:
    blank = LiveWindow(dict.fromkeys(WINDOW.measures, MISSING), None)
    nothing = replace(LIVE, value=None, day_pnl=None, day_change=None, nifty_change=None)
    assert figure_texts(nothing, blank) == {}
    assert live_figures(nothing)["say"] == ""


def test_the_event_says_when_in_india_and_speaks_one_sentence() -> None:
    event = live_figures(LIVE)
    assert event["when"] == "10:00:05 IST"
    assert event["say"] == "Portfolio value ₹30,00,000, today −0.40%."
    assert live_figures(replace(LIVE, as_of=None))["when"] == ""


@pytest.mark.parametrize("is_live", [True, False])
def test_the_gain_of_the_day_stands_in_the_summary_where_prices_are_live(is_live: bool) -> None:
    app = Flask("screen_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(FakeServices(FakeEquity(live_of=LIVE)), lambda: is_live))
    page = app.test_client().get("/").text
    assert ("−₹12,000" in page) is is_live
    assert ('id="feed"' in page) is is_live
    assert ("data-live" in page) is is_live
