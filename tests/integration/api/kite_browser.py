"""A person at a browser in front of the app and a fake Kite: cookies, forms and redirects as browsers treat them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Origin": "null"}
FROM_KITE = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
COOKIE = "risk_session"


@dataclass
class Clock:
    """Time as the test says."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Browser:
    """Sends its SameSite=Strict cookies except with what another site asked for."""

    client: FlaskClient
    seen: list[TestResponse] = field(default_factory=list)

    def get(self, path: str) -> TestResponse:
        return self._keep(self.client.get(path, headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}))

    def submit(self, page: str, action: str, **fields: str) -> TestResponse:
        """Open a page and send the form on it that leads to ``action``."""
        return self.post(action, **hidden_fields(self.get(page).text, action), **fields)

    def form_token(self) -> str:
        """What a form of our own carries."""
        return hidden_fields(self.get("/settings").text, "/settings/kite")["csrf_token"]

    def post(self, action: str, **fields: str) -> TestResponse:
        return self._keep(self.client.post(action, data=fields, headers=SAME_ORIGIN))

    def visit_kite(self, kite_page: str) -> str:
        """Log in there; returns where Kite sends the person."""
        answer = requests.get(kite_page, allow_redirects=False, timeout=20)
        address = urlsplit(answer.headers["Location"])
        return f"{address.path}?{address.query}"

    def come_back(self, callback: str) -> TestResponse:
        """Kite's redirect: no strict cookie goes with it."""
        stranger = self.client.application.test_client()
        answer = stranger.get(callback, headers=FROM_KITE)
        assert "Set-Cookie" not in answer.headers
        return self._keep(answer)

    def log_in_to_kite(self, page: str = "/settings") -> TestResponse:
        """All of it, from the button to the answer of the last form."""
        landing = self.come_back(self.visit_kite(self.submit(page, "/kite/login").headers["Location"]))
        return self.post("/kite/session", **hidden_fields(landing.text, "/kite/session"))

    @property
    def cookie(self) -> str | None:
        found = self.client.get_cookie(COOKIE)
        return found.value if found else None

    def _keep(self, answer: TestResponse) -> TestResponse:
        self.seen.append(answer)
        return answer


def hidden_fields(page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that leads to ``action``."""
    form = next((form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{action}"' in form), "")
    assert form, f"there is no form to {action}"
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def query_of(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
