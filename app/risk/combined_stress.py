"""What each scenario would cost: by replay of its days where prices reach, else by beta and sector. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from app.domain.combined_reports import StressMethod, StressResult
from app.domain.prices import FloatArray
from app.domain.scenarios import Scenario
from app.measures.conventions import IntArray, has_coverage, quotient
from app.measures.stress import known_share, replay, shock_losses
from app.risk.combined_book import CombinedBook, Episode, Values
from app.risk.shock_exposure import Betas, Exposed

BY_BETA = "shares by their betas (where one has no prices, by that of its fund), bonds and metals only where named"
NO_BETA = "nothing in the book has a beta or is named by the scenario"


def stress(
    book: CombinedBook, values: Values, exposed: Exposed, names: Sequence[str], betas: Betas
) -> tuple[StressResult, ...]:
    """Every scenario of the book, in its order. ``names`` are the groups of ``exposed``."""
    if not values.total:
        return ()
    scenarios = [entry.scenario for entry in book.scenarios]
    losses = _shock_losses(scenarios, exposed, names)
    episodes = {episode.key: episode for episode in book.episodes if len(episode.days)}
    return tuple(
        _replayed(scenario, episodes.get(scenario.key), values, betas, exposed.shares)
        or _shocked(scenario, own, exposed, values.total)
        for scenario, own in zip(scenarios, losses, strict=True)
    )


def _shock_losses(scenarios: Sequence[Scenario], exposed: Exposed, names: Sequence[str]) -> FloatArray:
    """(K, M) rupees."""
    named = [*dict.fromkeys(group for scenario in scenarios for group in scenario.groups)]
    shocks = np.array([[one.groups.get(name, np.nan) for name in named] for one in scenarios], dtype=float) / 100
    market = np.array([scenario.market for scenario in scenarios]) / 100
    return shock_losses(
        exposed.values, exposed.betas, _codes(exposed.groups, names, named), market,
        shocks.reshape(len(scenarios), len(named)),
    )  # fmt: skip


def _codes(groups: IntArray, names: Sequence[str], named: Sequence[str]) -> IntArray:
    """Each position's place among the ``named`` groups, -1 for none."""
    place = {name: at for at, name in enumerate(named)}
    return np.array([*(place.get(name, -1) for name in names), -1], dtype=np.int64)[groups]


def _shocked(scenario: Scenario, losses: FloatArray, exposed: Exposed, total: float) -> StressResult:
    shares = np.arange(len(losses)) < exposed.shares
    shocks = ({"Nifty 50": scenario.market} if scenario.market else {}) | dict(scenario.groups)
    moves = ", ".join(f"{name} {shock:+g} %" for name, shock in shocks.items())
    method = StressMethod.BETA_AND_SECTOR
    detail = f"{moves}; {BY_BETA}" if scenario.market else moves
    return _result(scenario, method, detail, exposed.values, losses, shares, exposed.proxied, total)


def _replayed(
    scenario: Scenario, episode: Episode | None, values: Values, betas: Betas, shares: int
) -> StressResult | None:
    """None where less than half of the value has prices of its own on those days."""
    if episode is None or not np.isfinite(episode.market).all():
        return None
    found = replay(values.both, episode.returns, episode.market, betas.holdings)
    own = quotient(values.both @ ~found.proxied, np.asarray(values.both.sum()))
    if not has_coverage(own):
        return None
    is_share = np.arange(len(found.losses)) < shares
    days = f"{episode.days[0] - 1} to {episode.days[-1]}"
    detail = f"today's holdings through {days}; where one has no price, its beta times Nifty 50"
    day: date | None = episode.days[found.worst_day].astype(object) if found.worst_day >= 0 else None
    return _result(
        scenario, StressMethod.REPLAY, detail, values.both, found.losses, is_share, found.proxied, values.total or 0.0,
        found.worst, day,
    )  # fmt: skip


def _result(
    scenario: Scenario,
    method: StressMethod,
    detail: str,
    values: FloatArray,
    losses: FloatArray,
    is_share: NDArray[np.bool_],
    proxied: NDArray[np.bool_],
    total: float,
    worst: float | None = None,
    worst_day: date | None = None,
) -> StressResult:
    known = np.isfinite(losses) & (values != 0.0)
    loss = float(losses[known].sum()) if known.any() else None
    by_proxy = np.where(proxied & known, losses, np.nan)
    return StressResult(
        key=scenario.key,
        name=scenario.name,
        method=method,
        detail=detail,
        loss=None if loss is None else loss / total * 100,
        rupees=loss,
        shares_rupees=None if loss is None else float(losses[known & is_share].sum()),
        funds_rupees=None if loss is None else float(losses[known & ~is_share].sum()),
        worst=None if worst is None or loss is None else worst / total * 100,
        worst_day=worst_day,
        coverage=float(known_share(values, losses)) * 100,
        proxied=float(known_share(values, by_proxy)) * 100,
        source=scenario.source,
        unavailable=None if known.any() else NO_BETA,
    )
