"""What the stress panel shows: scenarios by loss, how far the market may fall, and the form that changes a scenario."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from app.api.formats import coverage, day, decimal, maybe, percent, sentence
from app.api.scenarios import ScenarioBody
from app.api.summaries import Fact
from app.domain.combined_reports import ReverseStress, StressMethod, StressResult
from app.domain.limits import LimitKind, LimitLevel
from app.domain.money import MINUS, format_rupees
from app.domain.scenarios import Scenario, ScenarioEntry, UnclearScenario
from app.sources.tabular import parse_number

METHODS = {
    StressMethod.REPLAY: "Replayed: what you hold today, taken through those days",
    StressMethod.BETA_AND_SECTOR: "Worked out from betas and sectors",
}
LEVELS = {LimitLevel.WARNING: "warning", LimitLevel.CRITICAL: "critical"}
LONGEST_KEY = 40


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
class ScenarioForm:
    """The form as it stands: texts of its fields and what is wrong with them. ``key`` is "" for a new scenario."""

    key: str = ""
    name: str = ""
    market: str = ""
    groups: str = ""
    from_day: str = ""
    to_day: str = ""
    complaint: str = ""


@dataclass(frozen=True, slots=True)
class Stress:
    """Scenarios by loss, the largest first; sentences on how far the market may fall; what may be changed."""

    rows: tuple[StressRow, ...]
    reverse: tuple[str, ...]
    scenarios: tuple[ScenarioRow, ...]
    form: ScenarioForm
    is_open: bool


def stress_view(
    results: Sequence[StressResult],
    reverse: Sequence[ReverseStress],
    entries: Sequence[ScenarioEntry],
    form: ScenarioForm,
) -> Stress:
    """The panel out of its parts."""
    ranked = sorted(results, key=lambda one: (one.loss is None, -(one.loss or 0.0)))
    longest = max((one.loss or 0.0 for one in ranked), default=0.0)
    rows = tuple(_row(one, longest) for one in ranked)
    scenarios = tuple(map(_scenario, entries))
    return Stress(rows, tuple(map(reverse_words, reverse)), scenarios, form, bool(form.key or form.complaint))


def _row(one: StressResult, longest: float) -> StressRow:
    loss = one.loss
    return StressRow(
        key=one.key,
        name=one.name,
        loss=maybe(_gain_or_loss, loss),
        rupees=maybe(_rupees, one.rupees),
        width=round(100 * max(loss or 0.0, 0.0) / longest, 2) if longest > 0 else 0.0,
        is_gain=loss is not None and loss < 0,
        method=METHODS[one.method],
        facts=tuple(_facts(one)),
        reason=sentence(one.unavailable),
    )


def _gain_or_loss(loss: float) -> str:
    text = percent(abs(loss), 1)
    return f"gain {text}" if loss < 0 and text != "0.0%" else text


def _rupees(loss: float) -> str:
    return f"{format_rupees(-loss)} gain" if round(loss) < 0 else format_rupees(loss)


def _facts(one: StressResult) -> Iterator[Fact]:
    yield Fact("How", sentence(re.sub(r"(?<=\s)-(?=\d)", MINUS, one.detail)))
    yield Fact("Of it shares", maybe(_rupees, one.shares_rupees))
    yield Fact("Of it funds", maybe(_rupees, one.funds_rupees))
    if one.worst is not None and one.worst_day is not None:
        yield Fact("Deepest on the way", f"{percent(one.worst, 1)} on {day(one.worst_day)}")
    proxied = f", {percent(one.proxied, 1)} of it by a beta that is not its own" if one.proxied >= 0.05 else ""
    yield Fact("Says something about", f"{coverage(min(one.coverage, 100.0))} of what you own{proxied}")
    if one.source:
        yield Fact("Source", sentence(one.source))


def reverse_words(one: ReverseStress) -> str:
    """How far the market must fall for a limit to be passed, as a sentence."""
    what = _limit_words(one)
    if one.unavailable:
        return f"{what}: {one.unavailable}."
    if one.fall is None or one.fall == 0:
        return f"{what}: passed already."
    after = f" ({one.meaning})" if one.meaning else ""
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
        name=one.name,
        shocks=", ".join(f"{name} {percent(shock, 1)}" for name, shock in shocks.items()),
        days=days,
        origin=_origin(entry),
        edited=entry.edited,
    )


def _origin(entry: ScenarioEntry) -> str:
    if entry.edited:
        return "changed by you" if entry.is_default else "yours"
    return "comes with the app"


def form_of(entry: ScenarioEntry) -> ScenarioForm:
    """The form filled with a scenario."""
    one = entry.scenario
    return ScenarioForm(
        one.key,
        one.name,
        f"{one.market:g}",
        "\n".join(f"{name}: {shock:g}" for name, shock in one.groups.items()),
        one.from_day.isoformat() if one.from_day else "",
        one.to_day.isoformat() if one.to_day else "",
    )


def form_sent(sent: Mapping[str, str]) -> ScenarioForm:
    """The form as a person sent it."""
    names = ("key", "name", "market", "groups", "from_day", "to_day")
    return ScenarioForm(*(sent.get(name, "").strip() for name in names))


def read_form(form: ScenarioForm) -> Scenario:
    """The scenario that a form describes. Raises UnclearScenario."""
    market = parse_number(form.market.rstrip("% ") or "0")
    key = form.key or re.sub(r"[^a-z0-9]+", "_", form.name.lower()).strip("_")[:LONGEST_KEY]
    if not re.fullmatch(r"[a-z0-9_]{1,40}", key):
        raise UnclearScenario("The scenario needs a name with letters or digits.", "")
    try:
        body = ScenarioBody.model_validate(
            {
                "name": form.name,
                "market": _known(market, "the market"),
                "groups": dict(_groups(form.groups)),
                "from_day": form.from_day or None,
                "to_day": form.to_day or None,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UnclearScenario(f"{str(first['loc'][0]).replace('_', ' ').capitalize()}: {first['msg']}.", "") from None
    return Scenario(key=key, **body.model_dump())


def _groups(text: str) -> Iterator[tuple[str, float]]:
    for line in filter(None, map(str.strip, text.splitlines())):
        name, colon, shock = line.rpartition(":")
        if not colon:
            raise UnclearScenario(f"“{line}” is not a sector and a number.", "Write a line like Metals & Mining: -20.")
        yield name.strip(), _known(parse_number(shock.strip().rstrip("% ")), name.strip())


def _known(value: float | None, what: str) -> float:
    if value is None:
        raise UnclearScenario(f"The shock of {what} is not a number.", "Write a fall of ten percent as -10.")
    return value
