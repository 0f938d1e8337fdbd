"""45,000 damaged answers: every one is a typed error or sound data, and none is a false empty portfolio."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.kite import KiteRows, Positions
from app.domain.kite_errors import KiteError
from app.sources.kite import KiteSource
from app.sources.kite.transport import RawAnswer
from tests.fakes.kite.answers import PROFILE
from tests.fakes.kite.bad_answers import BAD_ANSWERS
from tests.fakes.kite.market import CSV_HEADER, empty_segment, holding_row
from tests.shared_data import ROOT
from tests.unit.sources.kite.stubs import JSON, always, raw, source_of

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
BODIES_A_QUESTION = 5000
STATUSES = (200,) * 12 + (500, 503, 403, 429, 400, 302, 204)
CONTENT_TYPES = (JSON,) * 9 + ("application/json; charset=utf-8", "text/html", "text/csv", "")
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    5,
    1e308,
    -1e308,
    10**400,
    "",
    "x",
    "NaN",
    "161.0",
    [],
    {},
    [[]],
    [None],
    {"a": 1},
)
FLOATS = (float("nan"), float("inf"), float("-inf"))

_HOLDINGS = [
    {**holding_row(symbol, "NSE", isin, 10, 1400.0), "instrument_token": token, "last_price": 15.0, "close_price": 14.0}
    for symbol, isin, token in (("INFY", "INE009A01021", 408065), ("SBIN", "INE062A01020", 779521))
]
_FUND = {
    "folio": "1",
    "fund": "A FUND",
    "tradingsymbol": "INF205K01NT8",
    "quantity": 3.5,
    "last_price": 84.86,
    "pnl": 0,
}
_POSITION = {
    "tradingsymbol": "INFY",
    "exchange": "NSE",
    "product": "CNC",
    "instrument_token": 408065,
    "multiplier": 1,
    "quantity": 5,
    "overnight_quantity": 5,
    "average_price": 1.0,
    "last_price": 2.0,
    "close_price": 3.0,
    "pnl": 5,
}
_QUOTE = {"instrument_token": 408065, "last_price": 15.0, "ohlc": {"close": 14.0}, "timestamp": "2026-11-23 10:00:00"}
_CANDLES = [[f"2026-11-{day:02d}T00:00:00+0530", 1.0, 2.0, 0.5, 1.5, 100] for day in (17, 18, 19)]
_SESSION = {**PROFILE, "access_token": "fresh", "login_time": "2026-11-23 08:00:00"}

Question = tuple[Callable[[KiteSource], object], Any, str]
QUESTIONS: dict[str, Question] = {
    "holdings": (KiteSource.holdings, _HOLDINGS, "holdings.json"),
    "funds": (KiteSource.mf_holdings, [_FUND, _FUND], "mf_holdings.json"),
    "positions": (KiteSource.positions, {"net": [_POSITION], "day": [_POSITION]}, "positions.json"),
    "margins": (KiteSource.margins, {"equity": empty_segment(5.0)}, "margins.json"),
    "profile": (KiteSource.profile, PROFILE, "profile.json"),
    "quote": (lambda source: source.quote(["NSE:INFY"]), {"NSE:INFY": _QUOTE}, "quote.json"),
    "candles": (
        lambda source: source.daily_candles(408065, date(2026, 11, 1), date(2026, 11, 23), NOW),
        {"candles": _CANDLES},
        "historical_oi.json",
    ),
    "session": (lambda source: source.generate_session("request", "secret"), _SESSION, "generate_session.json"),
}
_SHARE = "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE"
CSV_BODY = "\n".join((CSV_HEADER, _SHARE, _SHARE.replace("INFY", "TCS"), "")).encode()

_MEMBERS = st.sampled_from(["status", "data", "error_type", "message", "success"])
ENVELOPES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text('abc{}[]"\\ é', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_MEMBERS, inner, max_size=4),
    max_leaves=12,
).map(lambda value: json.dumps(value).encode())


def damaged_value(value: Any, rng: random.Random) -> Any:
    """The value with one place in it replaced, removed, doubled or emptied."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(sorted(value))
        rest = {name: member for name, member in value.items() if name != key}
        return rest if rng.random() < 0.15 else {**value, key: damaged_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        if rng.random() < 0.15:
            return value[:at] + value[at + 1 :]
        return [*value[:at], damaged_value(value[at], rng), *value[at + 1 :]]
    return rng.choice((*ODD, *FLOATS))


def damaged_bytes(body: bytes, rng: random.Random) -> bytes:
    """The bytes with a few places cut, overwritten, doubled or ended early."""
    data = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data) + 1)
        end = min(len(data), at + rng.randint(0, 12))
        data[at:end] = rng.choice(
            (b"", rng.randbytes(3), b'"', b"{", b"]", b"null", b"NaN", b"-", b"1e999", data[at:end] * 2)
        )
    return bytes(data[: rng.randrange(len(data) + 1)] if rng.random() < 0.1 else data)


