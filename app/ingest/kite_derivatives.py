"""Index futures and options as Kite quotes them now: only the expiries and strikes that a hedge could use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from app.domain import kite
from app.domain.derivatives import (
    DerivativesMarket,
    FutureContract,
    FutureQuote,
    ListedIndex,
    OptionContract,
    OptionKind,
    OptionQuote,
    PriceBasis,
    Quote,
)
from app.domain.hedges import HedgeRequest, LossBudget
from app.domain.kite_errors import KiteDataError
from app.sources.kite import KiteSource

EXCHANGE, FUTURE, SOURCE = "NFO", "FUT", "Kite"
EXPIRIES = 3
"""Expiries of options that are quoted: the nearest that last long enough, and two to give way to."""
NEAR = 0.015
"""Calls and puts on both sides of the index, this share of it, show where the forward is."""
BELOW, ABOVE = 0.13, 0.13
"""Farthest put and call, shares of the index."""
BEYOND = 0.03
"""Strikes below the fall of a loss budget to choose from, a share of the index."""
NO_QUOTE = "without a readable quote"

Contracts = tuple[list[FutureContract], list[OptionContract]]


def fetch_market(
    source: KiteSource, index: ListedIndex, listed: Iterable[kite.Instrument], request: HedgeRequest, now: datetime
) -> DerivativesMarket:
    """Quotes of the futures and near options among the instruments ``listed``, and of the index itself.

    Two questions to Kite: the index with the futures, then options around that level. Raises KiteError.
    """
    futures, options = read_contracts(listed)
    quotes = _ask(source, [index.key, *map(_key, futures)])
    spot = quotes.get(index.symbol)
    if spot is None:
        raise KiteDataError("quotes", f"the level of {index.symbol} is missing")
    options = near_options(options, spot.last_price, request)
    quotes |= _ask(source, [_key(one) for one in options])
    told = {symbol: found for symbol, quote in quotes.items() if (found := _quote(quote, now))}
    return DerivativesMarket(
        index.underlying,
        max((quote.quoted_at for quote in told.values()), default=now),
        PriceBasis.LIVE,
        tuple(FutureQuote(one, told[one.symbol]) for one in futures if one.symbol in told),
        tuple(OptionQuote(one, told[one.symbol]) for one in options if one.symbol in told),
        level=spot.last_price,
        asked_at=now,
        source=SOURCE,
        left_out={NO_QUOTE: sum(one.symbol not in told for one in (*futures, *options))},
    )


def read_contracts(listed: Iterable[kite.Instrument]) -> Contracts:
    """Futures and options among instruments, by their columns; one without a lot, an expiry or a strike is neither."""
    futures: list[FutureContract] = []
    options: list[OptionContract] = []
    for one in listed:
        if one.exchange != EXCHANGE or one.expiry is None or one.lot_size is None:
            continue
        if one.kind == FUTURE:
            futures.append(FutureContract(one.name, one.symbol, one.instrument_token, one.expiry, one.lot_size))
        elif one.strike is not None and one.kind in set(OptionKind):
            kind, terms = OptionKind(one.kind), (one.instrument_token, one.expiry, one.lot_size, one.strike)
            options.append(OptionContract(one.name, one.symbol, *terms, kind))
    return futures, options


def near_options(options: Sequence[OptionContract], level: float, request: HedgeRequest) -> list[OptionContract]:
    """Options of the nearest expiries whose strikes a hedge at this index level could use."""
    expiries = sorted({one.expiry for one in options})[:EXPIRIES]
    goal = request.goal
    below = max(BELOW, goal.index_fall / 100 + BEYOND) if isinstance(goal, LossBudget) else BELOW
    spans = {
        OptionKind.PUT: (level * (1 - below), level * (1 + NEAR)),
        OptionKind.CALL: (level * (1 - NEAR), level * (1 + ABOVE)),
    }
    return [one for one in options if one.expiry in expiries and spans[one.kind][0] <= one.strike <= spans[one.kind][1]]


def _ask(source: KiteSource, keys: Sequence[str]) -> dict[str, kite.Quote]:
    return {quote.symbol: quote for quote in source.quote(keys).rows}


def _key(contract: FutureContract | OptionContract) -> str:
    return f"{EXCHANGE}:{contract.symbol}"


def _quote(quote: kite.Quote, now: datetime) -> Quote | None:
    """None for a quote without a time. An exchange clock ahead of ours counts as now."""
    if quote.as_of is None:
        return None
    at = min(quote.as_of, now)
    return Quote(quote.last_price, quote.bid, quote.ask, quote.volume, quote.open_interest, at)
