"""The login to Kite, from the settings page and back to it, and the key it needs."""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from app.api.access import ID_BYTES, Access
from app.api.assets import load_assets
from app.api.login import go_to, login_page, with_origin
from app.api.screen import refuse
from app.bootstrap import Services
from app.domain.errors import RiskError
from app.domain.kite_errors import KiteError
from app.domain.kite_login import KiteCredentials, LoginRefused, LoginStatus
from app.domain.market_hours import IST
from app.store.logins import save_state, take_state

TOKEN = re.compile(r"[A-Za-z0-9_-]{8,128}", re.ASCII)
KEY = re.compile(r"[A-Za-z0-9]{4,64}", re.ASCII)


def kite_login_blueprint(services: Services, access: Access) -> Blueprint:
    """Routes of login and logout at Kite; every POST is guarded by ``access``."""
    login = Blueprint("kite_login", __name__, template_folder="../templates")

    @login.context_processor
    def shell() -> dict[str, object]:
        return {"assets": load_assets(), "tab": "settings"}

    @login.app_context_processor
    def banner() -> dict[str, object]:
        return {"kite_banner": lambda: kite_banner(services, access)}

    login.register_error_handler(RiskError, refuse)

    @login.get("/settings")
    def settings() -> Response:
        return _settings_page(services)

    @login.post("/settings/kite")
    def save() -> Response:
        return _save_credentials(services)

    @login.post("/kite/login")
    def start() -> Response:
        return _begin(services, access)

    @login.get("/kite/callback")
    def callback() -> Response:
        return _callback_page()

    @login.post("/kite/session")
    def finish() -> Response:
        return _finish(services, access)

    @login.post("/kite/logout")
    def end() -> Response:
        services.kite.logout()
        return go_to("kite_login.settings")

    @login.get("/kite/banner")
    def banner_fragment() -> str:
        return kite_banner(services, access)

    return login


def kite_banner(services: Services, access: Access) -> Markup:
    """A line for the head of every page while nobody is logged in to Kite, and one while the clock is that of a
    demonstration; "" while neither is so or a stranger looks.

    A page without it is better than no page: a database that is not there has its own place to be reported.
    """
    try:
        if not access.allowed():
            return Markup()
        state = services.kite.state()
    except (RiskError, SQLAlchemyError):
        return Markup()
    needed = state.status is LoginStatus.LOGIN_NEEDED
    demo = services.now().astimezone(IST) if services.settings.clock_offset else None
    return Markup(render_template("_kite_banner.html", state=state, needed=needed, demo=demo))  # noqa: S704  a template's


def _save_credentials(services: Services) -> Response:
    key, secret = (request.form.get(name, "").strip() for name in ("api_key", "api_secret"))
    if services.kite.credentials_are_fixed:
        return _settings_page(services, "Key and secret come from the environment.", HTTPStatus.CONFLICT)
    if not (KEY.fullmatch(key) and KEY.fullmatch(secret)):
        complaint = "Key and secret are letters and digits, as Kite shows them."
        return _settings_page(services, complaint, HTTPStatus.BAD_REQUEST)
    services.kite.save_credentials(KiteCredentials(key, secret))
    return go_to("kite_login.settings")


def _begin(services: Services, access: Access) -> Response:
    state = secrets.token_urlsafe(ID_BYTES)
    try:
        address = services.kite.login_url(state)
    except KiteError as error:
        return _refused(services, access, str(error), HTTPStatus.CONFLICT)
    with services.database.transaction() as connection:
        save_state(connection, state, access.browser_id(), services.now())
    return make_response(redirect(address, HTTPStatus.SEE_OTHER))


def _callback_page() -> Response:
    """Changes nothing: shows the page that asks for the rest, as a request of our own with our cookie."""
    token, state = (request.args.get(name, "") for name in ("request_token", "state"))
    whole = bool(TOKEN.fullmatch(token) and TOKEN.fullmatch(state))
    status = HTTPStatus.OK if whole else HTTPStatus.BAD_REQUEST
    page = render_template("kite_callback.html", whole=whole, request_token=token, state=state)
    return make_response(page, status)


def _finish(services: Services, access: Access) -> Response:
    token, state = (request.form.get(name, "") for name in ("request_token", "state"))
    with services.database.transaction() as connection:
        expected = take_state(connection, state, access.browser_id(), services.now())
    if not expected:
        complaint = "This login was not begun in this browser, or it is too old or used up. Start it again from here."
        return _refused(services, access, complaint, HTTPStatus.FORBIDDEN)
    try:
        found = services.kite.finish_login(token)
    except LoginRefused as error:
        return _refused(services, access, str(error), HTTPStatus.FORBIDDEN)
    except KiteError as error:
        return _refused(services, access, str(error), HTTPStatus.BAD_GATEWAY)
    by_kite = f"kite:{found.user_id}"
    access.enter(by_kite if by_kite in access.proofs else access.granted_by())
    return go_to("kite_login.settings")


def _settings_page(services: Services, complaint: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
    state = services.kite.state()
    page = render_template(
        "settings.html",
        state=state,
        expires=state.expires_at.astimezone(IST) if state.expires_at else None,
        settings=services.settings,
        fixed=services.kite.credentials_are_fixed,
        callback=(services.settings.public_url or request.host_url.rstrip("/")) + url_for("kite_login.callback"),
        complaint=complaint,
    )
    return with_origin(page, status)


def _refused(services: Services, access: Access, complaint: str, status: HTTPStatus) -> Response:
    show = _settings_page if access.allowed() else login_page
    return show(services, complaint, status)
