"""How a hedge request becomes hedges: contracts of the right expiries at believable prices, whole lots, honest words.

The arithmetic is in ``app.measures.hedging`` and ``app.measures.options``; docs/hedging.md gives the rules.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np

from app.domain import derivatives as dv
from app.domain import hedges as hd
from app.domain.market_hours import IST
from app.domain.money import format_rupees_compact as rupees
from app.measures import hedging
from app.measures.options import DAYS_PER_YEAR, Chain, Quotes, quote_flaws, screen_chain

SHOCKS = np.array([0.05, 0.10, 0.20])
"""Falls of the index, fractions, at which losses are shown."""
LEVEL_FIT = 0.05
"""A discounted forward farther than this share from the index level is of another day than the level."""

RowChoice = Callable[[Chain, hedging.Need, int], tuple[int, ...] | None]
ROWS: dict[hd.Strategy, RowChoice] = {
    hd.Strategy.PROTECTIVE_PUT: hedging.put_rows,
    hd.Strategy.PUT_SPREAD: hedging.spread_rows,
    hd.Strategy.COLLAR: hedging.collar_rows,
}
"""Which options make a strategy."""


@dataclass(frozen=True, slots=True, eq=False)
class Offer:
    """One unit of a hedge: ``contracts`` go with the structure's legs, all of the same lot.

    ``unit`` is the index exposure of one unit in points: the future's price, the index for options.
    """

    contracts: tuple[dv.FutureContract | dv.OptionContract, ...]
    lot: int
    structure: hedging.Structure
    unit: float


@dataclass(frozen=True, slots=True, eq=False)
class ScreenedOptions:
    """Options of one expiry and lot, as listed and as a chain with every flaw named."""

    listed: Sequence[dv.OptionQuote]
    chain: Chain


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A request for a book whose value, beta and index level are known, and what the market has for it.

    Contracts may expire from ``first`` to ``last``. ``futures`` and ``chains`` are at believable prices, the earliest
    first; the counters say why other quotes are refused.
    """

    request: hd.HedgeRequest
    need: hedging.Need
    base: hd.HedgeBase
    market: dv.DerivativesMarket
    first: date
    last: date
    futures: tuple[Offer, ...]
    chains: tuple[ScreenedOptions, ...]
    refused_futures: Counter[str]
    refused_options: Counter[str]

    def origin(self) -> hd.QuoteOrigin:
        """Where the prices are from, and how many were refused."""
        market, refused = self.market, self.refused_futures + self.refused_options
        refused.update(market.left_out)
        expiries = [q.contract.expiry for q in market.futures] + [q.contract.expiry for q in market.options]
        return hd.QuoteOrigin(
            underlying=market.underlying,
            basis=market.basis,
            source=market.source,
            as_of=market.as_of,
            age_hours=round(((market.asked_at or market.as_of) - market.as_of) / timedelta(hours=1), 2),
            why_not_live=market.why_not_live,
            contracts=sum(self.first <= expiry <= self.last for expiry in expiries) + sum(market.left_out.values()),
            refused={flaw: count for flaw, count in refused.most_common() if count},
        )


def open_case(base: hd.HedgeBase, request: hd.HedgeRequest, market: dv.DerivativesMarket, rate: float) -> Case:
    """Judge every quote that the request could use; ``rate`` is continuous, a fraction a year."""
    need = _need(base, request, market)
    first, last = request.expiries((market.asked_at or market.as_of).astimezone(IST).date())
    screening = _Screening(market, need.level, rate, first, last, Counter(), Counter())
    futures, chains = tuple(screening.futures()), tuple(screening.chains())
    refused = screening.refused_futures, screening.refused_options
    return Case(request, need, base, market, first, last, futures, chains, *refused)


def answer(case: Case, strategy: hd.Strategy) -> hd.Hedge | hd.NoHedge:
    """The hedge of the earliest expiry that has what the strategy needs, its margin unknown, or why there is none."""
    offer = next(_offers(case, strategy), None)
    if offer is None:
        return hd.NoHedge(strategy, _why_no_contract(case, strategy))
    lots = hedging.lots(case.need, offer.structure, offer.unit, offer.lot)
    return _hedge(case, strategy, offer, lots) if lots else _below_one_lot(case, strategy, offer)


def _need(base: hd.HedgeBase, request: hd.HedgeRequest, market: dv.DerivativesMarket) -> hedging.Need:
    level = base.level if market.level is None else market.level
    known = (base.value, base.windows[request.window]["beta"].value, level)
    value, beta, level = (math.nan if number is None else number for number in known)
    nearest, goal = request.rounding is hd.Rounding.NEAREST, request.goal
    if isinstance(goal, hd.TargetBeta):
        return hedging.Need(value, beta, level, nearest=nearest, target=goal.beta)
    return hedging.Need(value, beta, level, nearest=nearest, budget=goal.rupees, fall=goal.index_fall / 100)


