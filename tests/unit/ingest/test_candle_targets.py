from __future__ import annotations

from app.domain.holdings import Holding
from app.domain.securities import Security, SecurityMaster
from app.ingest.candle_targets import (
    NIFTY_TOKEN,
    CandleTarget,
    PriceTarget,
    Tokens,
    candle_targets,
    price_targets,
    wanted_symbols,
)

INFY, TCS = "INE009A01021", "INE467B01029"
NOBODY = SecurityMaster((), ())
NIFTY = CandleTarget("NSE", "NIFTY50", NIFTY_TOKEN)


def holding(symbol: str, exchange: str = "NSE", isin: str | None = INFY, token: int | None = 7) -> Holding:
    return Holding(symbol, exchange, isin, 10, instrument_token=token)


def master(*securities: tuple[str, str]) -> SecurityMaster:
    return SecurityMaster(tuple(Security(isin, symbol, "NSE", symbol) for symbol, isin in securities), ())


def shares(holdings: list[Holding], tokens: Tokens, known: SecurityMaster = NOBODY) -> list[CandleTarget]:
    targets, _ = candle_targets(holdings, known, (), tokens)
    return [target for target in targets if not target.symbol.startswith("NIFTY")]


def test_nifty_is_always_asked_for_and_other_indices_once_their_token_is_known() -> None:
    assert candle_targets((), NOBODY, (), {})[0] == (NIFTY,)
    targets, _ = candle_targets((), NOBODY, (), {("NSE", "NIFTY FIN SERVICE"): 5})
    assert targets == (NIFTY, CandleTarget("NSE", "NIFTYFINSERVICE", 5))


def test_the_list_of_instruments_has_the_token_before_the_holding() -> None:
    (target,) = shares([holding("INFY")], {("NSE", "INFY"): 408065})
    assert (target.exchange, target.symbol, target.instrument_token) == ("NSE", "INFY", 408065)


def test_without_a_list_the_holdings_own_token_is_used() -> None:
    (target,) = shares([holding("INFY", token=408065)], {})
    assert target.instrument_token == 408065


def test_a_series_suffix_is_asked_for_as_listed_and_stored_without_it() -> None:
    (target,) = shares([holding("CENTRALBK-BE")], {("NSE", "CENTRALBK-BE"): 5})
    assert (target.symbol, target.instrument_token) == ("CENTRALBK", 5)


def test_a_holding_on_bse_is_asked_for_on_nse_under_its_isins_symbol() -> None:
    (target,) = shares([holding("INFOSYS", "BSE")], {("NSE", "INFY"): 408065}, master(("INFY", INFY)))
    assert (target.exchange, target.instrument_token) == ("NSE", 408065)


def test_a_symbol_that_is_another_companys_on_nse_is_not_taken() -> None:
    (target,) = shares([holding("TCS", "BSE", token=900)], {("NSE", "TCS"): 5}, master(("TCS", TCS)))
    assert (target.exchange, target.instrument_token) == ("BSE", 900)


def test_one_share_held_on_both_exchanges_is_one_series() -> None:
    assert len(shares([holding("INFY"), holding("INFY", "BSE", token=9)], {("NSE", "INFY"): 5})) == 1


def test_equal_tokens_on_two_exchanges_stay_apart() -> None:
    found = shares([holding("A", isin=None), holding("B", "BSE", isin=None)], {("NSE", "A"): 5, ("BSE", "B"): 5})
    assert [(target.exchange, target.symbol) for target in found] == [("NSE", "A"), ("BSE", "B")]


def test_a_share_without_any_token_is_named() -> None:
    targets, unknown = candle_targets([holding("GHOST", token=None)], NOBODY, (), {})
    assert targets == (NIFTY,)
    assert unknown == ("GHOST",)


def test_constituents_of_funds_are_asked_for_where_they_are_listed() -> None:
    targets, unknown = candle_targets((), NOBODY, ("TCS", "TREPS"), {("NSE", "TCS"): 5})
    assert [target.symbol for target in targets] == ["NIFTY50", "TCS"]
    assert unknown == ()


def test_every_name_that_may_have_a_token_is_looked_up() -> None:
    wanted = wanted_symbols([holding("INFOSYS-BE", "BSE")], master(("INFY", INFY)), ["TCS"])
    assert {"INFY", "INFOSYS-BE", "INFOSYS", "TCS", "NIFTY 50"} <= wanted


def by_symbol(*holdings: Holding, known: SecurityMaster = NOBODY, tokens: Tokens | None = None) -> list[PriceTarget]:
    targets = price_targets(holdings, known, (), tokens or {})
    return [target for target in targets if target.is_needed and target.symbol != "NIFTY50"]


def test_by_symbol_a_share_needs_no_token() -> None:
    (target,) = by_symbol(holding("CENTRALBK-BE", token=None))
    assert target == PriceTarget("NSE", "CENTRALBK", ("CENTRALBK",), is_needed=True)


def test_a_share_held_on_bse_is_wanted_on_nse_where_a_list_or_kite_has_it_there() -> None:
    on_bse = holding("INFYB", "BSE", token=None)
    assert by_symbol(on_bse, known=master(("INFY", INFY)))[0].names == ("INFY",)
    assert by_symbol(on_bse, tokens={("NSE", "INFYB"): 5})[0].exchange == "NSE"
    assert by_symbol(on_bse) == [PriceTarget("BSE", "INFYB", ("INFYB",), is_needed=True)]


def test_only_what_is_held_and_nifty_are_needed_and_constituents_are_welcome() -> None:
    targets = price_targets([holding("INFY")], NOBODY, ("INFY", "TCS"), {})
    assert {target.symbol for target in targets if target.is_needed} == {"INFY", "NIFTY50"}
    assert {"TCS", "NIFTYBANK"} <= {target.symbol for target in targets}
    assert len(targets) == len({(target.exchange, target.symbol) for target in targets})


def test_without_shares_and_funds_nothing_is_wanted_by_symbol() -> None:
    assert price_targets((), NOBODY, (), {}) == ()
