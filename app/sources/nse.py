"""NSE's public end-of-day archive: one file of shares and one of index closes a session, under addresses by date.

https://nsearchives.nseindia.com has them without a login, for years back. Prices and volumes are as traded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from urllib.parse import urlsplit

import numpy as np

from app import __version__
from app.domain.errors import InputFileError, SettingsError
from app.domain.fetching import NotPublished, SiteRefused
from app.domain.prices import PriceFile
from app.sources.polite_client import PoliteClient, Timing
from app.sources.price_files import parse_prices
from app.sources.public_sites import LOOPBACK, open_public, open_stand_in

ROOT = "https://nsearchives.nseindia.com"
UDIFF_SINCE = date(2024, 7, 8)
"""From this session on the file of shares is in the UDiFF format; the older format ends here."""
PER_SECOND = 3.0
SECONDS = 60.0
MAX_BYTES = 8 << 20
"""A day's file of shares has some 200 kB packed."""
HEADERS = {"User-Agent": f"Mozilla/5.0 (compatible; kite-portfolio-risk/{__version__}; reads each daily file once)"}
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
BENCHMARK = "NIFTY50"


class Contents(StrEnum):
    """What a file of a session holds."""

    SHARES = "shares"
    INDICES = "indices"


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """A file of the archive; there is one of each kind for every session."""

    contents: Contents
    day: date

    @property
    def name(self) -> str:
        """As NSE names it: unique, so that it tells what was read already."""
        return self.path.rpartition("/")[2]

    @property
    def path(self) -> str:
        """Below the root of the archive."""
        day = self.day
        if self.contents is Contents.INDICES:
            return f"/content/indices/ind_close_all_{day:%d%m%Y}.csv"
        if day >= UDIFF_SINCE:
            return f"/content/cm/BhavCopy_NSE_CM_0_0_0_{day:%Y%m%d}_F_0000.csv.zip"
        month = MONTHS[day.month - 1]
        return f"/content/historical/EQUITIES/{day.year}/{month}/cm{day:%d}{month}{day.year}bhav.csv.zip"


class NseArchive:
    """The archive under ``root``: NSE's own, a mirror by https, or a stand-in on this machine (http, no pace)."""

    def __init__(self, root: str = ROOT) -> None:
        """Raises SettingsError for a stand-in that is not just a name and a port."""
        parts = urlsplit(root)
        is_stand_in = parts.scheme == "http" and parts.hostname in LOOPBACK
        if is_stand_in and (parts.port is None or parts.path.strip("/")):
            raise SettingsError("NSE_ARCHIVE_ROOT on this machine must be like http://127.0.0.1:8080.")
        self._root = ROOT if is_stand_in else root
        self._host = urlsplit(self._root).hostname or ""
        self._client = PoliteClient(
            [self._host],
            opener=open_stand_in(root) if is_stand_in else open_public,
            timing=Timing(1000.0, SECONDS, sleep=lambda _: None) if is_stand_in else Timing(PER_SECOND, SECONDS),
            max_bytes=MAX_BYTES,
        )

    def fetch(self, file: ArchiveFile) -> bytes | None:
        """The file, or None where there is none: no session that day, or not published yet.

        Raises:
            FetchError: the archive can't be reached, refuses, or answers with a web page.
        """
        try:
            answer = self._client.get(self._root + file.path, headers=HEADERS)
        except NotPublished:
            return None
        if answer.body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
            raise SiteRefused(self._host, f"answers with a web page instead of {file.name}")
        return answer.body


def parse_archive(file: ArchiveFile, data: bytes, today: date) -> PriceFile:
    """The rows of a file as traded, all of the session that the file is named after.

    Raises InputFileError for a file that is cut short, of another day, or not what it should be.
    """
    prices = parse_prices(data, file.name, today)
    days = np.unique(prices.days)
    if days.tolist() != [file.day]:
        raise InputFileError(file.name, f"holds prices of {_named(days.tolist())}, not of {file.day}.", "Wait for it.")
    if file.contents is Contents.INDICES and BENCHMARK not in prices.symbols:
        raise InputFileError(file.name, "has no Nifty 50: it is not complete.", "Wait for the whole file.")
    return prices


def _named(days: Iterable[date]) -> str:
    return ", ".join(map(str, list(days)[:3])) or "no day"
