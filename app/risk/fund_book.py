"""The fund book: what is owned in funds, their NAVs on the trading calendar, and what they hold, share by share.

Plain data for the calculators; ``app.risk.fund_loading`` reads it from the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.domain.data_issues import DataIssue
from app.domain.disclosures import LineKind, PortfolioLines, Texts
from app.domain.fund_costs import FundCost, FundTracking
from app.domain.prices import FloatArray
from app.domain.risk_runs import BookUsed
from app.domain.schemes import Option, Plan
from app.domain.securities import UNCLASSIFIED
from app.measures.conventions import IntArray
from app.measures.lookthrough import Compositions
from app.risk.fund_styles import FundStyle
from app.risk.positions import Position


@dataclass(frozen=True, slots=True)
class FundPosition:
    """The units of one fund, all folios together. Plans and options of a scheme are positions of their own.

    ``isin`` is the fund's, the key of its NAVs; ``mf_symbol`` that of its portfolio, which all plans share (the ISIN
    itself where no portfolio is stored). ``amfi_code``, ``house``, ``category``, ``family``, ``plan`` and ``option``
    are AMFI's, None where its list does not know the ISIN. ``quantity`` counts pledged units. ``nav`` is the newest
    of the history and of the holdings report; ``value`` = units x NAV in rupees, None without a NAV.
    """

    mf_symbol: str
    isin: str
    portfolio_id: int | None
    amfi_code: int | None
    name: str
    house: str | None
    category: str | None
    family: str | None
    plan: Plan | None
    option: Option | None
    folios: tuple[str, ...]
    quantity: float
    pledged: float
    average_price: float | None
    nav: float | None
    nav_date: date | None
    nav_source: str
    value: float | None


@dataclass(frozen=True, eq=False)
class SecurityTable:
    """S securities, each once: columns (S,) of equal length.

    ``keys`` are ISINs as they are today, an older one of a share being led to the current one, so that a share held
    directly and one in a fund meet. What has no ISIN has a key of its own that no ISIN equals: a line of one portfolio
    is never merged with that of another, except index futures (``future:NIFTY``) and cash against futures.
    ``sectors`` are NSE's, ``Unclassified`` for shares without; None for what is not a share. ``industries`` are finer,
    as the master or a fund's file has them, None where neither does. ``assets`` are the kinds of line that a unit which
    stays whole is made of, as far as that is known; of everything else its own kind.
    """

    keys: Texts
    isins: Texts
    symbols: Texts
    names: Texts
    sectors: Texts
    industries: Texts
    kinds: Texts
    assets: Texts

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def places(self) -> dict[str, int]:
        """Key -> index."""
        return {key: at for at, key in enumerate(self.keys.tolist())}

    def of_kind(self, *kinds: LineKind) -> NDArray[np.bool_]:
        """(S,) True for securities of these kinds."""
        return np.isin(self.kinds.astype(str), kinds)


@dataclass(frozen=True, slots=True, eq=False)
class SeenThrough:
    """F funds and what they hold.

    ``disclosure`` (F,) is the index of each fund's portfolio into ``lines.disclosures``, -1 for none; plans of one
    scheme have the same. ``compositions`` are F funds in the securities of ``securities``, fractions of net assets with
    funds in funds resolved; a fund without a disclosure has no entry: all of it is unknown. ``lines`` hold more than is
    owned: portfolios of funds in funds, and of index funds that publish the weights of a benchmark.
    """

    positions: tuple[FundPosition, ...]
    lines: PortfolioLines
    disclosure: IntArray
    securities: SecurityTable
    compositions: Compositions


@dataclass(frozen=True, slots=True, eq=False)
class FundFacts:
    """What is published about the funds, by ISIN; absent where nothing is.

    ``index_levels`` are the levels of indices by name, (T,) on the book's days: prices without dividends, and with them
    where the name ends in TRI.
    """

    costs: Mapping[str, tuple[FundCost, ...]]
    tracking: Mapping[str, tuple[FundTracking, ...]]
    index_levels: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class FundBook(SeenThrough):
    """F funds. ``days`` (T,) are trading days; ``navs`` (T, F) rupees, NaN where a fund has none that day.

    The NAVs are those that show what was earned: of a payout option those of the growth option of the same plan.

    ``returns`` (T - 1, F), fractions: from a fund's NAV before to that of the day, over ``spans`` (T - 1, F) trading
    days: 1 as a rule, more after a gap, 0 where there is no return (NaN). ``benchmark`` (T,) is the index of prices,
    NaN where unknown, ``benchmark_returns`` (T - 1,) likewise.

    ``place`` (L,) is the security of each line. ``used`` is where the holdings are stored.
    """

    styles: tuple[FundStyle, ...]
    as_of: date | None
    source: str
    is_sample: bool
    days: NDArray[np.datetime64]
    navs: FloatArray
    returns: FloatArray
    spans: IntArray
    benchmark: FloatArray
    benchmark_returns: FloatArray
    benchmark_name: str | None
    place: IntArray
    facts: FundFacts
    issues: tuple[DataIssue, ...]
    used: BookUsed | None = field(default=None, compare=False)

    @property
    def values(self) -> FloatArray:
        """(F,) rupees, NaN where a fund has no NAV."""
        return np.array([np.nan if p.value is None else p.value for p in self.positions], dtype=float)


@dataclass(frozen=True, slots=True, eq=False)
class DirectUnits:
    """Units of funds in the demat account whose portfolios are stored: K ``positions`` without a value of their own.

    ``disclosure`` (F + K,) and ``compositions`` (F + K funds) are of the funds of the book, then of these. ``classes``
    are what every unit in the demat account mostly is, by ISIN; absent where nothing tells.
    """

    positions: tuple[FundPosition, ...]
    disclosure: IntArray
    compositions: Compositions
    classes: Mapping[str, LineKind]


def with_shares(book: FundBook, shares: Sequence[Position]) -> tuple[FundBook, IntArray]:
    """The same book whose securities contain the directly held ``shares``, and the index of each share (N,).

    A share without an ISIN meets a fund's line by its NSE symbol. Securities that no fund holds are added at the end.
    """
    table = book.securities
    by_symbol = {symbol: at for at, symbol in enumerate(table.symbols.tolist()) if symbol}
    found = [table.places.get(share.isin or "", by_symbol.get(share.symbol, -1)) for share in shares]
    new = [share for share, at in zip(shares, found, strict=True) if at < 0]
    places = np.array(found, dtype=np.int64)
    places[places < 0] = len(table) + np.arange(len(new))
    securities = _appended(table, new)
    return replace(book, securities=securities, compositions=widened(book.compositions, len(securities))), places


def widened(held: Compositions, count: int) -> Compositions:
    """The same compositions among ``count`` securities, those at the end held by no fund."""
    more = np.full(count - held.security_count, held.starts[-1])
    return replace(held, starts=np.concatenate([held.starts, more]))


def _appended(table: SecurityTable, shares: Sequence[Position]) -> SecurityTable:
    columns: dict[str, list[str | None]] = {
        "keys": [share.isin or f"symbol:{share.symbol}" for share in shares],
        "isins": [share.isin for share in shares],
        "symbols": [share.symbol for share in shares],
        "names": [share.name for share in shares],
        "sectors": [share.sector or UNCLASSIFIED for share in shares],
        "industries": [None for _ in shares],
        "kinds": [str(LineKind.EQUITY) for _ in shares],
        "assets": [str(LineKind.EQUITY) for _ in shares],
    }
    return SecurityTable(**{name: np.concatenate([getattr(table, name), texts(new)]) for name, new in columns.items()})


def texts(values: Sequence[str | None]) -> Texts:
    """A column of texts, (n,)."""
    column = np.empty(len(values), dtype=np.object_)
    column[:] = values
    return column
