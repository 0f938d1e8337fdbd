"""NSE's end-of-day archive on this machine: the files of real sessions under their real addresses."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from app.sources.nse import UDIFF_SINCE, ArchiveFile, Contents
from tests.serving import Serving

UDIFF_HEADER = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,"
    "FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,"
    "TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4"
)
CLASSIC_HEADER = "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,"
INDEX_HEADER = (
    "Index Name,Index Date,Open Index Value,High Index Value,Low Index Value,Closing Index Value,Points Change,"
    "Change(%),Volume,Turnover (Rs. Cr.),P/E,P/B,Div Yield"
)
MISSING_PAGE = b"<!DOCTYPE html><html><body>The page you are looking for is missing.</body></html>"


class FakeNse(Serving):
    """Use as a context manager. ``files`` by path; a day that is not there is answered 404 with a web page.

    ``status`` other than 200 is the answer to everything. ``asked`` has the paths that came, ``agents`` their senders.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.status = 200
        self.asked: list[str] = []
        self.agents: set[str] = set()
        super().__init__(_Server(("127.0.0.1", 0), self))

    def trade(self, day: date, closes: Mapping[str, float], indices: Mapping[str, float]) -> None:
        """A session: both of its files."""
        self.files[ArchiveFile(Contents.SHARES, day).path] = share_file(day, closes)
        self.files[ArchiveFile(Contents.INDICES, day).path] = index_file(day, indices)


def share_file(day: date, closes: Mapping[str, float], volume: int = 50_000) -> bytes:
    """The zip of a day in the format of its time; a bond beside the shares, as in the real one."""
    make = _udiff_row if day >= UDIFF_SINCE else _classic_row
    rows = [make(day, symbol, "EQ", close, volume) for symbol, close in closes.items()]
    rows.append(make(day, "828GOI27", "GS", 101.5, 10))
    header = UDIFF_HEADER if day >= UDIFF_SINCE else CLASSIC_HEADER
    name = ArchiveFile(Contents.SHARES, day).name.removesuffix(".zip")
    return zipped(name, "\n".join([header, *rows, ""]).encode())


def index_file(day: date, closes: Mapping[str, float]) -> bytes:
    """The index closes of a day; one index has a close alone, as in the real one."""
    rows = [
        f"{name},{day:%d-%m-%Y},{c},{c},{c},{c},1.5,.1,278590831,26877.28,20.88,3.5,1.37" for name, c in closes.items()
    ]
    rows.append(f"Nifty GS 10Yr,{day:%d-%m-%Y},-,-,-,2300.5,-,-,-,-,-,-,-")
    return "\n".join([INDEX_HEADER, *rows, ""]).encode()


def zipped(name: str, content: bytes) -> bytes:
    """A zip archive of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def weekdays(last: date, count: int) -> list[date]:
    """``count`` weekdays up to a day, the newest first."""
    days = (last - timedelta(days=back) for back in range(2 * count + 7))
    return [day for day in days if day.weekday() < 5][:count]


def _udiff_row(day: date, symbol: str, series: str, close: float, volume: int) -> str:
    return (
        f"{day},{day},CM,NSE,STK,1,INE000A01010,{symbol},{series},,,,,{symbol} LIMITED,{close},{close},{close},{close},"
        f"{close},{close},,{close},,,{volume},{close * volume:.2f},900,F1,1,,,,,"
    )


def _classic_row(day: date, symbol: str, series: str, close: float, volume: int) -> str:
    return (
        f"{symbol},{series},{close},{close},{close},{close},{close},{close},{volume},{close * volume:.2f},"
        f"{day:%d-%b-%Y},900,INE000A01010,"
    )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], nse: FakeNse) -> None:
        super().__init__(address, _Handler)
        self.nse = nse


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        nse = self.server.nse
        nse.asked.append(self.path)
        nse.agents.add(self.headers["User-Agent"])
        found = nse.files.get(self.path)
        status = nse.status if nse.status != 200 else 200 if found is not None else 404
        body = found if status == 200 and found is not None else MISSING_PAGE
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name of the base class
        """Tests read ``asked``."""
