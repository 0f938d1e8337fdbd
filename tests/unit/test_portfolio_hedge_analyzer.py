from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import pytest

from app.domain import derivatives as dv
from app.domain import hedges as hd
from app.domain.errors import RiskError, UnknownWindow
from app.domain.market_hours import IST
from app.domain.serialise import to_json
from app.PortfolioHedgeAnalyzer import PortfolioHedgeAnalyzer
from tests.fakes.hedges import (
    EXPIRIES,
    FUTURES,
    LEVEL,
    LOT,
    NOW,
    WIDE_BOOK,
    FakeQuotes,
    analyzer_of,
    book,
    market,
    measure,
    quote,
    years,
)
from tests.shared_data import shared_file


def desk(base: hd.HedgeBase | None = None, listed: dv.DerivativesMarket | None = None) -> PortfolioHedgeAnalyzer:
    return analyzer_of(base, FakeQuotes(listed or market()))


def only(analyzer: PortfolioHedgeAnalyzer, strategy: hd.Strategy, **asked: object) -> hd.Hedge:
    goal = asked.pop("goal", hd.TargetBeta(0.5))
    plan = analyzer.plan(hd.HedgeRequest(goal, strategies=(strategy,), **asked))  # type: ignore[arg-type]
    assert plan.not_offered == ()
    return plan.hedges[0]


def refusal(analyzer: PortfolioHedgeAnalyzer, strategy: hd.Strategy, **asked: object) -> hd.NoHedge:
    goal = asked.pop("goal", hd.TargetBeta(0.5))
    plan = analyzer.plan(hd.HedgeRequest(goal, strategies=(strategy,), **asked))  # type: ignore[arg-type]
    assert plan.hedges == ()
    return plan.not_offered[0]


def test_every_strategy_is_offered_in_whole_lots_of_the_contracts_own_size() -> None:
    plan = desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5)))
    assert [hedge.strategy for hedge in plan.hedges] == list(hd.Strategy)
    for hedge in plan.hedges:
        for leg in hedge.legs:
            assert leg.units == leg.lots * LOT
            assert leg.value == pytest.approx(leg.units * leg.price)
    assert plan.hedges[0].legs[0].lots == int(0.6 * WIDE_BOOK / (LEVEL * math.exp(0.06 * years(FUTURES[0])) * LOT))


def test_the_lot_is_read_from_the_contract_and_from_nothing_else() -> None:
    listed = market()
    futures = tuple(replace(one, contract=replace(one.contract, lot_size=40)) for one in listed.futures)
    hedge = only(desk(listed=replace(listed, futures=futures)), hd.Strategy.FUTURES_SHORT)
    assert hedge.legs[0].units % 40 == 0
    assert hedge.legs[0].lots == 5


@pytest.mark.parametrize(
    ("days", "expiry"), [(3, EXPIRIES[1]), (15, EXPIRIES[1]), (16, EXPIRIES[2]), (60, EXPIRIES[3])]
)
def test_options_expire_on_or_after_the_day_asked_for_and_as_early_as_that_allows(days: int, expiry: date) -> None:
    assert only(desk(), hd.Strategy.PROTECTIVE_PUT, days=days).expiry == expiry


def test_a_future_that_lasts_too_short_or_is_not_listed_is_not_taken() -> None:
    assert only(desk(), hd.Strategy.FUTURES_SHORT, days=36).expiry == FUTURES[0]
    assert only(desk(), hd.Strategy.FUTURES_SHORT, days=37).expiry == FUTURES[1]
    no = refusal(desk(), hd.Strategy.FUTURES_SHORT, days=396)
    assert no.reason == (
        "no NIFTY contract that expires 24 Dec 2027 to 25 Mar 2028 can be used "
        "(nothing listed or no strike near enough)"
    )


def test_an_option_on_its_last_day_is_not_bought() -> None:
    listed = replace(market(), as_of=NOW + timedelta(hours=4))
    late = tuple(replace(one, quote=replace(one.quote, quoted_at=listed.as_of)) for one in listed.options)
    assert only(desk(listed=replace(listed, options=late)), hd.Strategy.PROTECTIVE_PUT, days=1).expiry == EXPIRIES[1]


