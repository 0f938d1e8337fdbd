"""What if: named shocks to the market and to sectors, and past crises to replay. The defaults, each with its source.

Shocks are percent returns: -10 is a fall of ten percent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from app.domain.errors import RiskError

TOTAL_LOSS = -100.0
LARGEST_RISE = 200.0
LONGEST_REPLAY = 800
"""Calendar days: no crisis since 1990 took longer from its top to its bottom than two years."""


class UnclearScenario(RiskError):
    """A scenario that does not say what shall happen."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Scenario:
    """One what-if, known by ``key``.

    With ``from_day`` (a close) and ``to_day`` it is an episode: what is owned today is taken through those days where
    prices reach so far back. Elsewhere, and without days, everything moves by its beta with ``market``, except what
    ``groups`` names: sectors as NSE calls them, and ``foreign``, ``debt``, ``gold``, ``silver`` and ``trusts``.
    """

    key: str
    name: str
    market: float
    groups: dict[str, float]
    from_day: date | None
    to_day: date | None
    source: str

    @property
    def is_episode(self) -> bool:
        """Whether there are days to replay."""
        return self.from_day is not None and self.to_day is not None


BANKS = "Financial Services"
SOFTWARE = "Information Technology"
_INDICES = "closes of NSE's indices, a sector's by its index (energy's for oil and gas, and for power)"
_INVENTED = "a round number, not a forecast"
_ALONE = f"{_INVENTED}; nothing else moves"

DEFAULT_SCENARIOS = (
    Scenario(
        "crisis_2008",
        "Financial crisis 2008",
        -59.9,
        {},
        date(2008, 1, 8),
        date(2008, 10, 27),
        "Nifty 50 closed at 6,287.85 on 8 January and at 2,524.20 on 27 October 2008 (NSE)",
    ),
    Scenario(
        "covid_2020",
        "Covid crash, March 2020",
        -38.4,
        {
            "Financial Services": -43.4,
            "Information Technology": -31.7,
            "Automobile and Auto Components": -44.2,
            "Fast Moving Consumer Goods": -25.6,
            "Metals & Mining": -48.4,
            "Healthcare": -20.8,
            "Realty": -45.0,
            "Oil Gas & Consumable Fuels": -38.6,
            "Power": -38.6,
        },
        date(2020, 1, 14),
        date(2020, 3, 23),
        f"14 January to 23 March 2020, {_INDICES}",
    ),
    Scenario(
        "election_2024",
        "Election count, 4 June 2024",
        -5.9,
        {
            "Financial Services": -7.9,
            "Information Technology": -0.6,
            "Automobile and Auto Components": -3.3,
            "Fast Moving Consumer Goods": 1.0,
            "Metals & Mining": -10.6,
            "Healthcare": -1.4,
            "Realty": -9.6,
            "Oil Gas & Consumable Fuels": -12.5,
            "Power": -12.5,
        },
        date(2024, 6, 3),
        date(2024, 6, 4),
        f"3 to 4 June 2024, {_INDICES}",
    ),
    Scenario("nifty_5", "Nifty 50 falls 5 %", -5.0, {}, None, None, _INVENTED),
    Scenario("nifty_10", "Nifty 50 falls 10 %", -10.0, {}, None, None, _INVENTED),
    Scenario("nifty_20", "Nifty 50 falls 20 %", -20.0, {}, None, None, _INVENTED),
    Scenario("banks_20", "Financial services fall 20 %", 0.0, {BANKS: -20.0}, None, None, _ALONE),
    Scenario("it_20", "Information technology falls 20 %", 0.0, {SOFTWARE: -20.0}, None, None, _ALONE),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ScenarioEntry:
    """A scenario as it counts now. ``edited``: a person wrote it; ``is_default``: the app brings one of this key."""

    scenario: Scenario
    edited: bool
    is_default: bool


def merged(written: Mapping[str, Scenario]) -> tuple[ScenarioEntry, ...]:
    """The defaults, each replaced by what a person wrote under its key, then the person's own by key."""
    defaults = {scenario.key: scenario for scenario in DEFAULT_SCENARIOS}
    keys = [*defaults, *sorted(written.keys() - defaults.keys())]
    return tuple(ScenarioEntry(written.get(key) or defaults[key], key in written, key in defaults) for key in keys)


def check_scenario(scenario: Scenario) -> None:
    """Raise UnclearScenario for a shock that cannot be, or days that are no episode."""
    shocks = {"market": scenario.market, **scenario.groups}
    wrong = [name for name, shock in shocks.items() if not TOTAL_LOSS <= shock <= LARGEST_RISE]
    if wrong:
        bounds = f"A shock is between {TOTAL_LOSS:g} and {LARGEST_RISE:g} percent."
        raise UnclearScenario(f"The shock of {', '.join(wrong)} can't be.", bounds)
    if (scenario.from_day is None) != (scenario.to_day is None):
        raise UnclearScenario("An episode has a first and a last day.", "Give both days or none.")
    if scenario.from_day and scenario.to_day and not 0 < (scenario.to_day - scenario.from_day).days <= LONGEST_REPLAY:
        raise UnclearScenario(
            f"An episode from {scenario.from_day} to {scenario.to_day} can't be replayed.",
            f"The last day comes after the first, by {LONGEST_REPLAY} days at most.",
        )
