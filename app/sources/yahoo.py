"""Daily bars from Yahoo Finance, through yfinance.

What the chart service sends as open, high, low, close and volume is in today's shares: split and bonus adjusted, both
prices and volumes. ``auto_adjust=False`` keeps it so; yfinance would otherwise scale prices by "Adj Close", which takes
dividends out as well and would make our figures differ from every other source.
"""

from __future__ import annotations

import logging
import threading
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import yfinance
from curl_cffi.requests import Response, Session
from curl_cffi.requests.exceptions import RequestException
from yfinance.cache import get_tz_cache
from yfinance.data import YfData

from app.domain.errors import RiskError
from app.domain.prices import Basis, FloatArray, PriceFile
from app.sources.kite.rate_limits import RateLimit

SERIES = "yahoo"
SUFFIXES = {"NSE": ".NS", "BSE": ".BO"}
INDICES: Mapping[str, str | None] = {
    "NIFTY50": "^NSEI", "NIFTYBANK": "^NSEBANK", "INDIAVIX": "^INDIAVIX", "NIFTYNEXT50": "^NSMIDCP",
    "NIFTY500": "^CRSLDX", "NIFTYIT": "^CNXIT", "NIFTYAUTO": "^CNXAUTO", "NIFTYFMCG": "^CNXFMCG",
    "NIFTYPHARMA": "^CNXPHARMA", "NIFTYMETAL": "^CNXMETAL", "NIFTYREALTY": "^CNXREALTY", "NIFTYMEDIA": "^CNXMEDIA",
    "NIFTYENERGY": "^CNXENERGY", "NIFTYINFRA": "^CNXINFRA", "NIFTYPSUBANK": "^CNXPSUBANK",
    "NIFTYFINSERVICE": "NIFTY_FIN_SERVICE.NS", "NIFTYMIDCAP150": None, "NIFTYSMLCAP250": None, "NIFTYPVTBANK": None,
    "NIFTYHEALTHCARE": None, "NIFTYOILANDGAS": None, "NIFTYCONSRDURBL": None,
}  # fmt: skip
"""Yahoo's names of the indices, by the symbol they are stored under; None where it keeps no history of one."""
TIME_ZONE = "Asia/Kolkata"
REQUEST_SECONDS = 15.0
PER_SECOND, UNPACED = 4.0, 1000.0
CHART = "/v8/finance/chart/"
TURN = threading.Lock()
"""yfinance keeps session and caches for the whole process: one download at a time."""
ANSWERS = frozenset({"HTTP 200", "HTTP 404"})
"""404 is Yahoo's answer for a symbol it does not know."""
FIELDS = ("Open", "High", "Low", "Close", "Volume")
_CLOSE, _VOLUME = 3, 4


class YahooError(RiskError):
    """Base of all trouble with Yahoo. No message holds text that Yahoo sent."""

    exit_code = 7


