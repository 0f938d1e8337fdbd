"""Judging an answer before the Kite client sees it: the status first, then the type, then the envelope. Pure."""

from __future__ import annotations

import json

from app.domain.kite_errors import (
    BadRequest,
    KiteDataError,
    KiteError,
    KiteUnavailable,
    LoginNeeded,
    PermissionRefused,
    RateLimited,
)
from app.sources.kite.endpoints import Endpoint
from app.sources.kite.transport import RawAnswer

LONGEST_RETRY_AFTER = 3600.0


def read_answer(endpoint: Endpoint, answer: RawAnswer) -> object:
    """The ``data`` of a sound answer, of the endpoint's type; for a CSV endpoint the body.

    Raises the KiteError that fits any other answer. A status other than 200 is an error whatever the body says, and a
    401 or 403 of unknown shape is a refused token: "could not check" never passes for "still logged in".
    """
    if answer.status != 200:
        raise _refusal(endpoint, answer)
    if endpoint.data is bytes:
        if "csv" not in answer.content_type.lower():
            raise _wrong_body(endpoint, answer, "CSV")
        return answer.body
    if "json" not in answer.content_type.lower():
        raise _wrong_body(endpoint, answer, "JSON")
    return _open_envelope(endpoint, _parse(answer.body))


def _refusal(endpoint: Endpoint, answer: RawAnswer) -> KiteError:
    status = answer.status
    if status == 429:
        return RateLimited(endpoint.name, _seconds(answer.retry_after))
    if status >= 500:
        return KiteUnavailable(endpoint.name, f"it answers HTTP {status}")
    named = _named_error(endpoint, _parse(answer.body))
    if status in (401, 403):
        return named if isinstance(named, PermissionRefused) else LoginNeeded()
    if 400 <= status < 500:
        return named if isinstance(named, LoginNeeded | PermissionRefused) else _bad_request(endpoint)
    return KiteDataError(endpoint.name, f"it came with HTTP {status}")


def _wrong_body(endpoint: Endpoint, answer: RawAnswer, wanted: str) -> KiteError:
    return _named_error(endpoint, _parse(answer.body)) or KiteDataError(endpoint.name, f"it is not {wanted}")


def _open_envelope(endpoint: Endpoint, body: object) -> object:
    named = _named_error(endpoint, body)
    if named is not None:
        raise named
    if not isinstance(body, dict):
        raise KiteDataError(endpoint.name, "it is not a JSON object")
    if body.get("status") != "success":
        raise KiteDataError(endpoint.name, "it does not say that it succeeded")
    data = body.get("data")
    if type(data) is not endpoint.data:
        raise KiteDataError(endpoint.name, 'it has no usable "data"')
    return data


def _parse(body: bytes) -> object:
    """The JSON value of a body, None where it is none. NaN and Infinity pass: the row readers refuse them singly."""
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value


def _named_error(endpoint: Endpoint, body: object) -> KiteError | None:
    """The error that a body names with ``error_type``; None for a body that names none."""
    if not isinstance(body, dict) or not body.get("error_type"):
        return None
    match body["error_type"]:
        case "TokenException":
            return LoginNeeded()
        case "PermissionException":
            return PermissionRefused(endpoint.name)
        case "InputException":
            return _bad_request(endpoint)
        case "NetworkException" | "DataException":
            return KiteUnavailable(endpoint.name, "its own systems are down")
        case _:
            return KiteDataError(endpoint.name, "it is an error of unknown kind")


def _bad_request(endpoint: Endpoint) -> KiteError:
    return BadRequest(f"Kite refuses the way {endpoint.name} were asked for.", "Report this: it is a fault of the app.")


def _seconds(retry_after: str) -> float | None:
    """Retry-After in whole seconds; its date form and nonsense count as absent."""
    text = retry_after.strip()
    return min(float(text), LONGEST_RETRY_AFTER) if text.isascii() and text.isdigit() else None