def test_bought_legs_pay_the_ask_and_sold_legs_get_the_bid() -> None:
    hedge = only(desk(), hd.Strategy.COLLAR)
    bought, sold = hedge.legs
    by_symbol = {one.contract.symbol: one.quote for one in market().options}
    assert (bought.side, bought.price) == (hd.Side.BUY, by_symbol[bought.instrument.symbol].ask)
    assert (sold.side, sold.price) == (hd.Side.SELL, by_symbol[sold.instrument.symbol].bid)
    assert hedge.cost == pytest.approx(bought.value - sold.value)
    assert hedge.premium(hd.Side.BUY) == bought.value
    assert hedge.premium(hd.Side.SELL) == sold.value


def test_options_are_valued_at_the_volatility_of_their_own_quotes() -> None:
    for hedge in desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5))).hedges[1:]:
        for leg in hedge.legs:
            assert leg.implied_volatility == pytest.approx(13.0, abs=0.01)


def test_an_expiry_without_a_future_is_valued_on_the_forward_of_its_own_options() -> None:
    hedge = only(desk(), hd.Strategy.PROTECTIVE_PUT, days=10)
    assert hedge.expiry == EXPIRIES[1]
    assert hedge.legs[0].implied_volatility == pytest.approx(13.0, abs=0.01)


def test_options_stand_on_the_future_of_their_expiry_unless_its_quote_is_junk() -> None:
    listed = market()
    dear = tuple(replace(one, quote=quote(LEVEL * 1.015, spread=1e-4)) for one in listed.futures)
    put = only(desk(listed=replace(listed, futures=dear)), hd.Strategy.PROTECTIVE_PUT).legs[0]
    assert put.implied_volatility is not None
    assert put.implied_volatility > 13.5
    junk = tuple(replace(one, quote=replace(one.quote, bid=None)) for one in dear)
    put = only(desk(listed=replace(listed, futures=junk)), hd.Strategy.PROTECTIVE_PUT).legs[0]
    assert put.implied_volatility == pytest.approx(13.0, abs=0.01)


def test_the_loss_tables_agree_with_the_payoff_of_the_legs() -> None:
    for hedge in desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5))).hedges:
        assert [shock.index_change for shock in hedge.shocks] == [-5.0, -10.0, -20.0]
        for shock in hedge.shocks:
            end, gain = LEVEL * (1 + shock.index_change / 100), 0.0
            for leg in hedge.legs:
                instrument = leg.instrument
                worth = end
                if isinstance(instrument, dv.OptionContract):
                    sign = 1 if instrument.kind is dv.OptionKind.CALL else -1
                    worth = max(sign * (end - instrument.strike), 0.0)
                gain += leg.units * (worth - leg.price) * (1 if leg.side is hd.Side.BUY else -1)
            assert shock.book == pytest.approx(-WIDE_BOOK * 1.1 * shock.index_change / 100)
            assert shock.hedged_at_expiry == pytest.approx(shock.book - gain)
            assert shock.protected_share == pytest.approx(100 * gain / shock.book)


def test_futures_lower_the_beta_now_and_puts_only_in_a_fall() -> None:
    plan = desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5)))
    futures, put, spread, collar = plan.hedges
    assert futures.residual_beta == pytest.approx(0.5, abs=LOT * LEVEL * 1.02 / WIDE_BOOK)
    assert futures.residual_beta >= 0.5
    assert 0.95 < put.residual_beta < 1.1
    assert put.residual_beta_in_fall == pytest.approx(1.1 - put.legs[0].units * LEVEL / WIDE_BOOK)
    assert spread.residual_beta_in_fall == pytest.approx(1.1)
    assert collar.residual_beta < put.residual_beta


def test_six_lakh_are_below_one_lot_and_no_option_is_said_to_help() -> None:
    contract = dv.FutureContract("NIFTY", "F", 1, FUTURES[0], 75)
    listed = replace(market(), futures=(dv.FutureQuote(contract, quote(12_000.0, spread=1e-4)),), options=())
    small = book(600_000.0, 1.24, 12_000.0)
    no = refusal(desk(small, listed), hd.Strategy.FUTURES_SHORT, goal=hd.TargetBeta(0.62))
    assert no.reason == (
        "your book is below one lot: ₹6.00 L x beta 1.24 = ₹7.44 L; one lot of NIFTY (75 units) is ₹9.00 L"
    )
    assert "a put or a put spread does not help" in no.advice
    assert "₹3.00 L of the book" in no.advice
    assert "nearest" not in no.advice
    whole = refusal(desk(small, listed), hd.Strategy.FUTURES_SHORT, goal=hd.TargetBeta(0.0))
    assert "rounded to the nearest lot it would be 1, more than asked" in whole.advice


