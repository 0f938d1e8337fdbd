"""Which series are wanted, and under which token or symbol each share is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.holdings import Holding
from app.domain.securities import Security, SecurityMaster, issuer_code, strip_series

NIFTY = "NIFTY 50"
NIFTY_TOKEN = 256265
INDICES = (
    NIFTY, "NIFTY NEXT 50", "NIFTY 500", "NIFTY MIDCAP 150", "NIFTY SMLCAP 250", "NIFTY BANK", "NIFTY PVT BANK",
    "NIFTY PSU BANK", "NIFTY FIN SERVICE", "NIFTY IT", "NIFTY AUTO", "NIFTY FMCG", "NIFTY PHARMA", "NIFTY HEALTHCARE",
    "NIFTY METAL", "NIFTY ENERGY", "NIFTY OIL AND GAS", "NIFTY REALTY", "NIFTY MEDIA", "NIFTY INFRA",
    "NIFTY CONSR DURBL", "INDIA VIX",
)  # fmt: skip
"""As Kite names them; each is stored without its spaces, the way other price sources write them."""
Tokens = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True)
class CandleTarget:
    """One series to keep. ``symbol`` is the name it is stored under, ``names`` those a corporate action may use."""

    exchange: str
    symbol: str
    instrument_token: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PriceTarget:
    """One series to keep, for a source that knows shares by symbol. Its bars may stand under any of ``names``.

    ``is_needed``: without it the report is incomplete (a share held, Nifty 50). The others are welcome.
    """

    exchange: str
    symbol: str
    names: tuple[str, ...]
    is_needed: bool = False


def wanted_symbols(holdings: Iterable[Holding], master: SecurityMaster, constituents: Iterable[str]) -> set[str]:
    """Every symbol whose token is needed to find the targets."""
    owners = _by_isin(master)
    return {name for holding in holdings for name in _nse_names(holding, owners)} | {*constituents, *INDICES}


def candle_targets(
    holdings: Iterable[Holding], master: SecurityMaster, constituents: Iterable[str], tokens: Tokens
) -> tuple[tuple[CandleTarget, ...], tuple[str, ...]]:
    """The indices, the shares held and the constituents of funds, each once; and the symbols without a token."""
    owners = _by_isin(master)
    found = [_index(name, tokens) for name in INDICES]
    unknown = []
    for holding in holdings:
        target = _share(holding, owners, tokens)
        found.append(target)
        if target is None:
            unknown.append(holding.symbol)
    found += [_listed("NSE", symbol, tokens, (symbol,)) for symbol in constituents]
    unique = {(target.exchange, target.symbol): target for target in reversed(found) if target}
    return tuple(reversed(unique.values())), tuple(unknown)


def price_targets(
    holdings: Sequence[Holding], master: SecurityMaster, constituents: Sequence[str], tokens: Tokens
) -> tuple[PriceTarget, ...]:
    """The same series without their tokens, each once; ``tokens`` only tell which shares NSE lists. Nothing for an
    empty book without funds.
    """
    if not (holdings or constituents):
        return ()
    owners = _by_isin(master)
    found = [_of_symbol(holding, owners, tokens) for holding in holdings]
    found += [PriceTarget("NSE", (stored := name.replace(" ", "")), (stored,), name == NIFTY) for name in INDICES]
    found += [PriceTarget("NSE", strip_series(symbol), (strip_series(symbol),)) for symbol in constituents]
    return tuple({(target.exchange, target.symbol): target for target in reversed(found)}.values())[::-1]


def _of_symbol(holding: Holding, owners: Mapping[str, list[Security]], tokens: Tokens) -> PriceTarget:
    """On NSE if it is held, known by its ISIN or listed by Kite there; else on its own exchange."""
    listed = [name for name in _nse_names(holding, owners) if _is_listed(name, holding, owners, tokens)]
    names = tuple(dict.fromkeys(map(strip_series, listed)))
    if names:
        return PriceTarget("NSE", names[0], names, is_needed=True)
    own = strip_series(holding.symbol)
    return PriceTarget(holding.exchange, own, (own,), is_needed=True)


def _is_listed(name: str, holding: Holding, owners: Mapping[str, list[Security]], tokens: Tokens) -> bool:
    return holding.exchange == "NSE" or name in owners or ("NSE", name) in tokens


def _index(name: str, tokens: Tokens) -> CandleTarget | None:
    token = tokens.get(("NSE", name), NIFTY_TOKEN if name == NIFTY else None)
    return None if token is None else CandleTarget("NSE", name.replace(" ", ""), token)


def _share(holding: Holding, owners: Mapping[str, list[Security]], tokens: Tokens) -> CandleTarget | None:
    """NSE first, for it trades most; the token of the holding itself where the lists don't have the share."""
    names = _nse_names(holding, owners)
    listed = next((target for name in names if (target := _listed("NSE", name, tokens, names))), None)
    if listed:
        return listed
    token = tokens.get((holding.exchange, holding.symbol), holding.instrument_token)
    if token is None:
        return None
    return CandleTarget(holding.exchange, strip_series(holding.symbol), token, (*names, strip_series(holding.symbol)))


def _listed(exchange: str, symbol: str, tokens: Tokens, names: tuple[str, ...]) -> CandleTarget | None:
    token = tokens.get((exchange, symbol))
    return None if token is None else CandleTarget(exchange, strip_series(symbol), token, names)


def _nse_names(holding: Holding, owners: Mapping[str, list[Security]]) -> tuple[str, ...]:
    """Symbols under which the share may be listed on NSE: by its ISIN, else its own if that is nobody else's."""
    by_isin = [s.symbol for s in owners.get(holding.isin or "", ()) if s.exchange == "NSE"]
    own = [name for name in (holding.symbol, strip_series(holding.symbol)) if _may_be_its(name, holding, owners)]
    return tuple(dict.fromkeys([*own, *by_isin] if holding.exchange == "NSE" else [*by_isin, *own]))


def _may_be_its(name: str, holding: Holding, owners: Mapping[str, list[Security]]) -> bool:
    known = owners.get(name, ())
    return not (holding.isin and known) or any(issuer_code(s.isin) == issuer_code(holding.isin or "") for s in known)


def _by_isin(master: SecurityMaster) -> dict[str, list[Security]]:
    """Securities by ISIN and by NSE symbol: the two can't be mistaken for each other."""
    found: dict[str, list[Security]] = {}
    for security in master.securities:
        found.setdefault(security.isin, []).append(security)
        if security.exchange == "NSE":
            found.setdefault(security.symbol, []).append(security)
    return found
