"""What the stress panel shows: scenarios by loss, how far the market may fall, and what may be changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.api.formats import coverage, day, decimal, maybe, percent, plain, sentence
from app.api.hedge_words import loss_words
from app.api.scenario_form import SUGGESTED, ScenarioForm
from app.api.summaries import Fact
from app.domain.combined_reports import ReverseStress, StressMethod, StressResult
from app.domain.limits import LimitKind, LimitLevel
from app.domain.scenarios import ScenarioEntry

METHODS = {
    StressMethod.REPLAY: "Replayed: what you hold today, taken through those days",
    StressMethod.BETA_AND_SECTOR: "Worked out from betas and sectors",
}
LEVELS = {LimitLevel.WARNING: "warning", LimitLevel.CRITICAL: "critical"}


@dataclass(frozen=True, slots=True)
class StressRow:
    """One scenario: ``width`` of its bar in percent of the largest loss; a gain has none. ``reason`` for no number."""

    key: str
    name: str
    loss: str
    rupees: str
    width: float
    is_gain: bool
    method: str
    facts: tuple[Fact, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class ScenarioRow:
    """One scenario to change. ``origin`` says whose it is; one that is ``edited`` can be forgotten."""

    key: str
    name: str
    shocks: str
    days: str
    origin: str
    edited: bool


@dataclass(frozen=True, slots=True)
class Stress:
    """Scenarios by loss, the largest first; sentences on how far the market may fall; what may be changed.

    ``groups`` are names to suggest in the form, ``said`` is what became of the last change.
    """

    rows: tuple[StressRow, ...]
    reverse: tuple[str, ...]
    scenarios: tuple[ScenarioRow, ...]
    form: ScenarioForm
    groups: tuple[str, ...]
    said: str
    is_open: bool


def stress_view(
    results: Sequence[StressResult],
    reverse: Sequence[ReverseStress],
    entries: Sequence[ScenarioEntry],
    form: ScenarioForm,
    said: str = "",
) -> Stress:
    """The panel out of its parts."""
    ranked = sorted(results, key=lambda one: (one.loss is None, -(one.loss or 0.0)))
    longest = max((one.loss or 0.0 for one in ranked), default=0.0)
    rows = tuple(_row(one, longest) for one in ranked)
    scenarios = tuple(map(_scenario, entries))
    is_open = bool(form.key or form.complaint or said)
    return Stress(rows, tuple(map(reverse_words, reverse)), scenarios, form, SUGGESTED, said, is_open)


def _row(one: StressResult, longest: float) -> StressRow:
    loss = one.loss
    return StressRow(
        key=one.key,
        name=plain(one.name, dates=False),
        loss=maybe(_gain_or_loss, loss),
        rupees=maybe(loss_words, one.rupees),
        width=round(100 * max(loss or 0.0, 0.0) / longest, 2) if longest > 0 else 0.0,
        is_gain=loss is not None and loss < 0,
        method=METHODS[one.method],
        facts=tuple(_facts(one)),
        reason=sentence(one.unavailable),
    )


def _gain_or_loss(loss: float) -> str:
    text = percent(abs(loss), 1)
    return f"gain {text}" if loss < 0 and text != "0.0%" else text


def _facts(one: StressResult) -> Iterator[Fact]:
    yield Fact("How", sentence(one.detail))
    yield Fact("Of it shares", maybe(loss_words, one.shares_rupees))
    yield Fact("Of it funds", maybe(loss_words, one.funds_rupees))
    if one.worst is not None and one.worst_day is not None:
        yield Fact("Deepest on the way", f"{percent(one.worst, 1)} on {day(one.worst_day)}")
    proxied = f", {percent(one.proxied, 1)} of it by a beta that is not its own" if one.proxied >= 0.05 else ""
    yield Fact("Says something about", f"{coverage(min(one.coverage, 100.0))} of what you own{proxied}")
    if one.assumed >= 0.05:
        yield Fact("Not known, taken to fall as the rest", f"{percent(one.assumed, 1)} of what you own")
    if one.source:
        yield Fact("Source", sentence(one.source))


def reverse_words(one: ReverseStress) -> str:
    """How far the market must fall for a limit to be passed, as a sentence."""
    what = _limit_words(one)
    if one.unavailable:
        return f"{what}: {plain(one.unavailable)}."
    if one.fall is None or one.fall == 0:
        return f"{what}: passed already."
    after = f" ({plain(one.meaning)})" if one.meaning else ""
    return f"{what}: passed when the market falls by {percent(one.fall, 1)}{after}."


def _limit_words(one: ReverseStress) -> str:
    limit, level = percent(one.limit, 0), LEVELS[one.level]
    named = f" ({one.name})" if one.name else ""
    words = {
        LimitKind.VALUE_AT_RISK: f"Loss of {limit}",
        LimitKind.DRAWDOWN: f"{limit} below the high",
        LimitKind.STOCK: f"One company above {limit}{named}",
        LimitKind.SECTOR: f"One sector above {limit}{named}",
        LimitKind.BETA: f"Beta of {decimal(one.limit, 1)}",
        LimitKind.LIQUID_SHARE: f"Liquid share of {limit}",
    }
    return f"{words[one.kind]}, {level} level"


def _scenario(entry: ScenarioEntry) -> ScenarioRow:
    one = entry.scenario
    shocks = {"Nifty 50": one.market, **one.groups} if one.market or not one.groups else dict(one.groups)
    days = f"{day(one.from_day)} to {day(one.to_day)}" if one.from_day and one.to_day else ""
    return ScenarioRow(
        key=one.key,
        name=plain(one.name, dates=False),
        shocks=", ".join(f"{name} {percent(shock, 1)}" for name, shock in shocks.items()),
        days=days,
        origin=_origin(entry),
        edited=entry.edited,
    )


def _origin(entry: ScenarioEntry) -> str:
    if entry.edited:
        return "changed by you" if entry.is_default else "yours"
    return "comes with the app"