def test_every_strategy_is_refused_to_a_book_below_half_a_lot_even_when_rounding_to_the_nearest() -> None:
    small = desk(book(value=700_000.0))
    plan = small.plan(hd.HedgeRequest(hd.TargetBeta(0.0), rounding=hd.Rounding.NEAREST))
    assert plan.hedges == ()
    assert [no.strategy for no in plan.not_offered] == list(hd.Strategy)
    assert all("your book is below one lot: ₹7.00 L x beta 1.10 = ₹7.70 L" in no.reason for no in plan.not_offered)


def test_a_large_book_asking_for_little_is_told_that_the_reduction_is_below_one_lot() -> None:
    no = refusal(desk(), hd.Strategy.PROTECTIVE_PUT, goal=hd.TargetBeta(1.05))
    assert no.reason.startswith("the reduction asked for is below one lot: 0.31 lots")


def test_only_the_nearest_rounding_may_over_hedge_and_it_says_so() -> None:
    small = book(value=1_200_000.0)
    assert refusal(desk(small), hd.Strategy.FUTURES_SHORT, goal=hd.TargetBeta(0.0)).reason
    hedge = only(desk(small), hd.Strategy.FUTURES_SHORT, goal=hd.TargetBeta(0.0), rounding=hd.Rounding.NEAREST)
    assert hedge.legs[0].lots == 1
    assert hedge.protected_share > 100
    assert hedge.residual_beta < 0
    assert any(note.startswith("Over-hedged") for note in hedge.notes)


def test_a_loss_budget_is_kept_by_every_strategy_offered() -> None:
    plan = desk().plan(hd.HedgeRequest(hd.LossBudget(600_000.0, 10.0)))
    assert len(plan.hedges) == 4
    for hedge in plan.hedges:
        assert hedge.meets_budget is True
        assert hedge.shocks[1].hedged_at_expiry <= 600_000.0


def test_a_budget_beyond_the_books_own_exposure_is_called_not_kept() -> None:
    hedge = only(desk(), hd.Strategy.PROTECTIVE_PUT, goal=hd.LossBudget(1_000.0, 10.0))
    assert hedge.meets_budget is False
    assert hedge.protected_share <= 100
    assert any("The budget is not kept" in note for note in hedge.notes)


@pytest.mark.parametrize(
    ("base", "goal", "words"),
    [
        (book(beta=None), hd.TargetBeta(0.0), "the book has no beta: only 30 of 252 returns"),
        (book(value=None), hd.TargetBeta(0.0), "the value of the book is unknown"),
        (book(value=0.0), hd.TargetBeta(0.0), "the value of the book is unknown or zero"),
        (book(level=None), hd.TargetBeta(0.0), "there is no level of NIFTY50"),
        (book(beta=-0.2), hd.TargetBeta(0.0), "does not fall with the index"),
        (book(beta=0.4), hd.TargetBeta(0.5), "the beta is 0.40, not above 0.50"),
        (book(), hd.LossBudget(2e6, 10.0), "the book alone loses ₹11.00 L, within the budget"),
    ],
)
def test_without_a_need_or_a_beta_there_is_no_hedge_and_no_quote_is_asked_for(
    base: hd.HedgeBase, goal: hd.TargetBeta | hd.LossBudget, words: str
) -> None:
    def no_market(*_: object) -> dv.DerivativesMarket:
        raise AssertionError("asked for quotes")

    plan = PortfolioHedgeAnalyzer(lambda _: base, no_market).plan(hd.HedgeRequest(goal))
    assert plan.hedges == ()
    assert len(plan.not_offered) == 4
    assert all(words in no.reason for no in plan.not_offered)


def test_the_margin_of_sold_legs_is_unknown_with_a_reason_and_bought_options_need_none() -> None:
    assert only(desk(), hd.Strategy.PROTECTIVE_PUT).margin == 0.0
    for strategy in (hd.Strategy.FUTURES_SHORT, hd.Strategy.COLLAR):
        hedge = only(desk(), strategy)
        assert hedge.margin is None
        assert hedge.margin_unavailable


def test_junk_quotes_are_refused_and_the_reasons_counted() -> None:
    listed = market()
    junk = tuple(replace(one, quote=replace(one.quote, bid=None)) for one in listed.options)
    no = refusal(desk(listed=replace(listed, options=junk)), hd.Strategy.PROTECTIVE_PUT)
    assert "132 no bid" in no.reason
    assert "no NIFTY contract that expires 23 Dec 2026 to 25 Mar 2027" in no.reason


