"""What the sites show: AMFI's directory, pages of links, portfolios made on the spot."""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping, Sequence
from datetime import date

from tests.unit.sources.amc.portfolios import sheet
from tests.unit.sources.workbooks import workbook


def flight_page(data: str) -> str:
    """A Next.js page that streams this text to its scripts in two pieces."""
    middle = len(data) // 2
    pushes = "".join(
        f"<script>self.__next_f.push([1,{json.dumps(part)}])</script>" for part in (data[:middle], data[middle:])
    )
    return f"<!DOCTYPE html><html><body>{pushes}</body></html>"


def directory_page(pages: Mapping[int, tuple[str, str]]) -> str:
    """AMFI's directory: name and page of each fund house by AMFI's number."""
    members = [
        {"mf_id": number, "mf_name": name, "amc_monthly_portfolio_disclosure": page}
        for number, (name, page) in pages.items()
    ]
    return flight_page('3:["$","div",{"members":' + json.dumps(members) + ',"other":[]}]')


def links_page(links: Sequence[tuple[str, str]]) -> str:
    """A page of links: address and text of each."""
    items = "".join(f'<li><a href="{url}">{text}</a></li>' for url, text in links)
    return f"<html><body><ul>{items}</ul></body></html>"


def portfolio(scheme: str, month: date) -> list[list[str]]:
    """The cells of a month-end portfolio."""
    day = calendar.monthrange(month.year, month.month)[1]
    titles = (
        ["", f"{scheme} (An open ended equity scheme)"],
        ["", f"Monthly Portfolio Statement as on {month:%B} {day}, {month.year}"],
    )
    return sheet(titles=titles)


def scheme_file(month: date, *schemes: str) -> bytes:
    """An .xlsx with the portfolio of each scheme in a sheet of its own."""
    return workbook({f"S{at}": portfolio(scheme, month) for at, scheme in enumerate(schemes, start=1)})
