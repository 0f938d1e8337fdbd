"""What every request and answer passes: the name it was asked under, and the headers it leaves with."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest

from app.settings import KITE_LOGIN_ROOT, LOOPBACK, Settings

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self' https://kite.zerodha.com; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def guard(app: Flask, settings: Settings) -> None:
    """Refuse requests for a host name that is not ours (a page elsewhere that had its name point here).

    Ours are this machine's, HOST and the one of RISK_PUBLIC_URL. Where other machines are served, any IP address too:
    nobody can have a number point elsewhere. Flask's own TRUSTED_HOSTS cuts IPv6 addresses at their first colon.
    """
    public = settings.public_url or ""
    trusted = LOOPBACK | {settings.host, urlsplit(public).hostname}
    headers = _headers(settings)

    @app.before_request
    def check_host() -> None:
        name = _host_name(request.environ.get("HTTP_HOST", ""))
        if name not in trusted and (settings.serves_loopback_only or not _is_address(name)):
            raise BadRequest("This address is not served here.")

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        if not request.path.startswith("/assets/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _headers(settings: Settings) -> dict[str, str]:
    """The fixed ones; a form may also lead to the Kite login page configured, and https once is https always."""
    login = urlsplit(settings.kite_login_root)
    kite = urlsplit(KITE_LOGIN_ROOT)
    policy = CONTENT_SECURITY_POLICY.replace(f"{kite.scheme}://{kite.netloc}", f"{login.scheme}://{login.netloc}")
    headers = {**HEADERS, "Content-Security-Policy": policy}
    if (settings.public_url or "").startswith("https://"):
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers


def _host_name(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None


def _is_address(name: str | None) -> bool:
    try:
        ip_address(name or "")
    except ValueError:
        return False
    return True
