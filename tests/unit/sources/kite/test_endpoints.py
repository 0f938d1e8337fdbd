"""The app can't trade: neither by what it says nor by what it could be made to say."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import pytest
from kiteconnect import KiteConnect  # type: ignore[import-untyped]

import app
from app.domain.kite_errors import BadRequest
from app.sources.kite.client import GatedClient, KiteAddress
from app.sources.kite.endpoints import find_endpoint
from app.sources.kite.gate import Gate, GatedSession
from tests.unit.sources.kite.stubs import StubTransport, always, success

APP = Path(next(iter(app.__path__)))
TRADING_PREFIXES = ("place_", "modify_", "cancel_", "exit_", "convert_", "delete_gtt")
TRADING = frozenset(name for name in dir(KiteConnect) if name.startswith(TRADING_PREFIXES))
READ = frozenset({"profile", "margins", "holdings", "positions", "mf_holdings", "instruments", "quote", "ohlc", "ltp"})
SESSION = frozenset({"generate_session", "invalidate_access_token", "invalidate_refresh_token"})
ALLOWED = READ | SESSION | {"historical_data"}


def names_used(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return attributes | strings | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_the_client_has_the_trading_methods_that_are_looked_for() -> None:
    assert {"place_order", "modify_order", "cancel_order", "place_gtt", "exit_order"} <= TRADING


def test_no_module_of_the_app_names_a_method_that_trades() -> None:
    found = {path.name: names_used(path) & TRADING for path in APP.rglob("*.py")}
    assert {name: used for name, used in found.items() if used} == {}


def test_only_the_client_module_knows_the_official_client() -> None:
    importers = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kiteconnect")
        if any(alias.name == "KiteConnect" for alias in node.names)
    }
    assert importers == {"sources/kite/client.py"}


def test_every_other_method_of_the_client_is_stopped_before_the_network() -> None:
    transport = always(success({}))
    tried = [name for name in public_methods() if name not in ALLOWED and asks(transport, name)]
    assert transport.requests == []
    assert {"place_order", "modify_order", "cancel_order", "orders", "place_gtt", "mf_orders"} <= set(tried)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/orders/regular"),
        ("GET", "/orders"),
        ("PUT", "/portfolio/positions"),
        ("POST", "/user/profile"),
        ("DELETE", "/gtt/triggers/1"),
        ("GET", "/portfolio/holdings/../../orders"),
        ("GET", "/portfolio/holdings/"),
        ("GET", "/instruments/historical/1/minute"),
        ("GET", "/instruments/NSE/../historical"),
        ("GET", "/portfolio/holdings\n"),
        ("POST", "/session/refresh_token"),
    ],
)
def test_what_is_not_listed_has_no_endpoint(method: str, path: str) -> None:
    with pytest.raises(BadRequest):
        find_endpoint(method, path)


def public_methods() -> list[str]:
    return [name for name, _ in inspect.getmembers(KiteConnect, inspect.isfunction) if not name.startswith("_")]


def asks(transport: StubTransport, name: str) -> bool:
    """Whether the method, given any arguments, came to ask for something, which must have been refused."""
    gate = Gate(transport, transport.time.pacing())
    client = GatedClient(KiteAddress(), "key", "token", GatedSession(gate, float("inf")))
    method = getattr(client, name)
    wanted = [p for p in inspect.signature(method).parameters.values() if p.default is p.empty]
    values = [p for p in wanted if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    try:
        method(*(plausible(p.name) for p in values))
    except BadRequest:
        return True
    return False


def plausible(name: str) -> object:
    if name == "orders":
        return [{"transaction_type": "BUY", "quantity": 1, "order_type": "LIMIT", "product": "CNC", "price": 1.0}]
    return {"trigger_type": "single", "trigger_values": [1.0], "method": print}.get(name, "1")
