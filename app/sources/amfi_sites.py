"""AMFI's addresses, and one free mirror of its NAV history. Each fetch is one or a few downloads; parsing is elsewhere.

``get`` is the polite client's: it keeps to the hosts it was given, to a pace, and to a size.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from app.domain.fetching import Fetched

Get = Callable[[str], Fetched]

AMFI = "www.amfiindia.com"
PORTAL = "portal.amfiindia.com"
MIRROR = "api.mfapi.in"
HOSTS = (AMFI, PORTAL, MIRROR)
TRACKING = {"error": "tracking-error-data?MF_ID=all&strdt=", "difference": "tracking-difference?MF_ID=all&date="}


def fetch_navall(get: Get) -> bytes:
    """The list of all schemes with their newest NAV, about 1.5 MB. Raises FetchError, as all here."""
    return get(f"https://{PORTAL}/spages/NAVAll.txt").body


def fetch_navs_of_day(get: Get, day: date) -> bytes:
    """AMFI's NAVs of all schemes of one day."""
    return get(f"https://{PORTAL}/DownloadNAVHistoryReport_Po.aspx?frmdt={day:%d-%b-%Y}").body


def fetch_nav_history(get: Get, amfi_code: int) -> bytes:
    """The whole history of one scheme as JSON, from the mirror: AMFI itself gives a day of all schemes at a time."""
    return get(f"https://{MIRROR}/mf/{amfi_code}").body


def fetch_ter(get: Get, month: date) -> bytes:
    """AMFI's spreadsheet of the expense ratios of a month: a row a scheme and day."""
    query = f"MF_ID=All&Month={month:%m-%Y}&strCat=-1&strType=-1&excel=true"
    return get(f"https://{AMFI}/api/populate-te-rdata-revised?{query}").body


def fetch_tracking(get: Get, kind: str, day: date) -> bytes:
    """AMFI's tracking errors (``error``) of a month, by its last day, or ``difference`` of one, by its first."""
    said = month_end(day) if kind == "error" else day.replace(day=1)
    return get(f"https://{AMFI}/api/{TRACKING[kind]}{said:%d-%b-%Y}").body


def month_end(day: date) -> date:
    """The last day of the month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
