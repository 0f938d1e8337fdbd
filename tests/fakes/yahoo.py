"""A Yahoo that speaks the JSON of the real chart service, for the real yfinance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.domain.market_hours import IST
from tests.serving import Serving

OPEN_AT = time(9, 15)
ADJUSTED_FOR_DIVIDENDS = 0.9
Row = tuple[date, float | None, float | None, float | None, float | None, int | None]
"""Day, open, high, low, close and volume as Yahoo has them: in today's shares."""


@dataclass(frozen=True, slots=True)
class Split:
    """Yahoo tells of a split and has the prices before it restated already."""

    day: date
    numerator: int
    denominator: int


class FakeYahoo(Serving):
    """Use as a context manager. ``bars`` by ticker; ``status`` other than 200 is the answer to everything."""

    def __init__(self, bars: Mapping[str, list[Row]]) -> None:
        self.bars = dict(bars)
        self.splits: dict[str, Split] = {}
        self.status = 200
        self.body: bytes | None = None
        self.asked: list[str] = []
        super().__init__(_Server(("127.0.0.1", 0), self))

    def charts(self) -> list[str]:
        """Tickers whose history was asked for."""
        return [ticker for path, ticker in map(_chart, self.asked) if "period1" in path]

    def chart(self, ticker: str, first: float, last: float) -> tuple[int, dict[str, Any]]:
        """Status and answer for the days between two instants."""
        rows = self.bars.get(ticker)
        if rows is None:
            problem = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return 404, {"chart": {"result": None, "error": problem}}
        found = [row for row in rows if first <= _opens(row[0]) < last]
        return 200, {"chart": {"result": [self._result(ticker, found)], "error": None}}

    def _result(self, ticker: str, rows: list[Row]) -> dict[str, Any]:
        meta = {
            "currency": "INR", "symbol": ticker, "exchangeName": "NSI", "instrumentType": "EQUITY", "gmtoffset": 19800,
            "timezone": "IST", "exchangeTimezoneName": "Asia/Kolkata", "priceHint": 2, "dataGranularity": "1d",
            "range": "", "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
            "firstTradeDate": 820467900, "regularMarketTime": 1795420800, "hasPrePostMarketData": False,
            "currentTradingPeriod": {
                name: {"timezone": "IST", "start": 1795405500, "end": 1795428000, "gmtoffset": 19800}
                for name in ("pre", "regular", "post")
            },
        }  # fmt: skip
        if not rows:
            return {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
        columns = dict(zip(("open", "high", "low", "close", "volume"), map(list, zip(*(row[1:] for row in rows)))))
        adjusted = [None if close is None else float(close) * ADJUSTED_FOR_DIVIDENDS for close in columns["close"]]
        return {
            "meta": meta,
            "timestamp": [_opens(row[0]) for row in rows],
            "events": self._events(ticker),
            "indicators": {"quote": [columns], "adjclose": [{"adjclose": adjusted}]},
        }

    def _events(self, ticker: str) -> dict[str, Any]:
        split = self.splits.get(ticker)
        if split is None:
            return {}
        told = {"date": _opens(split.day), "numerator": split.numerator, "denominator": split.denominator}
        return {"splits": {str(_opens(split.day)): told | {"splitRatio": f"{split.numerator}:{split.denominator}"}}}


def weekday_rows(last_day: date, count: int, first_close: float = 100.0, step: float = 0.5) -> list[Row]:
    """``count`` weekdays up to a day, each close ``step`` above the one before."""
    days = [day for back in range(count * 2) if (day := last_day - timedelta(days=back)).weekday() < 5][:count][::-1]
    closes = [first_close + step * place for place in range(count)]
    return [(day, c - 1, c + 1, c - 2, c, 10_000 + n) for n, (day, c) in enumerate(zip(days, closes, strict=True))]


def _opens(day: date) -> int:
    return int(datetime.combine(day, OPEN_AT, IST).astimezone(UTC).timestamp())


def _chart(target: str) -> tuple[str, str]:
    return target, unquote(urlsplit(target).path.rpartition("/")[2])


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], yahoo: FakeYahoo) -> None:
        super().__init__(address, _Handler)
        self.yahoo = yahoo


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        yahoo, parts = self.server.yahoo, urlsplit(self.path)
        if parts.path == "/v1/test/getcrumb":
            self._send(200, b"crumb", "text/plain")
        elif parts.path == "/consent":
            self._send(200, b"<html></html>", "text/html")
        elif not parts.path.startswith("/v8/finance/chart/"):
            self._send(404, b"", "text/plain")
        elif yahoo.status != 200 or yahoo.body is not None:
            yahoo.asked.append(self.path)
            self._send(yahoo.status, yahoo.body or b"Too Many Requests\r\n", "text/html")
        else:
            yahoo.asked.append(self.path)
            query = parse_qs(parts.query)
            first, last = (float(query.get(name, [other])[0]) for name, other in (("period1", "0"), ("period2", "9e9")))
            status, answer = yahoo.chart(_chart(self.path)[1], first, last)
            self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name of the base class
        """Tests read ``asked``."""
