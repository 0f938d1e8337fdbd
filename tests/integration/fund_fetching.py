"""The fund houses' sites of one month, and a fetcher that asks them here instead of outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, datetime

from app.Boilerplate import Boilerplate
from app.domain.fund_holdings import FundBook, FundHolding
from app.domain.schemes import AmfiScheme, Option, Plan
from app.risk.MFHoldingsFetcher import MFHoldingsFetcher
from app.sources.fund_recipes import load_recipes
from app.sources.polite_client import PoliteClient, Timing
from app.sources.public_sites import open_stand_in
from app.sources.yahoo_funds import TopPosition
from app.store.fund_holdings import save_fund_book
from app.store.schemes import save_schemes
from tests.fakes.fund_sites import FakeSites, directory_page, scheme_file
from tests.fakes.fund_sites.pages import links_page

TODAY = date(2026, 11, 20)
OCTOBER, SEPTEMBER = date(2026, 10, 1), date(2026, 9, 1)
RECIPES = {recipe.house: recipe for recipe in load_recipes()}
SBI, HDFC, PPFAS = "SBI Mutual Fund", "HDFC Mutual Fund", "PPFAS Mutual Fund"
HDFC_SCHEMES = ("HDFC Flexi Cap Fund", "HDFC Mid Cap Fund", "HDFC Small Cap Fund")
SBI_LIST, SBI_FILE = "www.sbimf.com/ajaxcall/CMS/GetSchemePortfolioSheets", "www.sbimf.com/docs/all.xlsx"
HDFC_LIST = "cms.hdfcfund.com/en/hdfc/api/v2/disclosures/monthfortportfolio"
PPFAS_LIST, PPFAS_FILE = "amc.ppfas.com/downloads/portfolio-disclosure/", "amc.ppfas.com/d/"
DIRECTORY = "www.amfiindia.com/online-center/portfolio-disclosure"


class FakeYahoo:
    """Largest positions by ISIN."""

    def __init__(self) -> None:
        self.positions: dict[str, tuple[TopPosition, ...]] = {}
        self.asked: list[str] = []

    def top_positions(self, isin: str) -> tuple[TopPosition, ...]:
        self.asked.append(isin)
        return self.positions.get(isin, ())


def make_fetcher(
    database: Boilerplate,
    sites: FakeSites,
    now: Callable[[], datetime],
    houses: Iterable[str] = (SBI, HDFC, PPFAS),
    seconds: float = 1.0,
    yahoo: FakeYahoo | None = None,
) -> MFHoldingsFetcher:
    """A fetcher that knows these houses; a site that does not answer is given up soon and without pauses."""
    timing = Timing(per_second=10_000.0, seconds=seconds, sleep=lambda _seconds: None)
    opener = open_stand_in(sites.root)
    return MFHoldingsFetcher(
        database,
        lambda hosts: PoliteClient(hosts, opener=opener, timing=timing),
        yahoo or FakeYahoo(),
        now,
        tuple(RECIPES[house] for house in houses),
    )


def publish(sites: FakeSites, month: date = OCTOBER) -> None:
    """AMFI's directory, and three houses that have published the month."""
    known = {RECIPES[house].amfi_id: (house, RECIPES[house].page) for house in (SBI, HDFC, PPFAS)}
    sites.put(DIRECTORY, directory_page(known))
    publish_sbi(sites, month)
    publish_hdfc(sites, month)
    publish_ppfas(sites, month)


def publish_sbi(sites: FakeSites, month: date = OCTOBER) -> None:
    """One workbook of two schemes."""
    sites.put(SBI_LIST, links_page([("/docs/all.xlsx", f"All Schemes Monthly Portfolio {month:%B %Y}")]))
    sites.put(SBI_FILE, scheme_file(month, "SBI Contra Fund", "SBI Blue Chip Fund"))


def publish_hdfc(sites: FakeSites, month: date = OCTOBER) -> None:
    """A workbook for each of three schemes."""
    files = [
        {"title": f"Monthly {scheme} - 31 {month:%B %Y}", "file": {"url": f"https://{hdfc_file(at)}"}}
        for at, scheme in enumerate(HDFC_SCHEMES)
    ]
    sites.put(HDFC_LIST, json.dumps({"data": {"files": files}}))
    for at, scheme in enumerate(HDFC_SCHEMES):
        sites.put(hdfc_file(at), scheme_file(month, scheme))


def hdfc_file(at: int) -> str:
    """Where the workbook of a scheme is."""
    return f"files.hdfcfund.com/{at}.xlsx"


def publish_ppfas(sites: FakeSites, month: date = OCTOBER) -> None:
    """A page of links with a workbook named .xls."""
    name = f"PPFAS_Monthly_Portfolio_Report_{month:%B}_{month:%Y}.xls"
    sites.put(PPFAS_LIST, links_page([(f"/d/{name}", "Monthly")]))
    sites.put(f"{PPFAS_FILE}{name}", scheme_file(month, "Parag Parikh Flexi Cap Fund"))


def hold(database: Boilerplate, isin: str, house: str, scheme: str) -> None:
    """Units of one fund in the book, and AMFI's row of it."""
    row = AmfiScheme(119800, isin, None, scheme, house, "Equity", scheme, Plan.DIRECT, Option.GROWTH, 100.0, TODAY)
    with database.transaction() as connection:
        save_schemes(connection, [row], TODAY)
        save_fund_book(connection, FundBook((FundHolding(isin, None, scheme, 10.0),), "console", TODAY))
