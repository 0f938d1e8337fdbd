"""What every request and answer passes: the name it was asked under, and the headers it leaves with."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest

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


def guard(app: Flask, trusted_hosts: Collection[str] | None) -> None:
    """Refuse requests for another host name (a page elsewhere that had its name point here); None trusts all.

    Flask's own TRUSTED_HOSTS cuts IPv6 addresses at their first colon.
    """

    @app.before_request
    def check_host() -> None:
        if trusted_hosts is not None and _host_name(request.environ.get("HTTP_HOST", "")) not in trusted_hosts:
            raise BadRequest("This address is not served here.")

    app.after_request(_with_headers)


def _host_name(header: str) -> str | None:
    try:
        return urlsplit(f"//{header}").hostname
    except ValueError:
        return None


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if not request.path.startswith("/assets/"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
