"""The official client, wired to go out through our gate and to leave the shaping of answers to our readers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from kiteconnect import KiteConnect  # type: ignore[import-untyped]

from app.sources.kite.gate import GatedSession

API_ROOT = "https://api.kite.trade"
LOGIN_ROOT = "https://kite.zerodha.com/connect/login"


@dataclass(frozen=True, slots=True)
class KiteAddress:
    """Where Kite is: ``api_root`` for the API (KITE_API_ROOT), ``login_root`` for the page where a person logs in."""

    api_root: str = API_ROOT
    login_root: str = LOGIN_ROOT


class GatedClient(KiteConnect):  # type: ignore[misc]
    """KiteConnect for one call.

    The three hooks by which the client shapes an answer return it untouched: they raise on the first odd row, and one
    odd row must not cost the others.
    """

    def __init__(self, address: KiteAddress, api_key: str, access_token: str | None, session: GatedSession) -> None:
        super().__init__(api_key, access_token=access_token, root=address.api_root)
        self._default_login_uri = address.login_root
        self.reqsession = session

    def __repr__(self) -> str:
        return "GatedClient()"

    def login_address(self, state: str) -> str:
        """The login page; Kite hands ``state`` back to the callback as a parameter of that name."""
        return f"{self.login_url()}&redirect_params={quote(urlencode({'state': state}), safe='')}"

    def _format_response(self, data: Any) -> Any:
        return data

    def _format_historical(self, data: Any) -> Any:
        return data

    def _parse_instruments(self, data: Any) -> Any:
        return data
