"""The way in by password, and out again."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.api.access import Access
from app.api.assets import load_assets
from app.api.passwords import password_matches
from app.api.screen import refuse
from app.bootstrap import Services
from app.domain.errors import RiskError
from app.store.logins import claim_attempt, clear_attempts

FREE_ATTEMPTS = {"address": 5, "everyone": 50}
"""Wrong passwords before waits begin: of one address, and of all together (many addresses, one attacker)."""


def login_blueprint(services: Services, access: Access) -> Blueprint:
    """Routes of the login to the screen; every POST is guarded by ``access``."""
    login = Blueprint("login", __name__, template_folder="../templates")
    settings = services.settings

    @login.context_processor
    def shell() -> dict[str, object]:
        return {"assets": load_assets(), "tab": "login"}

    login.register_error_handler(RiskError, refuse)

    @login.get("/login")
    def page() -> Response:
        if access.allowed():
            return go_to("screen.risk_tab")
        return login_page(services)

    @login.post("/login")
    def enter() -> Response:
        if access.password_hash is None:
            return login_page(services, "There is no password here; log in with Kite.", HTTPStatus.FORBIDDEN)
        wait = _claim(services)
        if wait is not None:
            answer = login_page(
                services, f"Too many wrong passwords. Try again in {wait} s.", HTTPStatus.TOO_MANY_REQUESTS
            )
            answer.headers["Retry-After"] = str(wait)
            return answer
        if not password_matches(request.form.get("password", ""), access.password_hash):
            return login_page(services, "That is not the password.", HTTPStatus.FORBIDDEN)
        with services.database.transaction() as connection:
            for subject in _subjects():
                clear_attempts(connection, subject)
        access.enter(access.password_proof)
        return go_to("screen.risk_tab")

    @login.post("/logout")
    def leave() -> Response:
        access.leave()
        return go_to("login.page" if settings.needs_login else "screen.risk_tab")

    return login


def _subjects() -> tuple[str, ...]:
    """By the address of the connection: a header that names another can be invented."""
    return (f"address {request.remote_addr}", "everyone")


def _claim(services: Services) -> int | None:
    """Seconds to wait; None when the password may be looked at."""
    now = services.now()
    with services.database.transaction() as connection:
        for subject, free in zip(_subjects(), FREE_ATTEMPTS.values(), strict=True):
            retry_at = claim_attempt(connection, subject, free, now)
            if retry_at is not None:
                return max(1, round((retry_at - now).total_seconds()))
    return None


def go_to(endpoint: str) -> Response:
    """On to a page, for a browser and for htmx alike."""
    address = url_for(endpoint)
    if "HX-Request" in request.headers:
        return Response(status=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": address})
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def with_origin(page: str, status: HTTPStatus) -> Response:
    """Browsers then name our own origin with a form, which our check wants to see; others still learn nothing."""
    answer = make_response(page, status)
    answer.headers["Referrer-Policy"] = "same-origin"
    return answer


def login_page(services: Services, complaint: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    """The page with what opens the screen here, and a complaint where there is one."""
    page = render_template("login.html", settings=services.settings, complaint=complaint)
    return with_origin(page, status)
