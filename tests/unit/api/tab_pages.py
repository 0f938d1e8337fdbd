"""Pages of the tabs of funds and of everything owned, over fakes."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient

from app.api.combined_screen import combined_screen_blueprint
from app.api.funds_screen import funds_blueprint
from app.api.screen import screen_blueprint
from tests.fakes.combined_reports import FakeCombined
from tests.fakes.equity_reports import FakeEquity, FakeServices
from tests.fakes.fund_reports import FakeFunds

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'


def tabs(funds: FakeFunds | None = None, combined: FakeCombined | None = None) -> FlaskClient:
    """A client of an app with every tab, without the guards."""
    app = Flask("tabs_under_test", static_folder=None)
    app.register_blueprint(screen_blueprint(FakeServices(FakeEquity())))
    app.register_blueprint(funds_blueprint((funds or FakeFunds()).desk()))
    app.register_blueprint(combined_screen_blueprint(combined or FakeCombined()))
    app.add_template_global(lambda: "token", "csrf_token")
    return app.test_client()


def page(address: str, funds: FakeFunds | None = None, combined: FakeCombined | None = None) -> str:
    """The page or fragment at an address."""
    answer = tabs(funds, combined).get(address)
    assert answer.status_code == 200
    return answer.text


def words(html: str) -> str:
    """The text a reader sees, white space folded."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def part(html: str, name: str) -> str:
    """One panel of a page, or a fragment whole."""
    start = html.index(f'id="{name}"')
    return html[start : html.find('<section class="card', start)]
