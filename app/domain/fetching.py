"""What a download from a public site brings, and the ways it can fail."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import RiskError


@dataclass(frozen=True, slots=True)
class Seen:
    """What a site told of a file when it was last downloaded; with it the site can answer "not changed"."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of a site. ``url`` is where the last redirect led; ``body`` is unpacked and empty if ``not_modified``.

    ``status`` is 200 to 299, or 304 when ``not_modified``.
    """

    url: str
    status: int
    body: bytes
    content_type: str
    seen: Seen
    not_modified: bool = False


class FetchError(RiskError):
    """Base: a download that did not come about. ``reason`` is one line for the reader; it names no secret."""

    exit_code = 8
    advice = "Download the file with your browser and import it."

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host}: {reason}.", self.advice)
        self.host = host
        self.reason = reason


class AddressRefused(FetchError):
    """Our own rules forbid the address, or what a redirect or the name service made of it. Asking again is no use."""


class NotPublished(FetchError):
    """The site says that there is no such file (404, 410)."""

    advice = "It may come later: the next run asks again."


class PageChanged(FetchError):
    """A page of the site is not as it was when its recipe was written."""


class SiteRefused(FetchError):
    """The site answers, and not with the file: it forbids it, its certificate is bad, the file is too large."""


class SiteUnavailable(FetchError):
    """The site is busy, slow or away, after all tries. ``retry_after`` are the seconds it asked for, if it did."""

    advice = "The next run asks again."

    def __init__(self, host: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(host, reason)
        self.retry_after = retry_after
