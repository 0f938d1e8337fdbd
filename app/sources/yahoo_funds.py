"""The largest positions of a fund from Yahoo Finance, through yfinance: at most ten, of a day that is not told."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yfinance
from curl_cffi.requests.exceptions import RequestException
from yfinance.data import YfData

from app.sources.yahoo import PER_SECOND, TURN, WatchedSession, YahooUnavailable

MOST_WEIGHT = 100.5
"""Percent that positions of one fund can add up to, with room for rounding."""


@dataclass(frozen=True, slots=True)
class TopPosition:
    """One position: ``ticker`` is Yahoo's, ``weight`` percent of the fund's assets."""

    ticker: str
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class YahooFunds:
    """Where Yahoo is (``root`` None: its own addresses), and a folder in which yfinance keeps what it remembers."""

    root: str | None
    cache: Path
    per_second: float = PER_SECOND

    def top_positions(self, isin: str) -> tuple[TopPosition, ...]:
        """The largest positions of the fund with this ISIN, largest first; empty where Yahoo does not know them.

        Raises:
            YahooUnavailable: Yahoo can't be asked.
        """
        session = WatchedSession(self.root, self.per_second)
        logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what is missing is told by us
        self.cache.mkdir(parents=True, exist_ok=True)
        try:
            with TURN, warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about yfinance
                yfinance.set_tz_cache_location(str(self.cache))
                YfData.cache_get.cache_clear()  # it remembers answers for the life of the process
                return read_positions(_ask(isin, session))
        except (RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
            raise YahooUnavailable(f"its answer can't be read ({type(error).__name__})") from None
        finally:
            session.close()


def read_positions(frame: pd.DataFrame | None) -> tuple[TopPosition, ...]:
    """Positions out of yfinance's table (index ticker, columns Name and Holding Percent, a fraction).

    A table in which a weight is no share of a whole, or that adds up to more than the whole, is not believed.
    """
    found = sorted(_rows(frame), key=lambda position: -position.weight) if frame is not None else []
    if any(not 0.0 < position.weight <= 100.0 for position in found) or sum(p.weight for p in found) > MOST_WEIGHT:
        return ()
    return tuple(found)


def _ask(isin: str, session: WatchedSession) -> pd.DataFrame | None:
    found = yfinance.Search(isin, max_results=1, news_count=0, session=session).quotes
    ticker = found[0].get("symbol") if found else None
    if not ticker:
        return None
    try:
        frame: pd.DataFrame | None = yfinance.Ticker(ticker, session=session).funds_data.top_holdings
    except yfinance.exceptions.YFException:
        return None
    return frame


def _rows(frame: pd.DataFrame) -> Iterator[TopPosition]:
    for ticker, name, share in zip(frame.index, frame["Name"], frame["Holding Percent"], strict=True):
        if isinstance(share, int | float) and math.isfinite(share):
            yield TopPosition(str(ticker), str(name), 100.0 * float(share))