@dataclass(frozen=True, slots=True, eq=False)
class _Screening:
    """One pass over the quotes of a market around an index ``level``; the counters fill as it goes."""

    market: dv.DerivativesMarket
    level: float
    rate: float
    first: date
    last: date
    refused_futures: Counter[str]
    refused_options: Counter[str]

    def futures(self) -> Iterator[Offer]:
        """Futures at believable prices, the earliest first."""
        for expiry, listed in self.market.by_expiry(self.market.futures, self.first, self.last):
            quotes, years = self._columns(listed), self._years(expiry)
            price, middle = float(quotes.sell[0]), float(quotes.middle[0])
            flaw = str(quote_flaws(quotes, years)[0]) or self._misfit(middle, years)
            self.refused_futures.update([flaw] if flaw else [])
            if not flaw:
                contract, structure = listed[0].contract, hedging.short_future(price, middle, years, self.rate)
                yield Offer((contract,), contract.lot_size, structure, price)

    def chains(self) -> Iterator[ScreenedOptions]:
        """Options of each expiry with a believable forward, the earliest first."""
        for expiry, listed in self.market.by_expiry(self.market.options, self.first, self.last):
            chain = self._chain(expiry, listed)
            misfit = self._misfit(chain.forward, chain.years)
            self.refused_options.update([misfit] if misfit else [str(flaw) for flaw in chain.flaws if flaw])
            if not misfit:
                yield ScreenedOptions(listed, chain)

    def _chain(self, expiry: date, listed: Sequence[dv.OptionQuote]) -> Chain:
        """Screened options of one expiry, on its future where one is listed at a believable price."""
        years = self._years(expiry)
        futures = [quote for _, group in self.market.by_expiry(self.market.futures, expiry, expiry) for quote in group]
        quotes = self._columns(futures)
        prices = quotes.middle[quote_flaws(quotes, years) == ""]
        return screen_chain(
            np.array([quote.contract.strike for quote in listed]),
            np.array([quote.contract.kind is dv.OptionKind.CALL for quote in listed]),
            self._columns(listed),
            years,
            self.rate,
            float(prices[0]) if len(prices) else math.nan,
        )

    def _columns(self, listed: Sequence[dv.FutureQuote | dv.OptionQuote]) -> Quotes:
        rows = [(q.bid, q.ask, q.last, q.volume, q.open_interest) for q in (one.quote for one in listed)]
        age = np.array([(self.market.as_of - one.quote.quoted_at).total_seconds() for one in listed])
        bid, ask, last, volume, interest = np.array(rows, dtype=float).reshape(-1, 5).T
        return Quotes(bid, ask, last, volume, interest, age, has_depth=self.market.basis is dv.PriceBasis.LIVE)

    def _years(self, expiry: date) -> float:
        return (datetime.combine(expiry, dv.EXPIRES_AT, IST) - self.market.as_of) / timedelta(days=DAYS_PER_YEAR)

    def _misfit(self, forward: float, years: float) -> str:
        """A sentence where a forward can't be of the same day as the index level, empty where it can or is unknown."""
        if not abs(forward * math.exp(-self.rate * years) / self.level - 1.0) > LEVEL_FIT:
            return ""
        return f"a forward of {forward:,.1f} and an index of {self.level:,.1f} are not of the same day"


def _offers(case: Case, strategy: hd.Strategy) -> Iterator[Offer]:
    """What the strategy can be made of, the earliest expiry first."""
    if strategy not in ROWS:
        yield from case.futures
        return
    for screened in case.chains:
        lot = screened.listed[0].contract.lot_size
        rows = ROWS[strategy](screened.chain, case.need, lot)
        if rows is not None:
            contracts = tuple(screened.listed[row].contract for row in rows)
            yield Offer(contracts, lot, hedging.combine(screened.chain, *rows), case.need.level)


def _legs(offer: Offer, lots: int) -> tuple[hd.HedgeLeg, ...]:
    structure, units = offer.structure, lots * offer.lot
    sides = [hd.Side.BUY if side > 0 else hd.Side.SELL for side in structure.side]
    volatilities = [None if math.isnan(percent) else percent for percent in (structure.volatility * 100).tolist()]
    return tuple(
        hd.HedgeLeg(contract, side, lots, units, price, price * units, volatility)
        for contract, side, price, volatility in zip(
            offer.contracts, sides, structure.price.tolist(), volatilities, strict=True
        )
    )


