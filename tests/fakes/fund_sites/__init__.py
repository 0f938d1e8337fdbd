"""AMFI's and the fund houses' sites on one local port, told apart by the Host header."""

from tests.fakes.fund_sites.pages import directory_page, flight_page, portfolio, scheme_file
from tests.fakes.fund_sites.server import Asked, FakeSites, Reply

__all__ = ["Asked", "FakeSites", "Reply", "directory_page", "flight_page", "portfolio", "scheme_file"]
