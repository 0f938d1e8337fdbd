from __future__ import annotations

import hashlib
import json
import traceback
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import SettingsError
from app.domain.kite_errors import (
    KiteDataError,
    KiteError,
    KiteUnavailable,
    LoginNeeded,
    PermissionRefused,
    RateLimited,
)
from app.sources.kite import KiteAddress, KiteSource
from app.sources.kite.transport import RawAnswer, Request
from tests.fakes.kite.bad_answers import BAD_ANSWERS
from tests.fakes.kite.market import holding_row
from tests.unit.sources.kite.stubs import JSON, StubTransport, always, raw, source_of, success

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EXPECTED: dict[str, type[KiteError]] = {
    **dict.fromkeys(("html 502", "503 unknown error_type", "500 without message"), KiteUnavailable),
    **dict.fromkeys(("500 success and empty", "500 error_type number", "500 error_type __doc__"), KiteUnavailable),
    **dict.fromkeys(("429 without error_type", "429 NetworkException", "429 html"), RateLimited),
    **dict.fromkeys(("403 TokenException", "403 without error_type", "403 list", "400 TokenException"), LoginNeeded),
}
"""By name of the answer; KiteDataError for all others."""
QUESTIONS: dict[str, Callable[[KiteSource], object]] = {
    "profile": KiteSource.profile,
    "margins": KiteSource.margins,
    "holdings": KiteSource.holdings,
    "positions": KiteSource.positions,
    "mf_holdings": KiteSource.mf_holdings,
    "quote": lambda source: source.quote(["NSE:INFY"]),
    "candles": lambda source: source.daily_candles(408065, date(2026, 11, 1), date(2026, 11, 23), NOW),
    "login": lambda source: source.generate_session("request", "secret"),
    "logout": KiteSource.invalidate_access_token,
}
ANSWERED = [name for name, bad in BAD_ANSWERS.items() if bad.trouble is None]


def infy(**changed: object) -> dict[str, object]:
    return {
        **holding_row("INFY", "NSE", "INE009A01021", 10, 1400.0),
        "instrument_token": 408065,
        "last_price": 1515.0,
        **changed,
    }


def query(request: Request) -> dict[str, Any]:
    return dict(request.params or {})


@pytest.mark.parametrize("name", ANSWERED)
def test_each_named_bad_answer_to_holdings_is_its_one_typed_error(name: str) -> None:
    with pytest.raises(KiteError) as caught:
        source_of(always(raw(BAD_ANSWERS[name]))).holdings()
    assert type(caught.value) is EXPECTED.get(name, KiteDataError)


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ANSWERED)
def test_each_named_bad_answer_to_any_question_is_a_typed_error(name: str, question: str) -> None:
    with pytest.raises(KiteError):
        QUESTIONS[question](source_of(always(raw(BAD_ANSWERS[name]))))


@pytest.mark.parametrize("name", ANSWERED)
def test_each_named_bad_answer_to_instruments_is_a_typed_error(name: str) -> None:
    with pytest.raises(KiteError):
        source_of(always(raw(BAD_ANSWERS[name]))).instruments("NSE")


def test_an_empty_book_is_believed_only_in_a_sound_answer() -> None:
    assert source_of(always(success([]))).holdings().rows == ()
    for status in (201, 400, 403, 429, 500, 503):
        with pytest.raises(KiteError):
            source_of(always(RawAnswer(status, JSON, b'{"status": "success", "data": []}'))).holdings()


def test_without_a_login_nothing_is_asked() -> None:
    for token in (None, "", "bad\ntoken", "bäd"):
        transport = always(success([]))
        with pytest.raises(LoginNeeded):
            source_of(transport, token).holdings()
        assert transport.requests == []


def test_after_one_refusal_nothing_more_is_asked_with_that_token() -> None:
    transport = always(raw(BAD_ANSWERS["403 TokenException"]))
    source = source_of(transport)
    for question in ("holdings", "margins", "quote", "candles"):
        with pytest.raises(LoginNeeded):
            QUESTIONS[question](source.within(20))
    assert len(transport.requests) == 1


def test_a_new_token_is_used_at_once() -> None:
    tokens = ["old"]
    refuse_old = StubTransport(
        lambda r: raw(BAD_ANSWERS["403 TokenException"]) if "old" in r.headers["Authorization"] else success([infy()])
    )
    source = KiteSource("key", lambda: tokens[-1], transport=refuse_old, pacing=refuse_old.time.pacing())
    with pytest.raises(LoginNeeded):
        source.holdings()
    tokens.append("new")
    assert len(source.holdings().rows) == 1


def test_the_profile_check_can_lift_a_refusal() -> None:
    answers = [raw(BAD_ANSWERS["403 list"]), success({"user_id": "AB1234"}), success([infy()])]
    transport = StubTransport(lambda _: answers.pop(0))
    source = source_of(transport)
    with pytest.raises(LoginNeeded):
        source.holdings()
    assert source.profile().user_id == "AB1234"
    assert len(source.holdings().rows) == 1


