"""The form that writes a scenario: its texts, what is wrong with them and where, and the scenario they describe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from app.api.scenarios import read_scenario
from app.domain.scenarios import BANKS, KINDS, Scenario, ScenarioEntry, UnclearScenario
from app.domain.sectors import SECTORS
from app.sources.tabular import parse_number

LONGEST_KEY = 40
SPARE_ROWS = 3
"""Empty rows for sectors below those that are filled."""
SUGGESTED = (*SECTORS, BANKS, *KINDS)
NO_SHOCK = "Write a fall of ten percent as -10."


@dataclass(frozen=True, slots=True)
class ScenarioForm:
    """The form as it stands: texts of its fields, and what is wrong with them. ``key`` is "" for a new scenario.

    ``groups`` are pairs of a sector or kind and its shock. ``wrong`` is the field the complaint is about, by the end
    of its id: ``name``, ``from-day``, ``group-0``, ``shock-2``; "" for none.
    """

    key: str = ""
    name: str = ""
    market: str = ""
    groups: tuple[tuple[str, str], ...] = ()
    from_day: str = ""
    to_day: str = ""
    complaint: str = ""
    wrong: str = ""

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The pairs, with empty ones to fill."""
        return self.groups + (("", ""),) * SPARE_ROWS

    def refused(self, error: UnclearScenario) -> ScenarioForm:
        """The same texts with the complaint beside the field at fault."""
        return replace(self, complaint=f"{error.message} {error.remedy}".strip(), wrong=self._field(error.where))

    def _field(self, where: tuple[str, ...]) -> str:
        field, *rest = where or ("",)
        if field != "groups":
            return field.replace("_", "-")
        names = [name for name, _ in self.groups]
        row = len(names) - 1 - names[::-1].index(rest[0]) if rest and rest[0] in names else 0
        return f"{'shock' if 'shock' in rest else 'group'}-{row}"


def form_of(entry: ScenarioEntry) -> ScenarioForm:
    """The form filled with a scenario."""
    one = entry.scenario
    return ScenarioForm(
        one.key,
        one.name,
        f"{one.market:g}",
        tuple((name, f"{shock:g}") for name, shock in one.groups.items()),
        one.from_day.isoformat() if one.from_day else "",
        one.to_day.isoformat() if one.to_day else "",
    )


def form_sent(sent: MultiDict[str, str]) -> ScenarioForm:
    """The form as a person sent it, without the rows that were left empty."""
    pairs = zip(map(str.strip, sent.getlist("group")), map(str.strip, sent.getlist("shock")))
    key, name, market, from_day, to_day = (
        sent.get(field, "").strip() for field in ("key", "name", "market", "from_day", "to_day")
    )
    return ScenarioForm(key, name, market, tuple(pair for pair in pairs if any(pair)), from_day, to_day)


def read_form(form: ScenarioForm) -> Scenario:
    """The scenario that a form describes. Raises UnclearScenario."""
    market = parse_number(form.market.rstrip("% ") or "0")
    key = form.key or re.sub(r"[^a-z0-9]+", "_", form.name.lower()).strip("_")[:LONGEST_KEY]
    if not re.fullmatch(r"[a-z0-9_]{1,40}", key):
        raise UnclearScenario("The scenario needs a name with letters or digits.", "", ("name",))
    if market is None:
        raise UnclearScenario("The shock of the market is not a number.", NO_SHOCK, ("market",))
    given = {
        "name": form.name,
        "market": market,
        "groups": dict(_groups(form.groups)),
        "from_day": form.from_day or None,
        "to_day": form.to_day or None,
    }
    return read_scenario(key, given)


def _groups(pairs: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, float]]:
    seen: set[str] = set()
    for name, shock in pairs:
        value = parse_number(shock.rstrip("% "))
        if not name:
            raise UnclearScenario(f"A sector or kind must stand beside {shock}.", "", ("groups", name))
        if name in seen:
            raise UnclearScenario(f"{name} is named twice.", "Give each sector or kind one shock.", ("groups", name))
        if value is None:
            raise UnclearScenario(f"The shock of {name} is not a number.", NO_SHOCK, ("groups", name, "shock"))
        seen.add(name)
        yield name, value
