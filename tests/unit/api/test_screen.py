from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.api import assets
from app.api.screen import PANELS, screen_blueprint
from app.domain.data_issues import DataIssue, Severity
from app.domain.errors import DatabaseUnavailable
from app.domain.risk_reports import Correlation, HoldingRanges, Measure, Unit
from tests.fakes.equity_reports import (
    FakeEquity,
    FakeServices,
    empty_report,
    empty_series,
    normal_report,
    normal_series,
    short_history_report,
)
from tests.unit.api.tab_pages import words

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
DOWN = DatabaseUnavailable("The database can't be reached.", "Start it, then reload.")
REASON = "Only 22 of 60 returns, 90% are needed."


def client_for(equity: FakeEquity) -> FlaskClient:
    app = Flask("screen_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(FakeServices(equity)))
    return app.test_client()


def page(equity: FakeEquity | None = None, address: str = "/") -> str:
    response = client_for(equity or FakeEquity()).get(address)
    assert response.status_code == 200
    return response.text


def test_the_page_leads_with_value_bad_day_loss_worse_day_and_deepest_fall() -> None:
    report = normal_report(("1y",))
    text = words(page())
    assert "Portfolio value ₹30,37,208" in text
    for name, key in (("Bad-day loss", "var_historical_95"), ("Average worse day", "cvar_95")):
        measure = report.windows["1y"].measures[key]
        assert f"{name} ₹{measure.rupees:,.0f}" in text
    assert "Deepest fall ₹" in text


def test_the_summary_says_where_the_data_stands() -> None:
    text = words(page())
    for part in (
        "Valued at prices of 20 Nov 2026",
        "Closes 20 Nov 2026",
        "Holdings 20 Nov 2026",
        "Benchmark NIFTY 50",
        "Coverage 98.7% of value",
    ):
        assert part in text


def test_one_page_asks_the_service_for_one_report_and_one_series() -> None:
    equity = FakeEquity()
    page(equity)
    assert (equity.reports_asked, equity.series_asked) == (1, 1)


def test_every_panel_comes_as_a_fragment_of_its_own_without_the_page_around_it() -> None:
    client = client_for(FakeEquity())
    for name in PANELS:
        html = client.get(f"/risk/panels/{name}?window=90d").text
        assert f'id="{name}"' in html
        assert "<html" not in html
        assert f"/risk/panels/{name}?window=90d" in html


def test_a_fragment_says_the_same_as_its_panel_on_the_page() -> None:
    client, whole = client_for(FakeEquity()), words(page())
    for name in PANELS:
        assert words(client.get(f"/risk/panels/{name}").text).strip() in whole


@pytest.mark.parametrize(("window", "returns"), [("60d", 60), ("90d", 90), ("1y", 252)])
def test_the_window_of_the_address_is_the_one_shown_and_marked(window: str, returns: int) -> None:
    html = page(address=f"/?window={window}")
    assert f"{returns} daily returns" in words(html)
    assert re.findall(r'id="window-(\w+)"[^>]*aria-current=true', html) == [window]
    assert f'data-charts="/risk/charts/{window}.json"' in html


def test_the_window_switch_is_made_of_links_that_work_without_scripts() -> None:
    assert re.findall(r'<a id="window-\w+" href="([^"]+)"', page()) == ["/?window=60d", "/?window=90d", "/?window=1y"]


@pytest.mark.parametrize("address", ["/?window=5y", "/holdings?window=", "/risk/panels/loss?window=%3Cb%3E"])
def test_an_unknown_window_is_refused_with_the_ones_there_are(address: str) -> None:
    response = client_for(FakeEquity()).get(address)
    assert response.status_code == 400
    assert "60d, 90d, 1y" in response.text
    assert "<b>”" not in response.text


def test_an_unknown_window_is_refused_as_a_fragment_where_a_fragment_was_asked() -> None:
    client = client_for(FakeEquity())
    assert "<html" not in client.get("/risk/panels/loss?window=5y").text
    assert "<html" in client.get("/?window=5y").text


def test_an_unknown_panel_is_not_found() -> None:
    response = client_for(FakeEquity()).get("/risk/panels/astrology")
    assert (response.status_code, "There is no panel “astrology”" in response.text) == (404, True)


def test_each_measure_has_its_plain_name_before_its_term_and_all_that_makes_it_honest() -> None:
    html = client_for(FakeEquity()).get("/risk/panels/measures").text
    row = words(html[html.index('id="measure-cvar_95"') :].split("</details>")[0])
    assert row.index("Average worse day") < row.index("Expected shortfall 95%")
    for part in ("mean loss over the worst 5%", "Acerbi-Tasche", "1 year", "252 daily returns", "98.8%", "20 Nov 2026"):
        assert part in row


def test_a_measure_the_words_do_not_know_is_still_shown() -> None:
    report = normal_report(("1y",))
    odd = Measure(3.25, Unit.RATIO, None, None, "a new method", 252, 100.0)
    window = replace(report.windows["1y"], measures={"ulcer_index": odd})
    text = words(page(FakeEquity(replace(report, windows={"1y": window}))))
    assert "Ulcer index 3.25" in text


def test_value_at_risk_is_compared_by_four_methods_at_two_levels() -> None:
    html = client_for(FakeEquity()).get("/risk/panels/loss").text
    table = html[html.index("methods-title") :]
    assert re.findall(r'<th scope="row" class="wide">([\w-]+(?: Carlo)?)', table) == [
        "Historical",
        "Parametric",
        "Cornish-Fisher",
        "Monte Carlo",
    ]
    assert len(re.findall(r'<td class="num"><b>\d+\.\d\d%</b><small>₹[\d,]+</small>', table)) == 8


def test_a_method_without_a_value_shows_its_reason_in_the_table() -> None:
    report = normal_report(("1y",))
    measures = dict(report.windows["1y"].measures)
    measures["var_cornish_fisher_99"] = Measure(None, Unit.PERCENT, None, "too skewed for it", "", 0, 0.0)
    del measures["var_monte_carlo_99"]
    window = replace(report.windows["1y"], measures=measures)
    html = client_for(FakeEquity(replace(report, windows={"1y": window}))).get("/risk/panels/loss").text
    assert ">Too skewed for it.</td>" in html
    assert ">Not part of this report.</td>" in html


def test_value_at_risk_is_never_called_the_worst_loss() -> None:
    assert not re.search(r"worst (possible )?(daily |one-day )?loss|maximum loss|most you can lose", page(), re.I)


def test_too_little_history_shows_reasons_instead_of_numbers_and_no_chart() -> None:
    html = page(FakeEquity(short_history_report(("1y",)), empty_series("1y")))
    assert words(html).count(REASON) > 15
    assert re.findall(r'data-chart="(\w+)"', html) == ["history"]
    assert "Largest stock 15.2% HDFCBANK" in words(html)


def test_an_empty_book_gives_the_two_commands_and_no_panel() -> None:
    html = page(FakeEquity(empty_report(("1y",)), empty_series("1y")))
    assert "No holdings" in html
    assert html.count("python -m app import ") == 2
    assert 'id="measures"' not in html


@pytest.mark.parametrize("name", [name for name in PANELS if name != "data-issues"])
def test_an_empty_book_gives_every_fragment_its_next_step(name: str) -> None:
    html = page(FakeEquity(empty_report(("1y",)), empty_series("1y")), f"/risk/panels/{name}")
    assert "No holdings" in html
    assert "python -m app import holdings" in html


@pytest.mark.parametrize("address", ["/", "/holdings", *[f"/risk/panels/{name}" for name in PANELS]])
def test_a_database_that_is_down_is_said_with_its_remedy_and_a_way_to_try_again(address: str) -> None:
    equity = FakeEquity(report_of=DOWN)
    answer = client_for(equity).get(f"{address}?window=90d")
    assert answer.status_code == 503
    assert "The database can&#39;t be reached.</b> Start it, then reload." in answer.text
    assert re.search(r'<a href="\?window=90d[^"]*"[^>]*>Try again</a>', answer.text)
    assert equity.reports_asked == 1


def test_without_a_report_the_open_tab_is_still_marked() -> None:
    html = client_for(FakeEquity(report_of=DOWN)).get("/holdings").text
    assert '<a href="/holdings" aria-current=page>' in html


def test_a_failing_series_takes_only_its_own_two_panels_down() -> None:
    html = page(FakeEquity(series_of=DOWN))
    assert html.count("The database can&#39;t be reached.") == 2
    assert "Prices as of 20 Nov 2026" in html
    assert 'id="measure-beta"' in html


def test_an_error_that_is_not_ours_is_not_hidden() -> None:
    app = Flask("screen_under_test", static_folder=None)
    app.testing = True
    app.register_blueprint(screen_blueprint(FakeServices(FakeEquity(report_of=ZeroDivisionError()))))
    with pytest.raises(ZeroDivisionError):
        app.test_client().get("/")


def test_sample_data_is_unmistakable_and_says_how_to_load_ones_own() -> None:
    sample = page(FakeEquity(replace(normal_report(("1y",)), sample_data=True)))
    assert "Sample data</span>" in sample
    assert "not yours" in sample
    assert sample.count("python -m app import ") == 2
    assert "ample data" not in words(page())


@pytest.mark.parametrize("address", ["/", "/holdings"])
def test_hostile_names_are_shown_as_text(address: str) -> None:
    report = normal_report(("1y",))
    first = replace(report.holdings[0], symbol=HOSTILE, name=HOSTILE, sector=HOSTILE, price_source=HOSTILE)
    window = replace(report.windows["1y"], left_out=(HOSTILE,), correlation=Correlation((HOSTILE, "B"), np.eye(2), 252))
    hostile = replace(
        report,
        holdings=(first, *report.holdings[1:]),
        windows={"1y": window},
        benchmark=HOSTILE,
        data_issues=(DataIssue(HOSTILE, Severity.CRITICAL, HOSTILE, HOSTILE, HOSTILE),),
    )
    html = page(FakeEquity(hostile), address)
    assert "&lt;img src=x onerror" in html
    assert "<img" not in html
    assert "<script>" not in html


def test_no_state_prints_a_programmers_word_for_nothing() -> None:
    report = normal_report(("1y",))
    bare = replace(report.holdings[0], price=None, price_as_of=None, value=None, weight=None, pnl=None, windows={})
    partial = replace(
        report, holdings=(bare, *report.holdings[1:]), as_of=None, book_as_of=None, benchmark=None, value=None
    )
    equities = [
        FakeEquity(),
        FakeEquity(partial),
        FakeEquity(short_history_report(("1y",)), empty_series("1y")),
        FakeEquity(empty_report(("1y",)), empty_series("1y")),
    ]
    for equity in equities:
        for address in ("/", "/holdings"):
            assert not re.search(r"\b(None|nan|NaN|inf|null|undefined)\b", words(page(equity, address)))


def test_totals_agree_wherever_they_are_shown() -> None:
    risk, holdings = words(page()), words(page(address="/holdings"))
    assert "₹30,37,208" in risk
    assert "worth ₹30,37,208" in holdings
    assert "Largest stock 15.2% HDFCBANK" in risk
    assert "HDFCBANK 15.2%" in risk
    assert "₹4,63,138 15.2%" in holdings
    loss = "₹47,703"
    assert f"Bad-day loss {loss} 1.57%" in risk
    assert f"Bad-day loss {loss} , 1 day in 20 is worse" in risk
    assert f"Historical Counts the days of the window as they were. Assumes no shape. 1.57% {loss}" in risk


def test_data_issues_are_grouped_by_severity_with_their_remedy_and_counted_on_top() -> None:
    text = words(page())
    assert "2 data warnings" in text
    assert "Data issues (3)" in text
    assert text.index("2 warnings The numbers are usable") < text.index("1 note Handled")
    assert "What to do: Import the split with its ex-date" in text


def test_old_closes_grey_the_figures_and_the_day_of_the_value_stands_apart_from_that_of_the_closes() -> None:
    report = normal_report(("1y",))
    old = DataIssue("stale_prices", Severity.CRITICAL, "PORTFOLIO", "The newest prices are of 2025-09-17.")
    html = page(FakeEquity(replace(report, as_of=date(2025, 9, 17), data_issues=(*report.data_issues, old))))
    assert 'class="figures stale"' in html
    text = words(html)
    assert "1 critical data issue" in text
    assert "First: Whole portfolio: The newest prices are of 17 Sep 2025." in text
    assert "Valued at prices of 20 Nov 2026 Closes 17 Sep 2025" in text
    assert 'class="figures stale"' not in page()


def test_a_book_without_issues_says_so() -> None:
    text = words(page(FakeEquity(replace(normal_report(("1y",)), data_issues=()))))
    assert "No data issues" in text
    assert "Data issues (0)" in text


def test_a_position_above_the_limit_is_flagged_with_digits_that_show_it() -> None:
    html = page(address="/risk/panels/liquidity")
    first = html[html.index("<tbody>") :].split("</tr>")[0]
    assert "class=flagged" in first
    assert "SMALLCO" in first
    assert "10.02%" in first
    assert "No volume in the last 30 days." in html


def test_holdings_show_where_a_price_is_from_and_how_old_it_is() -> None:
    text = words(page(address="/holdings"))
    assert "₹21.35 holdings file, 17 Nov 2026 3 days older than the newest" in text
    assert text.count("older than the newest") == 1


def test_volatility_from_ranges_and_of_late_stand_beside_that_of_closes() -> None:
    html = client_for(FakeEquity()).get("/risk/panels/measures").text
    keys = re.findall(r'id="measure-(volatility\w*)"', html)
    assert keys == ["volatility", "volatility_ewma", "volatility_range"]
    row = words(html[html.index('id="measure-volatility_range"') :].split("</details>")[0])
    for part in ("Usual swing within the days", "14.25%", "252 daily ranges", "Yang-Zhang of each holding"):
        assert part in row
    assert "21.4% ranges 24.1% · EWMA 18.3%" in words(page(address="/holdings"))


def test_a_holding_without_ranges_says_why_beside_its_other_volatilities() -> None:
    report = normal_report(("1y",))
    own = report.holdings[0].windows["1y"]
    no_ranges = HoldingRanges(None, None, None, None, 0, "0 of 252 days have a usable open, high and low")
    bare = replace(report.holdings[0], windows={"1y": replace(own, range_volatility=no_ranges)})
    text = words(page(FakeEquity(replace(report, holdings=(bare, *report.holdings[1:]))), "/holdings"))
    assert "21.4% ranges – · EWMA 18.3% 0 of 252 days have a usable open, high and low. 1.10" in text


def test_losses_carry_an_arrow_and_a_sign_and_gains_too() -> None:
    text = words(page(address="/holdings"))
    assert "▼ −₹69,471" in text
    assert "▲ +₹77,906" in text


def test_bars_are_drawn_by_the_server_with_widths_in_attributes() -> None:
    html = page(address="/risk/panels/concentration")
    assert re.search(r'<rect class="fill" y="3" width="100.0%"', html)
    assert "style=" not in html


def test_the_page_has_no_inline_style_or_script() -> None:
    html = page()
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", html)


def test_chart_data_matches_the_report_and_is_strict_json() -> None:
    series = replace(normal_series("1y"), drawdown=np.full(252, np.nan))
    response = client_for(FakeEquity(series_of=series)).get("/risk/charts/1y.json")
    data = json.loads(response.text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    report = normal_report(("1y",)).windows["1y"]
    assert response.mimetype == "application/json"
    assert data["loss"]["var"] == report.measures["var_historical_95"].value
    assert sum(data["loss"]["counts"]) == 252
    assert len(data["loss"]["edges"]) == len(data["loss"]["counts"]) + 1
    assert set(data["drawdown"]["fall"]) == {None}
    assert data["correlation"]["symbols"][0] == "HDFCBANK"


def test_chart_data_says_in_json_why_it_is_not_there() -> None:
    down = client_for(FakeEquity(report_of=DOWN)).get("/risk/charts/1y.json")
    unknown = client_for(FakeEquity()).get("/risk/charts/5y.json")
    assert (down.status_code, unknown.status_code) == (503, 400)
    assert down.get_json()["error"]["remedy"] == "Start it, then reload."


def test_a_page_that_was_never_built_still_reads_and_says_how_to_build(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("app.api.tabs.load_assets", lambda: assets.load_assets(tmp_path))
    html = page()
    assert "python app/frontend/build.py" in html
    assert "Portfolio value" in html
    assert "<script" not in html


def test_built_files_are_named_by_the_manifest_and_kept_by_browsers(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"page.js": "page-AB12.js"}')
    (tmp_path / "icons.svg").write_text("<symbol/>")
    (tmp_path / "page-AB12.js").write_text("1")
    app = Flask("screen_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(FakeServices(FakeEquity())))
    with app.test_request_context():
        assert assets.load_assets(tmp_path).url("page.js") == "/assets/page-AB12.js"
        response = assets.asset_response("page-AB12.js", tmp_path)
    assert response.cache_control.max_age == assets.A_YEAR
    assert response.cache_control.immutable
    response.close()
