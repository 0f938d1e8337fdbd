"""Who may see what: web sessions, one rule for every route, and proof that a change was asked for by our own page."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cached_property
from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, redirect, request, url_for
from werkzeug.exceptions import Forbidden

from app.api.errors import problem
from app.api.passwords import hash_password
from app.bootstrap import Services
from app.store.logins import SESSION_LIFE, end_session, find_session, start_session
from app.store.secrets import install_id

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ID_BYTES = 32
FORM_TOKEN = "csrf_token"  # noqa: S105  the name of a form field
TOKEN_HEADER = "X-CSRF-Token"  # noqa: S105
BACK_FROM_KITE = "kite_login.callback"
"""The one page that may be asked for from another site. No SameSite=Strict cookie comes along, so it knows nobody and
gives no cookie either: that would replace the one which the login was begun with."""
OPEN_TO_ALL = frozenset(
    {"screen.asset_file", "health.health", "login.page", "login.enter", "login.leave", BACK_FROM_KITE}
)
OPEN_WITH_KITE_LOGIN = frozenset({"kite_login.start", "kite_login.finish"})
"""Open where a Kite login on the list opens the screen."""
BROWSER_HEADERS = frozenset({"Cookie", "Origin", "Referer"})
"""With those that begin with Sec-Fetch-: no browser that is made to change something by another site sends none."""
HOW_TO_ASK = (
    "A program leaves out Cookie, Origin, Referer and Sec-Fetch-Site. With the cookie of a login it also sends the "
    f"header {TOKEN_HEADER}: the {FORM_TOKEN} in the forms of a page that was asked for with that cookie."
)
STATE_IS_THE_TOKEN = frozenset({"kite_login.finish"})
"""Asked for by that page, into which no session's token can be written. The one-time state, bound to this browser, is
at least as good a token."""
EXTENSION = "risk_access"


class Access:
    """The rules, over the request at hand.

    A browser is known by a random id in a cookie. The id means something only while the store holds a session for it:
    after a login, never before, and always a new id.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        settings = services.settings
        self._is_https = (settings.public_url or "").startswith("https://")
        self.cookie = "__Host-risk_session" if self._is_https else "risk_session"

    def allowed(self) -> bool:
        """Whether who asks may see the book: true for everyone where only this machine is served."""
        if not self._services.settings.needs_login:
            return True
        if "is_allowed" not in g:
            g.is_allowed = self.granted_by() is not None
        return bool(g.is_allowed)

    def granted_by(self) -> str | None:
        """The proof behind the session of this request, if it still holds: a password that was changed or a Kite user
        taken from the list ends its sessions.
        """
        session_id = request.cookies.get(self.cookie)
        if not session_id:
            return None
        services = self._services
        with services.database.transaction() as connection:
            granted_by = find_session(connection, session_id, services.now())
        return granted_by if granted_by in self.proofs else None

    @property
    def proofs(self) -> frozenset[str]:
        """What opens the screen: the present password, and the Kite users on the list."""
        users = {f"kite:{user_id}" for user_id in self._services.settings.kite_user_ids}
        return frozenset(users | ({self.password_proof} if self._services.settings.has_password else set()))

    @cached_property
    def password_hash(self) -> str | None:
        """The hash to check against. Of a password in a file it is made with the installation's own salt, so that
        sessions outlive a restart and not a change.
        """
        settings = self._services.settings
        if settings.password_hash or settings.password is None:
            return settings.password_hash
        with self._services.database.transaction() as connection:
            salt = install_id(connection).bytes
        return hash_password(settings.password, salt)

    @property
    def password_proof(self) -> str:
        """Names the present password without telling anything of it."""
        return "password:" + hashlib.sha256((self.password_hash or "").encode()).hexdigest()

    def browser_id(self) -> str:
        """The id of the browser; one without gets it with the answer."""
        if "browser_id" not in g:
            g.browser_id = request.cookies.get(self.cookie) or self._hand_out()
        return str(g.browser_id)

    def form_token(self) -> str:
        """What a form of this browser carries as ``csrf_token`` (or a request as X-CSRF-Token). It follows from the
        id, which no page and no script can read, and tells nothing of it.
        """
        return hmac.new(self.browser_id().encode(), b"form token", hashlib.sha256).hexdigest()

    def enter(self, proof: str | None) -> None:
        """A login succeeded: a new id, with a session where there is a proof; the old id ends."""
        services = self._services
        old = request.cookies.get(self.cookie)
        g.pop("is_allowed", None)
        g.browser_id = self._hand_out()
        with services.database.transaction() as connection:
            if old:
                end_session(connection, old)
            if proof:
                start_session(connection, g.browser_id, proof, services.now())

    def leave(self) -> None:
        """The session ends, here and now."""
        self.enter(None)

    def check(self) -> Response | None:
        """Before every request: forged changes are refused, strangers sent to the login."""
        if _is_link_from_elsewhere():
            return _ask_again()
        if request.method not in SAFE_METHODS and request.endpoint is not None:
            reason = self._why_forged()
            if reason is not None:
                return _refuse(reason)
        if self._is_open() or self.allowed():
            return None
        return _ask_for_login()

    def send_id(self, response: Response) -> Response:
        """After every request: the cookie, where its id is new."""
        if "new_browser_id" in g and request.endpoint != BACK_FROM_KITE:
            response.set_cookie(
                self.cookie,
                g.new_browser_id,
                max_age=SESSION_LIFE,
                secure=self._is_https,
                httponly=True,
                samesite="Strict",
            )
        return response

    def _hand_out(self) -> str:
        g.new_browser_id = secrets.token_urlsafe(ID_BYTES)
        return str(g.new_browser_id)

    def _is_open(self) -> bool:
        endpoint = request.endpoint
        by_kite = bool(self._services.settings.kite_user_ids)
        return endpoint in OPEN_TO_ALL or (by_kite and endpoint in OPEN_WITH_KITE_LOGIN)

    def _why_forged(self) -> str | None:
        """Why this change may have been asked for by a page that is not ours; None where it can't have been."""
        if _is_api() and not _is_by_a_browser():
            return None
        if not _comes_from_our_page(self._services.settings.public_url):
            return "This was not asked for by a page of this app."
        if request.endpoint in STATE_IS_THE_TOKEN:
            return None
        given = request.headers.get(TOKEN_HEADER) or request.form.get(FORM_TOKEN, "")
        if not request.cookies.get(self.cookie) or not hmac.compare_digest(given.encode(), self.form_token().encode()):
            return "The page was too old or from elsewhere. Open it again and repeat."
        return None