def test_a_refused_permission_does_not_stop_other_questions() -> None:
    refusal = RawAnswer(403, JSON, b'{"status": "error", "message": "x", "error_type": "PermissionException"}')
    transport = StubTransport(lambda r: refusal if "quote" in r.url else success([infy()]))
    source = source_of(transport)
    with pytest.raises(PermissionRefused):
        source.ltp(["NSE:INFY"])
    assert len(source.holdings().rows) == 1


@pytest.mark.parametrize(("call", "at_once"), [("quote", 500), ("ohlc", 1000), ("ltp", 1000)])
def test_many_quotes_are_asked_for_in_calls_of_the_allowed_size(call: str, at_once: int) -> None:
    def reply(request: Request) -> RawAnswer:
        return success({key: {"instrument_token": 1, "last_price": 2.0} for key in query(request)["i"]})

    transport = StubTransport(reply)
    keys = [f"NSE:S{number}" for number in range(2001)]
    quotes = getattr(source_of(transport), call)(keys)
    assert [f"NSE:{quote.symbol}" for quote in quotes.rows] == keys
    assert max(len(query(request)["i"]) for request in transport.requests) == at_once


def test_no_quotes_wanted_asks_nothing() -> None:
    transport = always(success({}))
    assert source_of(transport).ltp([]).rows == ()
    assert transport.requests == []


def test_a_long_history_is_asked_for_in_overlapping_spans_and_comes_as_one() -> None:
    days = [date(2010 + n // 12, 1 + n % 12, 15) for n in range(200)]

    def reply(request: Request) -> RawAnswer:
        first, last = (datetime.fromisoformat(query(request)[name]).date() for name in ("from", "to"))
        assert (last - first).days < 2000
        return success({"candles": [[f"{d}T00:00:00+0530", 1, 2, 1, 2, 5] for d in days if first <= d <= last]})

    transport = StubTransport(reply)
    series = source_of(transport).daily_candles(256265, days[0], days[-1], NOW)
    assert [candle.day for candle in series.candles] == days
    assert (series.conflicting, series.edge_holes, series.rejected) == ((), (), ())
    assert len(transport.requests) == 4


def test_the_login_address_carries_the_state_and_no_secret() -> None:
    address = urlsplit(source_of(always(success({}))).login_url("a&b=c"))
    parameters = parse_qs(address.query)
    assert (address.netloc, parameters["api_key"], parameters["v"]) == ("kite.zerodha.com", ["key"], ["3"])
    assert parse_qs(parameters["redirect_params"][0]) == {"state": ["a&b=c"]}


def test_a_login_sends_the_checksum_and_not_the_secret() -> None:
    answer = {"user_id": "AB1234", "access_token": "fresh", "login_time": "2026-11-23 08:00:00"}
    transport = always(success(answer))
    session = source_of(transport, None).generate_session("request", "secret")
    assert session.access_token == "fresh"
    sent = dict(transport.requests[0].form or {})
    assert sent["checksum"] == hashlib.sha256(b"keyrequestsecret").hexdigest()
    assert "secret" not in json.dumps(sent)


@pytest.mark.parametrize(
    "data", [{}, {"login_time": 5}, {"login_time": "x" * 19}, {"login_time": "9" * 19}, {"login_time": None}]
)
def test_a_login_answer_that_trips_the_client_is_a_data_error(data: dict[str, object]) -> None:
    with pytest.raises(KiteDataError):
        source_of(always(success(data)), None).generate_session("request", "secret")


def test_a_logout_ends_the_token_here_even_if_kite_does_not_answer() -> None:
    transport = always(RawAnswer(503, "", b""))
    source = source_of(transport)
    with pytest.raises(KiteUnavailable):
        source.invalidate_access_token()
    with pytest.raises(LoginNeeded):
        source.holdings()
    assert len(transport.requests) == 1


def test_a_cycle_shares_one_budget() -> None:
    transport = always(success([]))
    transport.took = 6.0
    start = transport.time.now
    cycle = source_of(transport).within(20.0)
    for _ in range(3):
        cycle.holdings()
    with pytest.raises(KiteUnavailable):
        cycle.holdings()
    with pytest.raises(KiteUnavailable):
        cycle.margins()
    assert transport.time.now <= start + 20.0


def test_the_source_refuses_an_address_without_tls() -> None:
    with pytest.raises(SettingsError):
        KiteSource("key", lambda: None, KiteAddress(api_root="http://api.kite.trade"))


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("name", ANSWERED)
def test_no_secret_shows_in_any_error_its_traceback_or_the_source(name: str, question: str) -> None:
    canaries = ("c4n4ryToken", "c4n4ryKey", "c4n4rySecret", "c4n4ryRequest")
    bad = BAD_ANSWERS[name]
    echoing = RawAnswer(
        bad.status, bad.content_type or "", bad.body.replace(b"Too many requests", canaries[0].encode())
    )
    transport = always(echoing)
    source = KiteSource(canaries[1], lambda: canaries[0], transport=transport, pacing=transport.time.pacing())
    ask = QUESTIONS[question] if question != "login" else lambda s: s.generate_session(canaries[3], canaries[2])
    with pytest.raises(KiteError) as caught:
        ask(source)
    shown = (
        "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(source) + repr(vars(caught.value))
    )
    assert not [canary for canary in canaries if canary in shown]
