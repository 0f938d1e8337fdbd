"""The login to Kite as the whole app sees it: a state, never an exception. Nothing in here shows a secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.kite_errors import KiteError


@dataclass(frozen=True, slots=True)
class KiteCredentials:
    """Key and secret of a Kite Connect app. Both are left out of ``repr``."""

    api_key: str = field(repr=False)
    api_secret: str = field(repr=False)


class LoginStatus(StrEnum):
    """What stands between the app and Kite."""

    NOT_CONFIGURED = "not_configured"
    LOGIN_NEEDED = "login_needed"
    LOGGED_IN = "logged_in"


@dataclass(frozen=True, slots=True)
class LoginState:
    """``user_id`` and ``logged_in_at`` tell of the last login, also where it is over; ``expires_at`` is the first
    06:00 in India after it. ``reason`` says in a sentence why nobody is logged in; "" while somebody is.
    ``from_dashboard``: the token is that of the dashboard beside us, which does not say whose it is.
    """

    status: LoginStatus
    user_id: str | None = None
    logged_in_at: datetime | None = None
    expires_at: datetime | None = None
    reason: str = ""
    from_dashboard: bool = False

    @property
    def is_logged_in(self) -> bool:
        """True while Kite may be asked."""
        return self.status is LoginStatus.LOGGED_IN


class LoginRefused(KiteError):
    """A good login to Kite by somebody who may not use this app."""

    def __init__(self, user_id: str) -> None:
        super().__init__(f"Kite user {user_id} may not log in here.", "KITE_USER_IDS lists who may.")
