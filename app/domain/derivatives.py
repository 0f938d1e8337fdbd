"""Index futures and options: contracts, their quotes, the market of one index at one moment.

Rupees are rupees, points are index points. A lot size is always the contract's own column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from itertools import groupby
from typing import TypeVar

from app.domain.errors import RiskError

EXPIRES_AT = time(15, 30)
"""When index contracts expire and the closes of a day are told, India time."""


class OptionKind(StrEnum):
    """The exchange's words for calls and puts."""

    CALL = "CE"
    PUT = "PE"


class PriceBasis(StrEnum):
    """LIVE quotes carry bid and ask; END_OF_DAY ones a closing price only, at which nobody promises to trade."""

    LIVE = "live"
    END_OF_DAY = "end_of_day"


class NoDerivatives(RiskError):
    """There are no believable quotes of index contracts, or no contracts on this index at all."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class ListedIndex:
    """An index with contracts on NSE: ``underlying`` is their name column, ``symbol`` the index's own on Kite."""

    underlying: str
    symbol: str

    @property
    def key(self) -> str:
        """How Kite is asked for the level."""
        return f"NSE:{self.symbol}"


NIFTY_50, NIFTY_BANK = ListedIndex("NIFTY", "NIFTY 50"), ListedIndex("BANKNIFTY", "NIFTY BANK")
LISTED_INDICES = {
    **dict.fromkeys(("NIFTY50", "NIFTY5", "NIFTY", "NSEI"), NIFTY_50),
    **dict.fromkeys(("NIFTYBANK", "BANKNIFTY", "NSEBANK"), NIFTY_BANK),
}
"""By the names that price files give an index, letters and digits only."""


def listed_index(benchmark: str | None) -> ListedIndex:
    """The index contracts that stand for a benchmark. Raises NoDerivatives for one that has none here."""
    found = LISTED_INDICES.get(re.sub(r"[^A-Z0-9]", "", (benchmark or "").upper()))
    if found is None:
        raise NoDerivatives(
            f"There are no index contracts on the benchmark {benchmark or '(none)'}.",
            "Hedges are made of contracts on Nifty 50 or Nifty Bank: name one of them with RISK_BENCHMARK.",
        )
    return found


@dataclass(frozen=True, slots=True)
class Contract:
    """One listed contract on an index. ValueError for a lot below 1.

    ``symbol`` is for the reader, never parsed; ``instrument_token`` is Kite's, None where the contract is from a file.
    """

    underlying: str
    symbol: str
    instrument_token: int | None
    expiry: date
    lot_size: int

    def __post_init__(self) -> None:
        if self.lot_size < 1:
            raise ValueError(f"{self.symbol}: a lot holds at least one unit, not {self.lot_size}")


@dataclass(frozen=True, slots=True)
class FutureContract(Contract):
    """A future."""


@dataclass(frozen=True, slots=True)
class OptionContract(Contract):
    """A European option; ``strike`` in index points."""

    strike: float
    kind: OptionKind


@dataclass(frozen=True, slots=True)
class Quote:
    """What the exchange says of one contract at ``quoted_at`` (aware). None where it says nothing: never 0.

    Prices in index points; ``last`` is the last trade, for END_OF_DAY the close. ``volume`` of the day and
    ``open_interest`` may be units or contracts: only whether they are above 0 is read.
    """

    last: float | None
    bid: float | None
    ask: float | None
    volume: float | None
    open_interest: float | None
    quoted_at: datetime


@dataclass(frozen=True, slots=True)
class FutureQuote:
    """A future with its quote."""

    contract: FutureContract
    quote: Quote


@dataclass(frozen=True, slots=True)
class OptionQuote:
    """An option with its quote."""

    contract: OptionContract
    quote: Quote


Listed = TypeVar("Listed", FutureQuote, OptionQuote)


@dataclass(frozen=True, slots=True)
class DerivativesMarket:
    """Contracts of one index at one moment; ``as_of`` (aware) is the instant of the newest quote.

    ``level`` of the index at that moment, None where the source has none. ``asked_at`` is when a hedge was asked for
    (None: ``as_of``). ``source`` says where the quotes are from and ``why_not_live`` why they aren't from Kite.
    ``left_out`` counts contracts that were wanted and are not among them, by reason.
    """

    underlying: str
    as_of: datetime
    basis: PriceBasis
    futures: tuple[FutureQuote, ...]
    options: tuple[OptionQuote, ...]
    level: float | None = None
    asked_at: datetime | None = None
    source: str = ""
    why_not_live: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)

    def by_expiry(self, listed: Iterable[Listed], first: date, last: date) -> Iterator[tuple[date, list[Listed]]]:
        """Those of ``listed`` on the underlying that expire from ``first`` to ``last``, one group for each expiry and
        lot size, the earliest first, ascending by strike.
        """
        lasting = [
            quote
            for quote in listed
            if quote.contract.underlying == self.underlying and first <= quote.contract.expiry <= last
        ]
        for key, group in groupby(sorted(lasting, key=_order), key=lambda quote: _order(quote)[:2]):
            yield key[0], list(group)


def _order(quote: FutureQuote | OptionQuote) -> tuple[date, int, float]:
    contract = quote.contract
    return contract.expiry, contract.lot_size, contract.strike if isinstance(contract, OptionContract) else 0.0


@dataclass(frozen=True, slots=True)
class DerivativeClose:
    """One index contract on one day as an end-of-day file has it; None where the file says nothing: never 0.

    ``kind`` None is a future. Prices in points; ``volume`` in contracts, ``open_interest`` in units; ``level`` of the
    index. Older files have neither lot nor level.
    """

    day: date
    underlying: str
    symbol: str
    kind: OptionKind | None
    expiry: date
    strike: float | None
    close: float | None
    volume: float
    open_interest: float
    lot_size: int | None
    level: float | None


@dataclass(frozen=True, slots=True)
class DerivativesFile:
    """An end-of-day file: its index contracts, and a line for each row that can't be used."""

    closes: tuple[DerivativeClose, ...]
    rejected: tuple[str, ...]
