"""What is wrong with the data, for a screen: ordered by what it touches, gathered by kind, said as the screen says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf

from app.api.formats import count, plain
from app.domain.data_issues import DataIssue, Severity

PORTFOLIO = "PORTFOLIO"
NAMED = 3
"""Subjects that the line of a gathered kind names."""
_SEVERITIES = {
    Severity.CRITICAL: ("critical", "critical", "issue", "The numbers can't be trusted until these are mended."),
    Severity.WARNING: ("warning", "", "warning", "The numbers are usable, with the limits named here."),
    Severity.INFO: ("info", "", "note", "Handled; told so that you can check."),
}
STALE = frozenset({"stale_prices", "stale_nav"})
"""Issues that say of prices or NAVs that they are old."""
_TITLES = {
    "no_prices": "No daily prices",
    "not_valued": "No price or NAV: not in the value",
    "stale_prices": "Old prices",
    "stale_price": "An old price",
    "stale_nav": "An old NAV",
    "nav_missing": "NAVs are missing",
    "nav_gaps": "Returns over several days",
    "nav_jump": "A jump of the NAV",
    "no_disclosure": "No portfolio",
    "stale_disclosure": "An old portfolio",
    "partial_disclosure": "Only part of the portfolio",
    "unresolved_units": "Not all of it is looked through",
    "short_history": "Too little history",
    "unknown_security": "Not in the security master",
    "unknown_fund": "Not in AMFI's list",
    "fund_in_demat": "Units of a fund in the demat account",
    "gaps": "Missing days",
    "split_like_jump": "Looks like a split",
    "large_move": "A large move that counts",
    "unexplained_move": "An unusual move that counts",
    "contradictory_bars": "Bars that contradict themselves",
    "matched_indirectly": "Matched indirectly",
}


@dataclass(frozen=True, slots=True)
class IssueKind:
    """The issues of one code: one by itself, several under a ``title`` that counts and names the first of them.

    ``remedy`` stands once where all have the same.
    """

    key: str
    title: str
    names: str
    remedy: str
    issues: tuple[DataIssue, ...]


@dataclass(frozen=True, slots=True)
class IssueGroup:
    """The issues of one severity; ``title`` counts them."""

    tone: str
    title: str
    meaning: str
    kinds: tuple[IssueKind, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the numbers can be trusted: the worst severity as ``tone``, the ``count`` of all and the first issue.

    ``is_stale``: they rest on prices or NAVs that are old.
    """

    tone: str
    title: str
    rest: str
    note: str
    count: int
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Flaws:
    """The issues of a report: each cause told once, the whole portfolio first, then by the rupees it touches.

    ``sizes`` rupees and ``names`` by the subject of an issue; one whose size is not known may touch anything.
    """

    found: Sequence[DataIssue]
    sizes: Mapping[str, float | None] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    def told(self) -> tuple[DataIssue, ...]:
        """The issues in that order, in the words of the screen."""
        return tuple(self._worded(issue) for issue in sorted(_once(self.found), key=self._rank))

    def _rank(self, issue: DataIssue) -> tuple[int, bool, float]:
        size = self.sizes.get(issue.subject)
        return list(_SEVERITIES).index(issue.severity), issue.subject != PORTFOLIO, -inf if size is None else -size

    def _worded(self, issue: DataIssue) -> DataIssue:
        subject = "Whole portfolio" if issue.subject == PORTFOLIO else self.names.get(issue.subject, issue.subject)
        return replace(issue, subject=subject, message=plain(issue.message), remedy=plain(issue.remedy, dates=False))


def _once(issues: Iterable[DataIssue]) -> Iterator[DataIssue]:
    """NAVs that are missing before a newest one that is old have one cause: a history that was not brought in."""
    found = list(issues)
    stale = {issue.subject for issue in found if issue.code == "stale_nav"}
    gaps: dict[str, list[str]] = {}
    for issue in found:
        if issue.code == "nav_missing" and issue.subject in stale:
            gaps.setdefault(issue.subject, []).append(issue.message)
    for issue in found:
        if issue.code == "stale_nav":
            yield replace(issue, message=" ".join([issue.message, *gaps.get(issue.subject, ())]))
        elif issue.code != "nav_missing" or issue.subject not in stale:
            yield issue


def issue_groups(flaws: Flaws) -> tuple[IssueGroup, ...]:
    """Issues by severity, the worst first, those of one kind together."""
    told = flaws.told()
    groups = []
    for severity, (tone, _, _, meaning) in _SEVERITIES.items():
        found = tuple(issue for issue in told if issue.severity is severity)
        if found:
            groups.append(IssueGroup(tone, _counted(severity, len(found)), meaning, tuple(_kinds(found)), len(found)))
    return tuple(groups)


def _kinds(issues: Sequence[DataIssue]) -> Iterator[IssueKind]:
    kinds: dict[str, list[DataIssue]] = {}
    for issue in issues:
        kinds.setdefault(issue.code, []).append(issue)
    for code, found in kinds.items():
        remedies = {issue.remedy for issue in found}
        names = ", ".join(issue.subject for issue in found[:NAMED])
        more = f" and {count(len(found) - NAMED)} more" if len(found) > NAMED else ""
        title = _TITLES.get(code, code.replace("_", " ").capitalize())
        yield IssueKind(code, title, f"{names}{more}", remedies.pop() if len(remedies) == 1 else "", tuple(found))


def _counted(severity: Severity, number: int, what: str = "") -> str:
    _, adjective, noun, _ = _SEVERITIES[severity]
    words = (count(number), adjective, what, noun if number == 1 else f"{noun}s")
    return " ".join(filter(None, words))


def trust(flaws: Flaws) -> Trust:
    """The headline about the data behind the numbers."""
    told = flaws.told()
    if not told:
        return Trust("ok", "No data issues", "Nothing is known against these numbers", "", 0, False)
    numbers = {severity: sum(issue.severity is severity for issue in told) for severity in _SEVERITIES}
    (worst, number), *rest = ((severity, number) for severity, number in numbers.items() if number)
    first = told[0]
    return Trust(
        tone=_SEVERITIES[worst][0],
        title=_counted(worst, number, "data"),
        rest=" · ".join(_counted(severity, number) for severity, number in rest),
        note=f"{first.subject}: {first.message}",
        count=len(told),
        is_stale=any(issue.code in STALE and issue.severity is Severity.CRITICAL for issue in told),
    )
