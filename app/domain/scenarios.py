"""What if: named shocks to the market and to sectors, and past crises to replay. The defaults, each with its source.

Shocks are percent returns: -10 is a fall of ten percent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.domain.days import WrongDay, check_days
from app.domain.errors import RiskError
from app.domain.sectors import SECTORS
from app.domain.securities import UNCLASSIFIED

TOTAL_LOSS = -100.0
LARGEST_RISE = 200.0
LONGEST_REPLAY = 800
"""Calendar days: no crisis since 1990 took longer from its top to its bottom than two years."""
KINDS = ("foreign", "debt", "gold", "silver", "trusts")
"""Kinds of assets that a scenario may shock beside sectors."""


class UnclearScenario(RiskError):
    """A scenario that does not say what shall happen.

    ``where`` leads to the fault: a field of Scenario, in ``groups`` the name, ``shock`` where its number is wrong.
    """

    exit_code = 2

    def __init__(self, message: str, remedy: str = "", where: tuple[str, ...] = ()) -> None:
        super().__init__(message, remedy)
        self.where = where


@dataclass(frozen=True, slots=True)
class Scenario:
    """One what-if, known by ``key``.

    With ``from_day`` (a close) and ``to_day`` it is an episode: what is owned today is taken through those days where
    prices reach so far back. Elsewhere, and without days, everything moves by its beta with ``market``, except what
    ``groups`` names: sectors as NSE calls them, ``Banks`` apart from their sector, and ``foreign``, ``debt``, ``gold``,
    ``silver`` and ``trusts``.
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


BANKS = "Banks"
"""The part of Financial Services that takes deposits; a scenario may name it beside the sectors."""
SOFTWARE = "Information Technology"
_INDICES = "closes of NSE's indices, a sector's by its index (energy's for oil and gas, and for power)"
_OF_2008 = (
    "Nifty 50 closed at 6,287.85 on 8 January and at 2,524.20 on 27 October 2008 (NSE). Sectors by BSE's indices, "
    "approximate: Realty, Metal, Bankex and Oil & Gas from 11 January to 24 October 2008 as the press printed them, "
    "the others to the nearest five"
)
_INVENTED = "a round number, not a forecast"
_ALONE = f"{_INVENTED}; nothing else moves"

DEFAULT_SCENARIOS = (
    Scenario(
        "crisis_2008",
        "Financial crisis 2008",
        -59.9,
        {
            "Financial Services": -63.0,
            "Information Technology": -45.0,
            "Automobile and Auto Components": -60.0,
            "Fast Moving Consumer Goods": -30.0,
            "Metals & Mining": -77.0,
            "Healthcare": -35.0,
            "Realty": -87.0,
            "Oil Gas & Consumable Fuels": -63.0,
            "Power": -70.0,
            "Capital Goods": -70.0,
            "Consumer Durables": -70.0,
        },
        date(2008, 1, 8),
        date(2008, 10, 27),
        _OF_2008,
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
    Scenario("banks_20", "Banks fall 20 %", 0.0, {BANKS: -20.0}, None, None, _ALONE),
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


def check_scenario(scenario: Scenario, today: date, own_sectors: Iterable[str] = ()) -> Scenario:
    """The scenario with its groups spelled as the reports spell them, whatever the case.

    Groups are NSE's sectors, ``own_sectors`` (of imported lists), ``Unclassified``, ``BANKS`` and ``KINDS``. Raises
    UnclearScenario for any other, for a shock that cannot be, and for days that are no episode of the past (``today``
    is India's date).
    """
    groups = dict(_spelled(scenario.groups, dict.fromkeys([*SECTORS, *own_sectors, UNCLASSIFIED, BANKS, *KINDS])))
    _check_shocks({"market": scenario.market, **groups})
    _check_episode(scenario.from_day, scenario.to_day, today)
    return replace(scenario, groups=groups)


def _spelled(groups: Mapping[str, float], known: Iterable[str]) -> Iterator[tuple[str, float]]:
    names, seen = {name.casefold(): name for name in known}, set[str]()
    for group, shock in groups.items():
        name = names.get(" ".join(group.split()).casefold())
        if name is None:
            raise UnclearScenario(
                f"There is no sector or kind {group!r}.", f"Use one of {', '.join(names.values())}.", ("groups", group)
            )
        if name in seen:
            raise UnclearScenario(f"{name} is named twice.", "Give each sector or kind one shock.", ("groups", group))
        seen.add(name)
        yield name, shock


def _check_shocks(shocks: Mapping[str, float]) -> None:
    wrong = [name for name, shock in shocks.items() if not TOTAL_LOSS <= shock <= LARGEST_RISE]
    if wrong:
        bounds = f"A shock is between {TOTAL_LOSS:g} and {LARGEST_RISE:g} percent."
        where = ("market",) if wrong[0] == "market" else ("groups", wrong[0], "shock")
        raise UnclearScenario(f"The shock of {', '.join(wrong)} can't be.", bounds, where)


def _check_episode(first: date | None, last: date | None, today: date) -> None:
    if first is None and last is None:
        return
    if first is None or last is None:
        where = "from_day" if first is None else "to_day"
        raise UnclearScenario("An episode has a first and a last day.", "Give both days or none.", (where,))
    try:
        check_days(today, first, last)
    except WrongDay as error:
        raise UnclearScenario(error.message, error.remedy, ("to_day",)) from None
    if not 0 < (last - first).days <= LONGEST_REPLAY:
        raise UnclearScenario(
            f"An episode from {first} to {last} can't be replayed.",
            f"The last day comes after the first, by {LONGEST_REPLAY} days at most.",
            ("to_day",),
        )
