"""Which of AMFI's schemes a name in a file means. A name that fits two is nobody's: never a guess."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from app.domain.scheme_names import former_names, scheme_key, scheme_words, without_tenor
from app.domain.schemes import AmfiScheme, MatchedBy, representative
from app.ingest.scheme_renames import RENAMED

SOFT = frozenset({"active", "omni", "passive"})
"""Words that SEBI's rules of 2025 put into the names of funds of funds. Every other word tells schemes apart: a looser
measure of likeness that finds more of the real names also takes Nifty Next 50 for Nifty 50 (four fifths alike).
"""


Key = TypeVar("Key", str, tuple[str, frozenset[str]])


@dataclass(frozen=True, slots=True)
class Match:
    """What a name was tied to: ``family`` and its representative ``scheme``, or neither and the ``candidates``."""

    name: str
    matched_by: MatchedBy
    family: str | None = None
    scheme: AmfiScheme | None = None
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchemeIndex:
    """AMFI's rows by family; ``overrides`` are a person's word: scheme key -> AMFI code."""

    schemes: Sequence[AmfiScheme]
    overrides: Mapping[str, int]

    @cached_property
    def families(self) -> dict[str, list[AmfiScheme]]:
        """Rows of each family."""
        found: dict[str, list[AmfiScheme]] = defaultdict(list)
        for scheme in self.schemes:
            found[scheme.family].append(scheme)
        return dict(found)

    @cached_property
    def by_key(self) -> dict[str, list[str]]:
        """Families that go by a scheme key today."""
        return _inverted((scheme_key(rows[0].name), family) for family, rows in self.families.items())

    @cached_property
    def by_former_key(self) -> dict[str, list[str]]:
        """Families that had this key before: by their own name, in an earlier list of AMFI's, or known as renamed."""
        told = (
            (key, scheme.family)
            for scheme in self.schemes
            for key in (*map(scheme_key, former_names(scheme.name)), *scheme.former_keys)
        )
        known = (
            (scheme_key(before), family)
            for before, after in RENAMED.items()
            for family in self.by_key.get(scheme_key(after), ())
        )
        return _inverted((*told, *known))

    @cached_property
    def by_short_key(self) -> dict[str, list[str]]:
        """Families by their key without the days a closed scheme runs for."""
        return _inverted((without_tenor(key), family) for key, families in self.by_key.items() for family in families)

    @cached_property
    def by_code(self) -> dict[int, AmfiScheme]:
        """Rows by AMFI code."""
        return {scheme.amfi_code: scheme for scheme in self.schemes}

    @cached_property
    def by_words(self) -> dict[tuple[str, frozenset[str]], list[str]]:
        """Families by house and the words of their name, the soft ones left out."""
        return _inverted(((rows[0].house, _hard_words(rows[0].name)), family) for family, rows in self.families.items())

    @cached_property
    def houses(self) -> tuple[str, ...]:
        """Every fund house, once."""
        return tuple(dict.fromkeys(scheme.house for scheme in self.schemes))


def match_names(index: SchemeIndex, names: Sequence[str]) -> tuple[Match, ...]:
    """One match a name of one fund house's file, in its order.

    An override comes first, then the name as it is, what it says it was called before, what a scheme of AMFI's says it
    was called before, and last its words in any order: within the house that most of the file's other names belong to.
    """
    firm = {name: match for name in dict.fromkeys(names) if (match := _by_override(index, name))}
    exact = {name: _exact(index, name) for name in names if name not in firm}
    house = _house(index, [match.families for match in exact.values()], names)
    matches = firm | {name: _settled(index, name, found, house) for name, found in exact.items()}
    return tuple(matches[name] for name in names)


@dataclass(frozen=True, slots=True)
class _Exact:
    families: tuple[str, ...]
    matched_by: MatchedBy


def _by_override(index: SchemeIndex, name: str) -> Match | None:
    scheme = index.by_code.get(index.overrides.get(scheme_key(name), -1))
    return _match(index, name, scheme.family, MatchedBy.OVERRIDE) if scheme else None


def _exact(index: SchemeIndex, name: str) -> _Exact:
    for keys, known, matched_by in (
        ([scheme_key(name)], index.by_key, MatchedBy.NAME),
        ([scheme_key(former) for former in former_names(name)], index.by_key, MatchedBy.FORMER_NAME),
        ([scheme_key(name)], index.by_former_key, MatchedBy.FORMER_NAME),
        ([without_tenor(scheme_key(name))], index.by_short_key, MatchedBy.NAME),
    ):
        families = tuple(dict.fromkeys(family for key in keys for family in known.get(key, ())))
        if families:
            return _Exact(families, matched_by)
    return _Exact((), MatchedBy.NONE)


def _house(index: SchemeIndex, found: Iterable[Sequence[str]], names: Sequence[str]) -> str | None:
    """The house of most unmistakable names of the file; where none is, the one whose words begin a name."""
    votes = Counter(index.families[families[0]][0].house for families in found if len(families) == 1)
    if votes:
        return votes.most_common(1)[0][0]
    keys = [scheme_key(name) for name in names]
    begun = [house for house in index.houses if any(key.startswith(f"{scheme_key(house)} ") for key in keys)]
    return begun[0] if len(begun) == 1 else None


def _settled(index: SchemeIndex, name: str, found: _Exact, house: str | None) -> Match:
    own = [family for family in found.families if index.families[family][0].house == house] or list(found.families)
    if len(own) == 1:
        return _match(index, name, own[0], found.matched_by)
    if own:
        return Match(name, MatchedBy.AMBIGUOUS, candidates=tuple(own))
    return _by_words(index, name, house)


def _by_words(index: SchemeIndex, name: str, house: str | None) -> Match:
    """The family of the house that has the same words in any order, the soft ones left out, if just one has."""
    said = _hard_words(name)
    alike = index.by_words.get((house or "", said), []) if said else []
    if len(alike) == 1:
        return _match(index, name, alike[0], MatchedBy.TOKENS)
    return Match(name, MatchedBy.AMBIGUOUS if alike else MatchedBy.NONE, candidates=tuple(alike))


def _hard_words(name: str) -> frozenset[str]:
    return frozenset(scheme_words(name)) - SOFT


def _match(index: SchemeIndex, name: str, family: str, matched_by: MatchedBy) -> Match:
    return Match(name, matched_by, family, representative(index.families[family]))


def _inverted(pairs: Iterable[tuple[Key, str]]) -> dict[Key, list[str]]:
    found: dict[Key, dict[str, None]] = defaultdict(dict)
    for key, family in pairs:
        if key:
            found[key][family] = None
    return {key: list(families) for key, families in found.items()}
