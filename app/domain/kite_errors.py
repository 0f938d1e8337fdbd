"""Every way in which Kite can fail us, as one family. No message holds a secret, a holding or text that Kite sent."""

from __future__ import annotations

from typing import ClassVar

from app.domain.errors import RiskError


class KiteError(RiskError):
    """Base of all trouble with Kite. ``retryable`` is True where the same question may be answered a moment later."""

    exit_code = 5
    retryable: ClassVar[bool] = False


class LoginNeeded(KiteError):
    """There is no access token, or Kite refuses it: expired at 06:00, logged out, or logged in elsewhere."""

    exit_code = 6

    def __init__(self, message: str = "Kite refuses the access token.") -> None:
        super().__init__(message, "Log in to Kite again.")


class PermissionRefused(KiteError):
    """The login is good; this app or plan may not ask the question. Logging in again doesn't help."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Kite does not allow {what} with this API key.",
            "Market data and candles need the paid Connect plan; other price sources are used meanwhile.",
        )


class BadRequest(KiteError):
    """Kite, or the list of endpoints this app may use, refuses the question as put; asking again is pointless."""


class RateLimited(KiteError):
    """Kite answered 429. ``retry_after`` is its own wish in seconds, None where it named none."""

    retryable = True

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        super().__init__(f"Kite allows no more calls for {what} just now.", "The next run asks again.")
        self.retry_after = retry_after


class KiteUnavailable(KiteError):
    """Kite can't be reached, does not answer in time, or answers 5xx. What is stored stays valid and ages."""

    retryable = True

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(f"Kite can't answer {what}: {reason}.", "The next run asks again.")


class KiteUntrusted(KiteError):
    """The certificate of the server can't be verified. Verification is never switched off."""

    def __init__(self) -> None:
        super().__init__(
            "The server that answers for Kite has no certificate this machine trusts; nothing was sent.",
            "Check the clock, the proxy and REQUESTS_CA_BUNDLE.",
        )


class KiteDataError(KiteError):
    """Kite answered and the answer is not what its documentation promises. Nothing of it was used."""

    def __init__(self, what: str, reason: str) -> None:
        super().__init__(
            f"Kite's answer to {what} can't be used: {reason}.", "What is stored stays; asked again later."
        )