def damaged_answer(body: bytes, rng: random.Random) -> RawAnswer:
    envelope = json.loads(body)
    for _ in range(rng.randint(0, 3)):
        envelope = damaged_value(envelope, rng)
    written = json.dumps(envelope).encode()
    damaged = damaged_bytes(written, rng) if rng.random() < 0.5 else written
    return RawAnswer(rng.choice(STATUSES), rng.choice(CONTENT_TYPES), damaged)


def bases(name: str) -> list[bytes]:
    """Our own answer to the question and, where it is here, the official mock."""
    _, data, mock = QUESTIONS[name]
    official = ROOT / "kite-mocks" / mock
    own = json.dumps({"status": "success", "data": data}).encode()
    return [own, official.read_bytes()] if official.exists() else [own]


def is_empty_book(result: object) -> bool:
    if isinstance(result, Positions):
        return not result.net.rows
    return isinstance(result, KiteRows) and not result.rows


def says_empty(answer: RawAnswer) -> bool:
    """By the bytes alone: success, and a list whose rows, if any, all own exactly nothing."""
    body = json.loads(answer.body)
    data = body["data"]
    rows = data["net"] if isinstance(data, dict) else data
    fields = ("quantity", "t1_quantity", "collateral_quantity")
    nothing = all(isinstance(row, dict) and all(row.get(name, 0) == 0 for name in fields) for row in rows)
    return answer.status == 200 and body["status"] == "success" and nothing


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_damaged_answer_is_a_typed_error_or_sound_data_and_never_a_false_empty_book(name: str) -> None:
    rng, ask = random.Random(f"kite {name}"), QUESTIONS[name][0]
    outcomes: Counter[str] = Counter()
    origins = bases(name)
    for number in range(BODIES_A_QUESTION):
        answer = damaged_answer(origins[number % len(origins)], rng)
        try:
            result = ask(source_of(always(answer)))
        except KiteError as error:
            outcomes[type(error).__name__] += 1
            continue
        outcomes["data"] += 1
        assert answer.status == 200
        if name in {"holdings", "funds", "positions"} and is_empty_book(result):
            assert says_empty(answer), answer
    assert outcomes["data"] > BODIES_A_QUESTION * 0.02
    assert {"KiteDataError", "KiteUnavailable", "LoginNeeded", "RateLimited", "BadRequest"} <= set(outcomes)


def test_a_damaged_instruments_file_is_a_typed_error_or_instruments() -> None:
    rng, read = random.Random("kite instruments"), 0
    for _ in range(BODIES_A_QUESTION):
        source = source_of(always(RawAnswer(200, "text/csv", damaged_bytes(CSV_BODY, rng))))
        try:
            read += len(source.instruments("NSE").rows)
        except KiteError:
            continue
    assert read > 0


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=200) | ENVELOPES, status=st.sampled_from([200, 200, 200, 400, 401, 403, 429, 500, 503]))
def test_any_bytes_at_all_are_a_typed_error(body: bytes, status: int) -> None:
    for ask, _, _ in QUESTIONS.values():
        with pytest.raises(KiteError):
            ask(source_of(always(RawAnswer(status, JSON, body))))


@pytest.mark.parametrize("name", [name for name, bad in BAD_ANSWERS.items() if bad.trouble is None and bad.body])
def test_a_bad_answer_cut_anywhere_is_still_a_typed_error(name: str) -> None:
    whole = raw(BAD_ANSWERS[name])
    for length in range(len(whole.body)):
        with pytest.raises(KiteError):
            source_of(always(RawAnswer(whole.status, whole.content_type, whole.body[:length]))).holdings()
