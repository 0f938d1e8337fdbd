"""What the hedge panel shows: betas, the question, and the hedges that answer it. It only ever proposes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from app.api import hedge_words as say
from app.api.equity import OLDEST_DAY
from app.api.formats import count, day, decimal, maybe, sentence
from app.api.hedge import LEAST_FALL, MAX_BETA, MAX_BUDGET, MAX_FALL
from app.domain.days import WrongDay
from app.domain.derivatives import NoDerivatives, PriceBasis
from app.domain.hedges import (
    USUAL_FALL,
    Goal,
    Hedge,
    HedgeBase,
    HedgePlan,
    HedgeRequest,
    NoHedge,
    Rounding,
    hedge_goal,
)
from app.domain.money import format_rupees
from app.domain.risk_reports import Measure
from app.ingest.derivative_quotes import GET_QUOTES, Outlook
from app.sources.tabular import parse_number

BETA, BUDGET = "beta", "budget"
ROUND_TO = 10_000
"""Rupees to which the budget is rounded that the form starts with."""


class HedgeDesk(Protocol):
    """The part of the hedge analyzer that the panel asks."""

    def base(self) -> HedgeBase:
        """What there is to protect; may raise RiskError."""
        ...

    def plan(self, request: HedgeRequest, base: HedgeBase | None = None) -> HedgePlan:
        """The answer to a request for a base had before; may raise RiskError."""
        ...


class QuoteDesk(Protocol):
    """The part of the quotes that the panel asks."""

    def outlook(self, benchmark: str | None) -> Outlook:
        """Where quotes would come from; may raise NoDerivatives."""
        ...


@dataclass(frozen=True, slots=True)
class WindowBeta:
    """The beta of a window as text, or the reason why there is none."""

    window: str
    value: str
    reason: str
    is_used: bool


@dataclass(frozen=True, slots=True)
class HedgeForm:
    """The question as it stands in the form: the goal chosen, the texts of its fields, what is wrong with them.

    ``as_of`` is an earlier day to ask about, "" for now; ``wrong`` the name of the field that the complaint is about.
    """

    goal: str
    target_beta: str
    loss_budget: str
    fall: str
    as_of: str = ""
    nearest: bool = False
    complaint: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One hedge, as text. ``losses`` at expiry, one for each fall of the index."""

    name: str
    expiry: str
    legs: tuple[str, ...]
    cost: str
    margin: str
    margin_reason: str
    break_even: str
    beta_now: str
    beta_in_fall: str
    losses: tuple[str, ...]
    keeps_budget: bool | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why some strategies are not offered."""

    names: str
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A plan, as text. ``shocks`` head the columns of losses and ``bare`` are the book's own; ``title`` if none."""

    goal: str
    title: str
    origin: str
    not_live: str
    refused: str
    beta: str
    shocks: tuple[str, ...]
    bare: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class HedgeView:
    """The panel before or after a question. ``quotes`` says where they would be from, else ``no_quotes``."""

    value: str
    index: str
    betas: tuple[WindowBeta, ...]
    form: HedgeForm
    quotes: str
    no_quotes: str
    remedy: str
    answer: Answer | None


def hedge_view(hedges: HedgeDesk, quotes: QuoteDesk, window: str, question: Mapping[str, str]) -> HedgeView:
    """The panel over a window; ``question`` are the fields of the form, empty where nothing was asked.

    Raises RiskError where the book can't be read.
    """
    base = hedges.base()
    form, request = _read_form(question, _first_form(base.value, base.measures(window)["beta"].value), window)
    try:
        plan = None if request is None else hedges.plan(request, base if request.as_of is None else None)
    except WrongDay as error:
        form, plan = replace(form, complaint=str(error), wrong="as_of"), None
    outlook = _outlook(quotes, base.benchmark) if plan is None else ("", "", "")
    return HedgeView(
        value=maybe(format_rupees, base.value),
        index=base.benchmark or "the index",
        betas=tuple(_beta(name, beta, window) for name, beta in base.betas().items()),
        form=form,
        quotes=outlook[0],
        no_quotes=outlook[1],
        remedy=outlook[2],
        answer=None if plan is None else _answer(plan),
    )


def _beta(window: str, beta: Measure, used: str) -> WindowBeta:
    return WindowBeta(window, maybe(decimal, beta.value), sentence(beta.unavailable), window == used)


def _read_form(question: Mapping[str, str], first: HedgeForm, window: str) -> tuple[HedgeForm, HedgeRequest | None]:
    """The form as it was sent, else ``first``; the request, None where there is none or it can't be read."""
    if "goal" not in question:
        return first, None
    target, budget, fall, as_of = (
        question.get(name, getattr(first, name)).strip() for name in ("target_beta", "loss_budget", "fall", "as_of")
    )
    chosen = BUDGET if question["goal"] == BUDGET else BETA
    form = HedgeForm(chosen, target, budget, fall, as_of, question.get("rounding") == Rounding.NEAREST)
    rounding = Rounding.NEAREST if form.nearest else Rounding.DOWN
    try:
        return form, HedgeRequest(_goal(form), window, rounding=rounding, as_of=_day(form.as_of))
    except _Unread as error:
        return replace(form, complaint=str(error), wrong=error.field), None


