"""The backtest of shares and funds together: what it reads, when it is done again, and where it is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from sqlalchemy import text

import app.__main__ as command_line
from app.bootstrap import Services
from app.domain.risk_runs import Asked
from app.KiteAccessToken import create_app
from app.risk import CombinedRiskAnalyzer, MFRiskCalculator
from tests.integration.conftest import TODAY
from tests.integration.fund_files import (
    FUND,
    bring_funds,
    bring_navall,
    bring_navs,
    fund_row,
    funds_json,
    nav_csv,
    navall,
)
from tests.integration.importing import bring_holdings, bring_prices
from tests.integration.input_files import book, price_csv, random_closes, weekdays

COUNT = 1400
DAYS: Sequence[date] = weekdays(COUNT).tolist()
NAVS = 100 * np.exp(np.cumsum(np.random.default_rng(2).normal(0, 0.006, COUNT)))


@pytest.fixture
def owned(services: Services) -> Services:
    """Five shares with 1,400 closes, and a fund with the NAVs of the newest 900 of those days."""
    bring_prices(services.database, price_csv(random_closes(COUNT)))
    bring_holdings(services.database, book())
    bring_navall(services.database, navall(FUND))
    bring_funds(services.database, funds_json(fund_row(quantity=2000, last_price=0)))
    navs(services, -900, COUNT)
    return services


def navs(services: Services, first: int, last: int, factor: float = 1.0) -> None:
    pairs = list(zip(map(str, DAYS[first:last]), (NAVS[first:last] * factor).round(4).tolist(), strict=True))
    assert bring_navs(services.database, nav_csv(*pairs)).rows_changed


def refuse(*_: object) -> None:
    raise AssertionError("tested again")


def test_every_stored_nav_counts_however_old_and_older_ones_are_tested_at_once(owned: Services) -> None:
    assert owned.combined.backtest().returns == 898
    navs(owned, 0, -900)
    found = owned.combined.backtest()
    assert (found.scope, found.returns, found.as_of) == ("combined", COUNT - 2, DAYS[-2])
    assert found.windows["60d"].days == COUNT - 2 - 60
    assert owned.combined.backtest(("60d",)).windows.keys() == {"60d"}


def test_it_is_done_once_for_a_book_and_a_day(owned: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    tested = owned.combined.backtest()
    closes = {name: series[-3:] * [1.0, 1.0, 1.02] for name, series in random_closes(COUNT).items()}
    monkeypatch.setattr(CombinedRiskAnalyzer, "load_joint_history", refuse)
    bring_prices(owned.database, price_csv(closes), "late.csv")
    measures = owned.combined.report(("1y",)).windows["1y"].measures
    for choice in tested.windows["1y"].preferred:
        assert choice.reason in measures[f"var_preferred_{choice.level:g}"].method


def test_other_units_are_another_book(owned: Services) -> None:
    first = owned.combined.backtest()
    bring_funds(owned.database, funds_json(fund_row(quantity=9000, last_price=0)))
    assert owned.combined.backtest().windows != first.windows


def test_prices_and_navs_after_a_day_change_nothing_of_its_backtest(owned: Services) -> None:
    day = DAYS[-100]
    before = owned.combined.backtest(as_of=day)
    assert before.as_of == DAYS[-101]
    with owned.database.transaction() as connection:
        connection.execute(
            text("UPDATE mf_nav_history SET nav_value = nav_value * 1.05 WHERE nav_date > :day"), {"day": day}
        )
        connection.execute(text("UPDATE risk_daily_bars SET close = close * 0.95 WHERE bar_date > :day"), {"day": day})
    assert owned.combined.backtest(as_of=day) == before


def test_the_funds_alone_have_a_backtest_and_a_thin_one_is_refused_with_the_reason(owned: Services) -> None:
    found = owned.backtests["mf"](None, None)
    assert (found.scope, found.returns) == ("mf", 898)
    assert found.windows != owned.combined.backtest().windows
    with owned.database.transaction() as connection:
        connection.execute(text("DELETE FROM mf_nav_history WHERE nav_date < :day"), {"day": DAYS[-150]})
    for scope in ("mf", "combined"):
        window = owned.backtests[scope](("1y",), TODAY).windows["1y"]
        assert not any(choice.proven for choice in window.preferred)
        assert {one.unavailable for one in window.methods} == {"the history has no day after its first 252 returns"}


def test_the_report_of_the_funds_has_the_figure_that_their_own_backtest_prefers(owned: Services) -> None:
    tested = owned.mf.backtest()
    for as_of in (None, TODAY):
        for name, window in owned.mf.report(as_of=as_of).windows.items():
            for choice in tested.windows[name].preferred:
                assert choice.reason in window.measures[f"var_preferred_{choice.level:g}"].method
    assert tested.windows["1y"].preferred[0].proven
    with owned.database.transaction() as connection:
        connection.execute(text("DELETE FROM mf_nav_history WHERE nav_date < :day"), {"day": DAYS[-280]})
    thin = owned.mf.report(as_of=TODAY).windows["1y"].measures["var_preferred_95"]
    assert "the evidence is too thin to prefer another" in thin.method
    assert thin.value == owned.mf.report(as_of=TODAY).windows["1y"].measures["var_historical_95"].value


def test_the_backtest_of_the_funds_is_done_again_for_other_units_or_older_navs_alone(
    owned: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = owned.mf.backtest()
    with monkeypatch.context() as patched:
        patched.setattr(MFRiskCalculator, "load_fund_history", refuse)
        bring_prices(owned.database, price_csv({name: series[-3:] for name, series in random_closes(COUNT).items()}))
        owned.mf.report(("1y",))
        assert owned.mf.backtest() == first
    navs(owned, 0, -900)
    assert owned.mf.backtest().returns == COUNT - 2


def test_a_kept_combined_run_comes_out_the_same_and_notes_the_choice(owned: Services) -> None:
    owned.history.keep("combined", TODAY)
    assert owned.history.recompute(1).reproduced
    assert "preferred methods" in owned.combined.run(Asked(TODAY)).inputs


def test_the_api_and_the_command_tell_the_same(
    owned: Services, database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command_line, "build_services", lambda _: replace(owned))
    body = create_app(owned).test_client().get("/api/risk/backtest?scope=combined&window=90d").get_json()
    assert (body["scope"], body["returns"]) == ("combined", 898)
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert command_line.main(["report", "backtest", "--scope", "combined", "--window", "90d", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == body