def test_a_strike_with_a_junk_quote_gives_way_to_its_neighbour() -> None:
    listed = market()
    best = only(desk(listed=listed), hd.Strategy.PROTECTIVE_PUT).legs[0].instrument
    thin = tuple(
        replace(one, quote=replace(one.quote, ask=9_000.0)) if one.contract == best else one for one in listed.options
    )
    other = only(desk(listed=replace(listed, options=thin)), hd.Strategy.PROTECTIVE_PUT).legs[0].instrument
    assert isinstance(best, dv.OptionContract)
    assert isinstance(other, dv.OptionContract)
    assert abs(other.strike - best.strike) == 250.0


def test_an_index_level_of_another_day_is_not_hedged_with_todays_contracts() -> None:
    old = desk(book(level=22_000.0))
    for strategy in (hd.Strategy.FUTURES_SHORT, hd.Strategy.PROTECTIVE_PUT):
        assert "not of the same day" in refusal(old, strategy).reason


def test_a_level_one_day_old_is_noted() -> None:
    yesterday = replace(book(), level_as_of=date(2026, 11, 20))
    assert any("is of 20 Nov 2026" in note for note in only(desk(yesterday), hd.Strategy.FUTURES_SHORT).notes)
    assert not any("index level" in note for note in only(desk(), hd.Strategy.FUTURES_SHORT).notes)


def test_contracts_of_another_index_are_left_alone() -> None:
    listed = market()
    other = dv.FutureContract("BANKNIFTY", "B", 9, date(2026, 12, 24), 30)
    mixed = replace(listed, futures=(dv.FutureQuote(other, quote(LEVEL)), *listed.futures))
    assert only(desk(listed=mixed), hd.Strategy.FUTURES_SHORT).legs[0].instrument.underlying == "NIFTY"


def test_the_same_moment_told_in_another_time_zone_gives_the_same_plan() -> None:
    request, listed = hd.HedgeRequest(hd.TargetBeta(0.5)), market()
    elsewhere = replace(listed, as_of=NOW.astimezone(UTC))
    assert desk(listed=elsewhere).plan(request).hedges == desk(listed=listed).plan(request).hedges


def test_a_plan_can_be_written_as_json() -> None:
    plan = json.loads(to_json(desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5)))))
    assert plan["hedges"][1]["legs"][0]["instrument"]["kind"] == "PE"


def test_an_unknown_window_is_an_error() -> None:
    with pytest.raises(UnknownWindow, match="5d"):
        desk().plan(hd.HedgeRequest(hd.TargetBeta(0.5), window="5d"))
    with pytest.raises(UnknownWindow, match="17d"):
        desk().calculate_portfolio_beta(17)


@pytest.mark.parametrize(
    "make",
    [
        lambda: hd.TargetBeta(-0.1),
        lambda: hd.TargetBeta(math.nan),
        lambda: hd.LossBudget(-1.0, 10.0),
        lambda: hd.LossBudget(1.0, 100.0),
        lambda: hd.HedgeRequest(hd.TargetBeta(0.0), days=0),
        lambda: dv.FutureContract("NIFTY", "F", 1, NOW.date(), 0),
    ],
)
def test_what_cannot_be_asked_is_refused_at_once(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"not|no "):
        make()


def test_the_hosts_beta_call_gives_the_reports_figures_or_the_reason() -> None:
    found = desk().calculate_portfolio_beta(60)
    assert (found["beta"], found["correlation"], found["days_analyzed"]) == (1.1, 0.9, 252)
    assert found["portfolio_volatility"] == pytest.approx(16.0 / math.sqrt(252))
    assert found["nifty_volatility"] == pytest.approx(13.0 / math.sqrt(252))
    assert "error" not in found
    missing = desk(book(beta=None)).calculate_portfolio_beta(252)
    assert missing["beta"] is None
    assert missing["error"] == "only 30 of 252 returns"


def test_the_hosts_var_call_scales_the_reports_rupees_with_the_root_of_time() -> None:
    found = desk().calculate_var(0.95, 4)
    assert (found["var_95"], found["var_99"]) == (300_000.0, 560_000.0)
    with pytest.raises(ValueError, match="horizon"):
        desk().calculate_var(0.95, 0)
    base = book()
    short = {**base.windows["1y"], "var_historical_99": measure(None, unavailable="too few returns")}
    found = desk(replace(base, windows={"1y": short})).calculate_var()
    assert found["var_99"] is None
    assert found["error"] == "too few returns"


