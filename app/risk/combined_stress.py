"""What each scenario would cost: by replay of its days where prices reach, else by beta and sector. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import StressMethod, StressResult
from app.domain.prices import FloatArray
from app.domain.scenarios import BANKS, Scenario
from app.measures.conventions import IntArray, has_coverage, quotient
from app.measures.stress import known_share, replay, shock_losses
from app.risk.combined_book import CombinedBook, Episode, Values
from app.risk.combined_exposure import Owned, banks
from app.risk.shock_exposure import Betas, Exposed
from app.risk.unknown_response import assumed_beta, assumed_losses, too_little, unknown_share

BY_BETA = "shares by their betas (where one has no prices, by that of its fund), bonds and metals only where named"
BY_INDUSTRY = "banks are shares whose industry is Banks in a fund's file, or with the word bank in their name"
NO_BETA = "nothing in the book has a beta or is named by the scenario"


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """M positions: rupees ``values`` and ``losses``, of which those ``unknown`` are assumed; NaN: nothing is said."""

    values: FloatArray
    losses: FloatArray
    is_share: NDArray[np.bool_]
    proxied: NDArray[np.bool_]
    unknown: NDArray[np.bool_]


def stress(
    book: CombinedBook, values: Values, owned: Owned, exposed: Exposed, betas: Betas
) -> tuple[StressResult, ...]:
    """Every scenario of the book, in its order; what is unknown as ``unknown_response`` says."""
    if not values.total:
        return ()
    scenarios = [entry.scenario for entry in book.scenarios]
    losses = _shock_losses(scenarios, exposed, owned)
    episodes = {episode.key: episode for episode in book.episodes if len(episode.days)}
    return tuple(
        _replayed(scenario, episodes.get(scenario.key), book, values, betas)
        or _shocked(scenario, own, exposed, values.total)
        for scenario, own in zip(scenarios, losses, strict=True)
    )


def _shock_losses(scenarios: Sequence[Scenario], exposed: Exposed, owned: Owned) -> FloatArray:
    """(K, M) rupees."""
    named = [*dict.fromkeys(group for scenario in scenarios for group in scenario.groups)]
    shocks = np.array([[one.groups.get(name, np.nan) for name in named] for one in scenarios], dtype=float) / 100
    market = np.array([scenario.market for scenario in scenarios]) / 100
    return shock_losses(
        exposed.values, exposed.betas, _codes(exposed, owned, named), market,
        shocks.reshape(len(scenarios), len(named)),
    )  # fmt: skip


def _codes(exposed: Exposed, owned: Owned, named: Sequence[str]) -> IntArray:
    """Each position's place among the ``named`` groups, -1 for none; banks before the sector that they belong to."""
    place = {name: at for at, name in enumerate(named)}
    codes = np.array([*(place.get(name, -1) for name in owned.names), -1], dtype=np.int64)[exposed.groups]
    if BANKS not in place:
        return codes
    return np.where(np.append(banks(owned.table), False)[exposed.securities], place[BANKS], codes)


def _shocked(scenario: Scenario, losses: FloatArray, exposed: Exposed, total: float) -> StressResult:
    shares = np.arange(len(losses)) < exposed.shares
    unknown = np.isnan(losses) & ~exposed.still & (exposed.values != 0.0)
    assumed = assumed_losses(exposed, losses[np.newaxis], np.array([scenario.market]) / 100)[0]
    shocks = ({"Nifty 50": scenario.market} if scenario.market else {}) | dict(scenario.groups)
    moves = ", ".join(f"{name} {shock:+g} %" for name, shock in shocks.items())
    method = StressMethod.BETA_AND_SECTOR
    detail = f"{moves}; {BY_BETA}" if scenario.market else moves
    if BANKS in scenario.groups:
        detail += f"; {BY_INDUSTRY}"
    known = _Known(exposed.values, assumed, shares, exposed.proxied, unknown)
    return _result(scenario, method, detail, known, total)


def _replayed(
    scenario: Scenario, episode: Episode | None, book: CombinedBook, values: Values, betas: Betas
) -> StressResult | None:
    """None where less than half of the value has prices of its own on those days."""
    if episode is None or not np.isfinite(episode.market).all():
        return None
    lacking = np.isnan(betas.holdings)
    filled = np.where(lacking, assumed_beta(values.both, betas.holdings), betas.holdings)
    found = replay(values.both, episode.returns, episode.market, filled)
    own = quotient(values.both @ ~found.proxied, np.asarray(values.both.sum()))
    if not has_coverage(own):
        return None
    is_share = np.append(book.is_direct, np.zeros(len(values.funds), dtype=bool))
    unknown = found.proxied & lacking & (values.both != 0.0)
    known = _Known(values.both, found.losses, is_share, found.proxied, unknown)
    days = f"{episode.days[0] - 1} to {episode.days[-1]}"
    detail = f"today's holdings through {days}; where one has no price, its beta times Nifty 50"
    day: date | None = episode.days[found.worst_day].astype(object) if found.worst_day >= 0 else None
    return _result(scenario, StressMethod.REPLAY, detail, known, values.total or 0.0, found.worst, day)


def _result(
    scenario: Scenario,
    method: StressMethod,
    detail: str,
    found: _Known,
    total: float,
    worst: float | None = None,
    worst_day: date | None = None,
) -> StressResult:
    values, losses, unknown = found.values, found.losses, found.unknown
    told = np.isfinite(losses) & (values != 0.0)
    without = unknown_share(values, unknown)
    reason = _why_unavailable(told & ~unknown, without)
    loss = None if reason else float(losses[told].sum())
    if without:
        detail += f"; the {without * 100:.1f} % that is unknown as the mean of what is known, at least as Nifty 50"
    return StressResult(
        key=scenario.key,
        name=scenario.name,
        method=method,
        detail=detail,
        loss=None if loss is None else loss / total * 100,
        rupees=loss,
        shares_rupees=None if loss is None else float(losses[told & found.is_share].sum()),
        funds_rupees=None if loss is None else float(losses[told & ~found.is_share].sum()),
        worst=None if worst is None or loss is None else worst / total * 100,
        worst_day=None if loss is None else worst_day,
        coverage=float(known_share(values, np.where(unknown, np.nan, losses))) * 100,
        proxied=float(known_share(values, np.where(found.proxied & told & ~unknown, losses, np.nan))) * 100,
        assumed=without * 100,
        source=scenario.source,
        unavailable=reason,
    )


def _why_unavailable(told: NDArray[np.bool_], unknown: float) -> str | None:
    if not has_coverage(np.asarray(1.0 - unknown)):
        return too_little(1.0 - unknown)
    return None if told.any() else NO_BETA