class YahooUnavailable(YahooError):
    """Yahoo can't be reached or answers nothing that can be read."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Yahoo can't be asked: {reason}.", "The next run asks again.")


class YahooRateLimited(YahooError):
    """Yahoo answered 429; it does so to whole networks at times."""

    def __init__(self) -> None:
        super().__init__("Yahoo allows no more questions from this address just now.", "The next run asks again.")


@dataclass(frozen=True, slots=True)
class YahooBars:
    """``prices`` of one exchange; ``without`` the symbols for which nothing usable came; ``notes`` for the reader."""

    prices: PriceFile
    without: tuple[str, ...]
    notes: tuple[str, ...]


class WatchedSession(Session[Response]):
    """yfinance's own kind of session, with a pace, and a limit on every request, that counts how charts ended.

    With a ``root`` other than Yahoo's every request goes there with its path and without a pace, whatever host it was
    meant for: yfinance has the names of four hosts in its code.
    """

    def __init__(self, root: str | None, per_second: float) -> None:
        super().__init__(impersonate="chrome")
        self._root = root
        self._pace = RateLimit(per_second if root is None else UNPACED, time.monotonic, time.sleep)
        self.ended: Counter[str] = Counter()

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> Response:
        """As of any session, with our pace and limits."""
        parts = urlsplit(url)
        kwargs["timeout"] = REQUEST_SECONDS
        address = f"{self._root}{parts.path}{'?' if parts.query else ''}{parts.query}" if self._root else url
        self._pace.take(float("inf"))
        try:
            response = super().request(method, address, *args, **kwargs)
        except RequestException as error:
            self.ended[type(error).__name__] += 1
            raise
        if parts.path.startswith(CHART):
            self.ended[_outcome(response)] += 1
        return response


@dataclass(frozen=True, slots=True)
class Yahoo:
    """Where Yahoo is (``root`` None: its own addresses), and a folder in which yfinance keeps what it remembers."""

    root: str | None
    cache: Path
    per_second: float = PER_SECOND

    def daily_bars(self, exchange: str, symbols: Sequence[str], since: date, until: date) -> YahooBars:
        """Split-adjusted bars of all symbols from ``since`` to ``until``, asked for in one go.

        Raises:
            YahooRateLimited: it wants no more questions, and nothing came.
            YahooUnavailable: nothing came, for no reason of the symbols.
        """
        tickers = {symbol: ticker for symbol in symbols if (ticker := yahoo_ticker(exchange, symbol))}
        if not tickers:
            return YahooBars(_price_file([]), tuple(symbols), ())
        session = WatchedSession(self.root, self.per_second)
        try:
            with TURN, warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, about yfinance
                frame = self._download(session, list(tickers.values()), since, until)
        finally:
            session.close()
        bars = read_frame(frame, tickers, since, until)
        trouble = [outcome for outcome in session.ended if outcome not in ANSWERS]
        if not len(bars.prices.symbols):
            _raise_if_down(session.ended)
        unknown = tuple(symbol for symbol in symbols if symbol not in tickers)
        notes = (*bars.notes, f"not all questions were answered ({', '.join(trouble)})") if trouble else bars.notes
        return YahooBars(bars.prices, (*bars.without, *unknown), notes)

    def _download(self, session: Any, tickers: list[str], since: date, until: date) -> pd.DataFrame:
        """One call; yfinance asks ticker after ticker, for threads would only bring the rate limit nearer."""
        logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what is missing is told by us
        self._prepare(tickers)
        try:
            frame = yfinance.download(
                tickers, start=since, end=until + timedelta(days=1), interval="1d", auto_adjust=False, actions=False,
                group_by="ticker", progress=False, threads=False, keepna=True, timeout=REQUEST_SECONDS, session=session,
            )  # fmt: skip
        except (yfinance.exceptions.YFException, RequestException, ValueError, KeyError, TypeError) as error:
            _raise_if_down(session.ended)
            raise YahooUnavailable(f"its answer can't be read ({type(error).__name__})") from None
        return pd.DataFrame() if frame is None else frame

    def _prepare(self, tickers: Iterable[str]) -> None:
        """Forget old answers, failures among them; and say where the exchange is, or yfinance asks for each ticker."""
        self.cache.mkdir(parents=True, exist_ok=True)
        yfinance.set_tz_cache_location(str(self.cache))
        YfData.cache_get.cache_clear()
        for ticker in tickers:
            get_tz_cache().store(ticker, TIME_ZONE)


def yahoo_ticker(exchange: str, symbol: str) -> str | None:
    """``RELIANCE`` on NSE is RELIANCE.NS; None for an index that Yahoo does not keep or another exchange."""
    if symbol in INDICES:
        return INDICES[symbol]
    return f"{symbol}{SUFFIXES[exchange]}" if exchange in SUFFIXES else None


def read_frame(frame: pd.DataFrame, tickers: Mapping[str, str], since: date, until: date) -> YahooBars:
    """Bars out of a frame with columns (ticker, field) and an index of days.

    Left out: days outside the span, days without a finite close above zero, days of a share without volume (Yahoo fills
    holidays with the close before). An open, high or low that is no price is missing; so are all three of a day whose
    high is below its low.
    """
    rows, notes, without = [], [], []
    for symbol, ticker in sorted(tickers.items()):
        days, values = _columns(frame, ticker)
        keep, idle = _usable(days, values, since, until, is_index=symbol in INDICES)
        if idle:
            notes.append(f"{symbol}: {idle} days without a trade left out")
        if not keep.any():
            without.append(symbol)
            continue
        rows.append((symbol, days[keep], _without_nonsense(values[keep])))
    return YahooBars(_price_file(rows), tuple(without), tuple(notes))


def _outcome(response: Response) -> str:
    """How a question for a chart ended: ``HTTP 200`` is JSON."""
    is_json = "json" in (response.headers.get("Content-Type") or "")
    return f"HTTP {response.status_code}" if is_json or response.status_code != 200 else "no JSON"


def _raise_if_down(ended: Counter[str]) -> None:
    """Tell Yahoo's trouble from symbols that it does not know."""
    if ended["HTTP 429"]:
        raise YahooRateLimited
    failed = [outcome for outcome in ended if outcome not in ANSWERS]
    if failed or not ended:
        raise YahooUnavailable(", ".join(failed) or "no answer")


def _columns(frame: pd.DataFrame, ticker: str) -> tuple[np.ndarray[Any, np.dtype[np.datetime64]], FloatArray]:
    """Days (T,) datetime64[D] and (T, 5) values of a ticker; empty when the frame does not have it."""
    if frame.empty or (ticker, "Close") not in frame.columns:
        return np.empty(0, "datetime64[D]"), np.empty((0, len(FIELDS)))
    days = frame.index.to_numpy().astype("datetime64[D]")
    columns = [pd.to_numeric(frame[ticker, name], errors="coerce").to_numpy(np.float64) for name in FIELDS]
    return days, np.column_stack(columns)


def _usable(
    days: np.ndarray[Any, np.dtype[np.datetime64]], values: FloatArray, since: date, until: date, *, is_index: bool
) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], int]:
    """(T,) which days are kept, and how many were left out because nobody traded."""
    priced = np.isfinite(values[:, _CLOSE]) & (values[:, _CLOSE] > 0)
    priced &= (days >= np.datetime64(since)) & (days <= np.datetime64(until))
    traded = priced if is_index else priced & (values[:, _VOLUME] > 0)
    return traded, int(np.count_nonzero(priced & ~traded))


def _without_nonsense(values: FloatArray) -> FloatArray:
    ohl = np.where(np.isfinite(values[:, :_CLOSE]) & (values[:, :_CLOSE] > 0), values[:, :_CLOSE], np.nan)
    ohl[ohl[:, 1] < ohl[:, 2]] = np.nan
    return np.column_stack([ohl, values[:, _CLOSE:]])


def _price_file(rows: Iterable[tuple[str, Any, FloatArray]]) -> PriceFile:
    """``rows`` are (symbol, days, values) in order of the symbols."""
    found = list(rows)
    values = np.vstack([np.empty((0, len(FIELDS))), *(values for *_, values in found)])
    names = np.array([symbol for symbol, *_ in found], dtype=object)
    return PriceFile(
        kind=SERIES,
        symbols=np.repeat(names, [len(days) for _, days, _ in found]),
        days=np.concatenate([np.empty(0, "datetime64[D]"), *(days for _, days, _ in found)]),
        ohlc=values[:, : _CLOSE + 1],
        volume=values[:, _VOLUME],
        price_basis=Basis.ADJUSTED,
        volume_basis=Basis.ADJUSTED,
    )