def control_access(app: Flask, services: Services) -> Access:
    """Put the rules before every route of the app and ``csrf_token()`` into its templates."""
    access = Access(services)
    app.extensions[EXTENSION] = access
    app.before_request(access.check)
    app.after_request(access.send_id)
    app.add_template_global(access.form_token, FORM_TOKEN)
    return access


def is_allowed() -> bool:
    """Whether who sends the current request may see the book; for sockets, which pass no route."""
    access: Access = current_app.extensions[EXTENSION]
    return access.allowed()


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _is_by_a_browser() -> bool:
    """Whether this may come from a browser: also from a program that has its cookie."""
    return any(name in BROWSER_HEADERS or name.startswith("Sec-Fetch-") for name in request.headers.keys())  # noqa: SIM118


def _refuse(reason: str) -> Response:
    if _is_api():
        return problem(HTTPStatus.FORBIDDEN, reason, remedy=HOW_TO_ASK)
    raise Forbidden(reason)


def _comes_from_our_page(public_url: str | None) -> bool:
    """By what browsers add and pages can't change. Ports are part of an origin, unlike of a site. A program that is
    no browser sends neither.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        return False
    if origin is None or (origin == "null" and site == "same-origin"):  # null: by Referrer-Policy no-referrer
        return True
    if public_url is not None and urlsplit(public_url).netloc == request.host:
        return origin == public_url
    return origin == public_url or urlsplit(origin).netloc == request.host


def _is_link_from_elsewhere() -> bool:
    """A browser following a link on another site, which leaves our SameSite=Strict cookie at home."""
    fetch = (request.headers.get(f"Sec-Fetch-{name}") for name in ("Site", "Mode"))
    return request.method == "GET" and tuple(fetch) == ("cross-site", "navigate") and request.endpoint != BACK_FROM_KITE


def _ask_again() -> Response:
    """An empty page that asks for the same itself: that request comes from our own site, with the cookie. The address
    differs, because browsers take the same one for a reload of the foreign link.
    """
    path = url_for(request.endpoint, **(request.view_args or {})) if request.endpoint else "/"
    again = path if request.args else f"{path}?here"
    return Response("", headers={"Refresh": f"0; url={again}"}, content_type="text/html; charset=utf-8")


def _ask_for_login() -> Response:
    if _is_api():
        return problem(HTTPStatus.UNAUTHORIZED, "This is shown only after a login.", remedy="Open /login.")
    if request.method not in SAFE_METHODS or "HX-Request" in request.headers or request.path.endswith(".json"):
        return Response("401 Unauthorized\n", HTTPStatus.UNAUTHORIZED, {"HX-Redirect": "/login"}, "text/plain")
    return redirect("/login", HTTPStatus.SEE_OTHER)  # type: ignore[return-value]
