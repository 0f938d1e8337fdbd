from __future__ import annotations

import pytest

from app.domain.kite_errors import (
    BadRequest,
    KiteDataError,
    KiteError,
    KiteUnavailable,
    KiteUntrusted,
    LoginNeeded,
    PermissionRefused,
    RateLimited,
)
from app.sources.kite.endpoints import find_endpoint
from app.sources.kite.gate import Gate
from app.sources.kite.transport import RawAnswer, Request
from tests.unit.sources.kite.stubs import JSON, ManualTime, StubTransport, always, success

FOREVER = float("inf")
HOLDINGS = Request("GET", "https://api.kite.trade/portfolio/holdings", {})
LTP = Request("GET", "https://api.kite.trade/quote/ltp", {})


def gate_over(transport: StubTransport, chance: float = 0.5) -> Gate:
    return Gate(transport, transport.time.pacing(chance))


def in_turn(*answers: RawAnswer) -> StubTransport:
    queue = list(answers)
    return StubTransport(lambda _: queue.pop(0))


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_passing_trouble_is_tried_three_times_and_then_told(status: int) -> None:
    transport = always(RawAnswer(status, JSON, b""))
    with pytest.raises(KiteError) as caught:
        gate_over(transport).ask(HOLDINGS, FOREVER)
    assert isinstance(caught.value, RateLimited if status == 429 else KiteUnavailable)
    assert len(transport.requests) == 3


def test_the_third_try_can_still_succeed() -> None:
    transport = in_turn(RawAnswer(503, "", b""), RawAnswer(429, "", b""), success([7]))
    assert gate_over(transport).ask(HOLDINGS, FOREVER) == [7]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (RawAnswer(403, JSON, b""), LoginNeeded),
        (RawAnswer(403, JSON, b'{"error_type": "PermissionException"}'), PermissionRefused),
        (RawAnswer(400, JSON, b""), BadRequest),
        (RawAnswer(200, JSON, b"null"), KiteDataError),
        (KiteUntrusted(), KiteUntrusted),
    ],
)
def test_what_asking_again_can_not_mend_is_asked_once(answer: RawAnswer | KiteError, expected: type[KiteError]) -> None:
    transport = always(answer)
    with pytest.raises(expected):
        gate_over(transport).ask(HOLDINGS, FOREVER)
    assert len(transport.requests) == 1


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_login_or_logout_is_sent_once_only(method: str) -> None:
    transport = always(RawAnswer(503, "", b""))
    with pytest.raises(KiteUnavailable):
        gate_over(transport).ask(Request(method, "https://api.kite.trade/session/token", {}), FOREVER)
    assert len(transport.requests) == 1


def test_waits_between_tries_grow_and_are_jittered() -> None:
    def waits(chance: float) -> list[float]:
        transport = always(RawAnswer(503, "", b""))
        with pytest.raises(KiteUnavailable):
            gate_over(transport, chance).ask(HOLDINGS, FOREVER)
        return transport.time.slept

    early, late = waits(0.0), waits(0.999)
    assert early[1] == pytest.approx(2 * early[0])
    assert late[0] > 2 * early[0]


def test_retry_after_is_obeyed() -> None:
    transport = in_turn(RawAnswer(429, "", b"", "4"), success([]))
    gate_over(transport).ask(HOLDINGS, FOREVER)
    assert transport.at[1] - transport.at[0] >= 4.0


def test_a_wish_to_wait_longer_than_the_budget_ends_the_call_at_once() -> None:
    transport = always(RawAnswer(429, "", b"", "600"))
    with pytest.raises(RateLimited):
        gate_over(transport).ask(HOLDINGS, FOREVER)
    assert transport.time.slept == []


def test_after_a_429_calls_leave_at_half_the_pace() -> None:
    transport = in_turn(success({}), success({}), RawAnswer(429, "", b""), success({}), success({}))
    gate = gate_over(transport)
    for _ in range(4):
        gate.ask(LTP, FOREVER)
    gaps = [later - earlier for earlier, later in zip(transport.at, transport.at[1:], strict=False)]
    assert gaps[-1] == pytest.approx(2 * gaps[0])


def test_the_groups_of_calls_do_not_slow_each_other() -> None:
    transport = StubTransport(lambda request: success({} if "quote" in request.url else []))
    gate = gate_over(transport)
    gate.ask(LTP, FOREVER)
    gate.ask(HOLDINGS, FOREVER)
    assert transport.time.slept == []


def test_a_call_with_all_its_tries_keeps_to_its_budget() -> None:
    transport = always(success([]))
    transport.took = 1e9
    start = transport.time.now
    with pytest.raises(KiteUnavailable):
        gate_over(transport).ask(HOLDINGS, FOREVER)
    assert transport.time.now - start <= find_endpoint("GET", HOLDINGS.path).call_seconds


def test_a_cycle_ends_on_time_however_slow_each_answer_is() -> None:
    transport = always(success([]))
    transport.took = 6.0
    gate, end = gate_over(transport), transport.time.now + 20.0
    for _ in range(3):
        gate.ask(HOLDINGS, end)
    for _ in range(3):
        with pytest.raises(KiteUnavailable):
            gate.ask(HOLDINGS, end)
    assert transport.time.now <= end
    assert len(transport.requests) == 4


def test_a_spent_budget_asks_nothing() -> None:
    transport = always(success([]))
    with pytest.raises(KiteUnavailable):
        gate_over(transport).ask(HOLDINGS, transport.time.now)
    assert transport.requests == []


def test_an_attempt_gets_no_more_time_than_the_cycle_has_left() -> None:
    transport = always(success([]))
    gate_over(transport).ask(HOLDINGS, transport.time.now + 3.0)
    assert transport.seconds == [pytest.approx(3.0)]


def test_a_request_shows_no_secret_of_its_address_or_headers() -> None:
    request = Request(
        "DELETE", "https://h/session/token?access_token=canary", {"Authorization": "canary"}, {"a": "canary"}
    )
    assert "canary" not in repr(request)


def test_the_manual_time_of_these_tests_moves_only_by_sleep() -> None:
    time = ManualTime()
    time.sleep(2.0)
    assert time.clock() == 1002.0