def test_the_hosts_suggestions_have_its_keys_and_units_for_futures_but_lots_for_options() -> None:
    answer = desk().suggest_hedge(0.5, "futures,puts")
    futures, put = cast("list[dict[str, Any]]", answer["strategies"])
    assert (futures["strategy_type"], put["strategy_type"]) == ("FUTURES_SHORT", "PROTECTIVE_PUT")
    assert futures["quantity"] == futures["units"] == futures["lots"] * LOT
    assert put["quantity"] == put["lots"]
    assert {"hedge_value", "margin_required", "max_profit", "max_loss", "break_even", "rationale"} <= set(futures)
    assert {"total_premium", "coverage_value", "option_type", "strike_price"} <= set(put)
    assert put["coverage_percentage"] <= 50.0
    assert answer["total_strategies"] == 2
    assert answer["total_premium_cost"] is None
    assert answer["hedge_effectiveness_score"] == pytest.approx(90.0)
    assert desk().suggest_hedge(0.5, "puts")["total_premium_cost"] == pytest.approx(put["total_premium"])


def test_the_host_is_told_why_there_is_no_suggestion() -> None:
    answer = desk(book(beta=None)).suggest_hedge()
    assert answer["strategies"] == []
    assert answer["portfolio_beta"] is None
    assert "no beta" in str(answer["diagnostic_message"])
    calls = desk().suggest_hedge(0.5, "calls")
    assert (calls["total_strategies"], calls["diagnostic_message"]) == (
        0,
        "Index calls sold against shares are no hedge.",
    )


@pytest.mark.parametrize(("ratio", "words"), [(0.0, "all"), (1.5, "all"), (0.5, "straddles")])
def test_the_host_call_refuses_other_ratios_and_words(ratio: float, words: str) -> None:
    with pytest.raises(RiskError):
        desk().suggest_hedge(ratio, words)


def exchange_day() -> dv.DerivativesMarket:
    with gzip.open(shared_file("market/nse_fo_bhavcopy_2025-09-11.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    at, futures, options = datetime(2025, 9, 11, 15, 30, tzinfo=IST), [], []
    for row in rows:
        found = dv.Quote(float(row["ClsPric"]), None, None, float(row["TtlTradgVol"]), float(row["OpnIntrst"]), at)
        name, symbol, token = row["TckrSymb"], row["FinInstrmNm"], int(row["FinInstrmId"])
        expiry, lot = date.fromisoformat(row["XpryDt"]), int(row["NewBrdLotQty"])
        if row["FinInstrmTp"] == "IDF":
            futures.append(dv.FutureQuote(dv.FutureContract(name, symbol, token, expiry, lot), found))
        elif row["FinInstrmTp"] == "IDO":
            strike, kind = float(row["StrkPric"]), dv.OptionKind(row["OptnTp"])
            options.append(dv.OptionQuote(dv.OptionContract(name, symbol, token, expiry, lot, strike, kind), found))
    return dv.DerivativesMarket("NIFTY", at, dv.PriceBasis.END_OF_DAY, tuple(futures), tuple(options))


def test_a_crore_is_hedged_on_the_exchanges_own_file_of_2025_09_11() -> None:
    base = replace(book(level=25_005.5), level_as_of=date(2025, 9, 11))
    analyzer = desk(base, exchange_day())
    futures = only(analyzer, hd.Strategy.FUTURES_SHORT, days=19)
    assert (futures.expiry, futures.legs[0].price, futures.legs[0].units) == (date(2025, 9, 30), 25_104.5, 3 * 75)
    assert futures.residual_beta == pytest.approx(1.1 - 225 * 25_104.5 / 1e7)
    put = only(analyzer, hd.Strategy.PROTECTIVE_PUT, days=19).legs[0]
    assert isinstance(put.instrument, dv.OptionContract)
    assert (put.instrument.strike, put.price, put.lots) == (23_750.0, 12.8, 3)
    assert put.implied_volatility is not None
    assert 10 < put.implied_volatility < 20
    assert any("closes of 11 Sep 2025" in note for note in futures.notes)


def test_on_that_day_a_book_of_six_lakh_was_below_one_lot() -> None:
    small = replace(book(600_000.0, 1.24, 25_005.5), level_as_of=date(2025, 9, 11))
    no = refusal(desk(small, exchange_day()), hd.Strategy.FUTURES_SHORT, goal=hd.TargetBeta(0.0), days=15)
    assert "₹7.44 L; one lot of NIFTY (75 units) is ₹18.83 L" in no.reason
    assert "nearest" not in no.advice