def _hedge(case: Case, strategy: hd.Strategy, offer: Offer, lots: int) -> hd.Hedge:
    """The hedge with everything but its margin."""
    need, legs = case.need, _legs(offer, lots)
    found = hedging.figures(offer.structure, legs[0].units, need, offer.unit, np.append(SHOCKS, need.fall))
    return hd.Hedge(
        strategy=strategy,
        expiry=legs[0].instrument.expiry,
        legs=legs,
        cost=found.cost,
        margin=None,
        margin_unavailable=None,
        break_even=None if math.isnan(found.break_even) else found.break_even,
        residual_beta=found.beta,
        residual_beta_in_fall=found.beta_in_fall,
        protected_share=found.covered * 100,
        theta=found.decay,
        max_profit=found.most_gained,
        max_loss=None if math.isinf(found.most_lost) else found.most_lost,
        shocks=_shocks(found),
        meets_budget=bool(found.loss_at_expiry[-1] < need.budget + 0.01) if need.has_budget else None,
        explanation=_explanation(legs, need, found),
        notes=tuple(_notes(case, strategy, offer, found)),
    )


def _shocks(found: hedging.Figures) -> tuple[hd.ShockLoss, ...]:
    spared = 100 * (1 - found.loss_at_expiry / found.loss_book)
    columns = np.column_stack((found.loss_book, found.loss_at_expiry, found.loss_now, spared))
    return tuple(hd.ShockLoss(-100 * fall, *row) for fall, row in zip(SHOCKS.tolist(), columns.tolist()))


def _explanation(legs: tuple[hd.HedgeLeg, ...], need: hedging.Need, found: hedging.Figures) -> str:
    orders = " and ".join(
        f"{leg.side.value.lower()} {leg.lots} lots ({leg.units} units) of {leg.instrument.symbol} at {leg.price:,.2f}"
        for leg in legs
    )
    return (
        f"{orders[0].upper()}{orders[1:]}: the beta of {need.beta:.2f} becomes {found.beta:.2f} now and "
        f"{found.beta_in_fall:.2f} in a fall from 10 to 20 %. A fall of 10 % by "
        f"{legs[0].instrument.expiry:%d %b %Y} costs {rupees(float(found.loss_at_expiry[1]))} instead of "
        f"{rupees(float(found.loss_book[1]))}."
    )


def _notes(case: Case, strategy: hd.Strategy, offer: Offer, found: hedging.Figures) -> Iterator[str]:
    """What the reader must know beside the figures."""
    need, strikes, day = case.need, offer.structure.strike, case.market.as_of.astimezone(IST).date()
    yield hd.LIMITS[strategy].format(*strikes.tolist())
    if need.has_budget and found.loss_at_expiry[-1] >= need.budget + 0.01:
        least = rupees(float(found.loss_at_expiry[-1]))
        yield f"The budget is not kept: with every lot that the book's exposure allows the loss is still {least}."
    if found.covered > 1:
        yield "Over-hedged: rounded to the nearest lot it stands for more than the book's index exposure."
    correlation = case.base.windows[case.request.window]["correlation_nifty"].value
    if correlation is not None:
        yield f"The index explains {correlation**2:.0%} of the book's variance; the rest stays unhedged."
    if case.market.basis is dv.PriceBasis.END_OF_DAY:
        yield f"Prices are closes of {day:%d %b %Y}, not offers: see bid and ask first."
    if case.market.level is None and case.base.level_as_of not in {None, day}:
        yield f"The index level is of {case.base.level_as_of:%d %b %Y}, another day than the prices."


def _below_one_lot(case: Case, strategy: hd.Strategy, offer: Offer) -> hd.NoHedge:
    """Why the hedge rounds to no lot, and what to do instead."""
    need, lot_value = case.need, offer.unit * offer.lot
    exposure, exact = need.value * need.beta, hedging.exact_lots(need, offer.structure, offer.unit, offer.lot)
    book = f"{rupees(need.value)} x beta {need.beta:.2f} = {rupees(exposure)}"
    what = (
        f"your book is below one lot: {book}"
        if exposure < lot_value
        else (f"the reduction asked for is below one lot: {exact:.2f} lots")
    )
    reason = f"{what}; one lot of {case.market.underlying} ({offer.lot} units) is {rupees(lot_value)}"
    nearest = hedging.lots(replace(need, nearest=True), offer.structure, offer.unit, offer.lot)
    share = case.request.share_to_sell(need.value, need.beta)
    advice = (
        "Futures and options come in the same lots, so a put or a put spread does not help. Selling "
        f"{rupees(share * need.value)} of the book, every share in proportion, does the same"
        + (f"; rounded to the nearest lot it would be {nearest}, more than asked." if nearest else ".")
    )
    return hd.NoHedge(strategy, reason, advice, below_one_lot=True)


def _why_no_contract(case: Case, strategy: hd.Strategy) -> str:
    refused = case.refused_options if strategy in ROWS else case.refused_futures
    reasons = ", ".join(f"{count} {flaw}" for flaw, count in refused.most_common())
    why = f"quotes refused: {reasons}" if reasons else "nothing listed or no strike near enough"
    span = f"{case.first:%d %b %Y} to {case.last:%d %b %Y}"
    return f"no {case.market.underlying} contract that expires {span} can be used ({why})"