class _Unread(Exception):
    """A field that can't be read."""

    def __init__(self, field: str, complaint: str) -> None:
        super().__init__(complaint)
        self.field = field


def _goal(form: HedgeForm) -> Goal:
    if form.goal == BUDGET:
        rupees = _number("loss_budget", form.loss_budget, "budget", 0.0, MAX_BUDGET)
        return hedge_goal(None, rupees, _number("fall", form.fall, "fall", LEAST_FALL, MAX_FALL))
    return hedge_goal(_number("target_beta", form.target_beta, "beta", 0.0, MAX_BETA), None)


def _number(field: str, text: str, what: str, least: float, most: float) -> float:
    value = parse_number(text)
    if value is None or not least <= value <= most:
        raise _Unread(field, f"The {what} is not a number from {count(least)} to {count(most)}.")
    return value


def _day(text: str) -> date | None:
    try:
        asked = date.fromisoformat(text) if text else None
    except ValueError:
        raise _Unread("as_of", f"“{text}” is not a day: write it like 2026-11-20, or leave it out.") from None
    if asked is not None and asked < OLDEST_DAY:
        raise _Unread("as_of", f"The day is before {day(OLDEST_DAY)}.")
    return asked


def _first_form(value: float | None, beta: float | None) -> HedgeForm:
    """Half of the beta; half of what the book alone loses at the usual fall."""
    loss = (value or 0.0) * max(beta or 0.0, 0.0) * USUAL_FALL / 100
    budget = format_rupees(math.ceil(loss / 2 / ROUND_TO) * ROUND_TO).removeprefix("₹") if loss else ""
    return HedgeForm(BETA, decimal(max(beta or 0.0, 0.0) / 2, 1), budget, f"{USUAL_FALL:g}")


def _outlook(quotes: QuoteDesk, benchmark: str | None) -> tuple[str, str, str]:
    """Where quotes would come from; or that there are none, and what to do."""
    try:
        found = quotes.outlook(benchmark)
    except NoDerivatives as error:
        return "", error.message, error.remedy
    if found.basis is PriceBasis.LIVE:
        return "Quotes will be asked of Kite; where they are not live, the newest end-of-day file is used.", "", ""
    if found.basis is PriceBasis.END_OF_DAY and found.closes_of:
        return f"Quotes: closes of {day(found.closes_of)} from NSE's end-of-day file. {found.why_not_live}", "", ""
    if not found.closes_of:
        return "", f"No quotes of index futures and options. {found.why_not_live}", GET_QUOTES
    old = f"The newest file here is of {day(found.closes_of)}: too old."
    then = f"{GET_QUOTES}. What a hedge would have been on that day: give it above as the day to ask about"
    return "", f"No quotes of index futures and options. {old} {found.why_not_live}", then


def _answer(plan: HedgePlan) -> Answer:
    quotes = plan.quotes
    shocks = plan.hedges[0].shocks if plan.hedges else ()
    return Answer(
        goal=say.goal_words(plan),
        title="" if plan.hedges else _title(plan),
        origin=say.origin_words(quotes) if quotes else "",
        not_live=say.not_live_words(quotes) if quotes else "",
        refused=say.refused_words(quotes) if quotes else "",
        beta=maybe(decimal, plan.beta),
        shocks=tuple(map(say.shock_words, shocks)),
        bare=tuple(say.loss_words(shock.book) for shock in shocks),
        candidates=tuple(map(_candidate, plan.hedges)),
        refusals=tuple(_refusals(plan.not_offered)),
    )


def _title(plan: HedgePlan) -> str:
    """What an answer without a hedge comes down to."""
    if any(no.below_one_lot for no in plan.not_offered):
        return "Below one lot"
    return "No hedge can be offered"


def _candidate(hedge: Hedge) -> Candidate:
    return Candidate(
        name=say.STRATEGIES[hedge.strategy],
        expiry=day(hedge.expiry),
        legs=tuple(map(say.leg_words, hedge.legs)),
        cost=say.cost_words(hedge.cost),
        margin=say.margin_words(hedge.margin),
        margin_reason=sentence(hedge.margin_unavailable),
        break_even=say.break_even_words(hedge.break_even),
        beta_now=decimal(hedge.residual_beta),
        beta_in_fall=decimal(hedge.residual_beta_in_fall),
        losses=tuple(say.loss_words(shock.hedged_at_expiry) for shock in hedge.shocks),
        keeps_budget=hedge.meets_budget,
        notes=hedge.notes,
    )


def _refusals(refused: Iterable[NoHedge]) -> Iterator[Refusal]:
    """One entry for each reason, in the order of the strategies; lots of futures and options differ by little."""
    found: dict[object, tuple[list[str], NoHedge]] = {}
    for no in refused:
        key = "below one lot" if no.below_one_lot else (no.reason, no.advice)
        found.setdefault(key, ([], no))[0].append(say.STRATEGIES[no.strategy])
    for names, first in found.values():
        yield Refusal(", ".join(names), sentence(first.reason), first.advice)
