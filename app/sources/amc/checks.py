"""Reasons not to trust a portfolio that adds up: the wrong kind of disclosure, unit, month or scheme."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import median

from app.domain.disclosures import DisclosureLine, LineKind, SchemeSheet
from app.sources.amc.cells import days_in, month_end, month_end_in, words
from app.sources.amc.isins import is_house_code, looks_like_isin
from app.sources.amc.kinds import CONTRACTS
from app.sources.amc.titles import scheme_key
from app.sources.amc.weights import Weighed

DAYS_BEFORE_MONTH_END = 3
"""A month that ends on a weekend or holiday is disclosed as of its last business day."""
SHARE_PRICES = (40.0, 9_000.0)
"""Rupees: bounds of the median price of a fund's shares. A unit read 100 times wrong leaves them."""
PAPER_PRICES = ((15.0, 250.0), (0.15, 2.5))
"""Rupees for 100 of face value, or for one rupee of it where the quantity is the face value."""
FACE_VALUES = (100.0, 1e5, 5e5, 1e6)
"""Rupees: what a company's paper is issued at. Of 165 debt portfolios seen, most paper of each is near one of them."""
RARE_FACE_VALUES = (1.0, 1e3, 1e4, 1e7)
"""Paper for retail investors, perpetual bonds, quantities in rupees: a unit 100 times off looks the same."""
NEAR_FACE = (0.6, 1.25)
"""Times the face value: from deep discounts to high coupons."""
METAL_PRICES = {LineKind.GOLD: ((2e3, 6e4), (2e6, 6e7)), LineKind.SILVER: ((30.0, 800.0), (3e4, 8e5))}
"""Rupees a gram, and a kilogram: half of the lowest in ten years to five times today's. All seen are in kilograms."""
TOTALS = (1e6, 1e13)
"""Rupees: bounds of a scheme's total, 10 lakh to 10 lakh crore. SEBI lets no scheme begin below 5 crore; the smallest
of 717 seen, at its end, has 2.4 crore and the largest 2 lakh crore."""
SMALL_TOTAL = 2e7
"""Rupees: 2 crore, less than any seen."""
FEWEST_SHARES = 5
FEWEST_BONDS = 3
ARBITRAGE_NET = 5.0
"""Percent that an arbitrage fund's shares and futures may differ; within half a percent in all files seen."""
UNIT_SLIP = 20.0
"""A total that grows or shrinks by this factor in a month was read in another unit (lakh and crore differ by 100)."""
_WITH_ISIN = frozenset(
    {LineKind.EQUITY, LineKind.FOREIGN_EQUITY, LineKind.DEBT, LineKind.FUND_UNIT, LineKind.TRUST_UNIT}
)
_FREQUENCY = re.compile(r"\b(weekly|fortnight(?:ly)?)\b")
_RATING = re.compile(r"(?:sov|sovereign)$|(?:crisil|icra|care|fitch|ind|bwr|acuite) (?:a|aa|aaa|a1)\b")


def frequency_fault(as_on: date, texts: Iterable[str]) -> str | None:
    """Why this is no month-end portfolio, by its own words or its day; None where it is one."""
    said = next((match[1] for match in map(_FREQUENCY.search, map(words, texts)) if match), None)
    end = month_end(as_on.year, as_on.month)
    if said is None and (end - as_on).days <= DAYS_BEFORE_MONTH_END:
        return None
    name = "fortnightly" if (said or "").startswith("fortnight") or (said is None and as_on.day == 15) else said
    return f"{name or 'mid-month'} disclosure as of {as_on}, not a month-end portfolio"


def unit_fault(lines: Sequence[DisclosureLine]) -> str | None:
    """Why the values can't be in the unit stated: prices, or a total, that do not exist.

    Shares and government paper tell the unit best; without them other debt and bullion do.
    """
    shares, paper = _prices(lines, LineKind.EQUITY, "INE"), _prices(lines, LineKind.DEBT, "IN0")
    total = sum(line.value for line in lines if line.in_total)
    reason = None
    if len(shares) >= FEWEST_SHARES and not _is_between(median(shares), SHARE_PRICES):
        reason = f"the middle share would cost ₹{median(shares):,.4g}"
    elif paper and not _is_any(median(paper), PAPER_PRICES):
        reason = f"government paper would cost ₹{median(paper):,.4g} for 100"
    elif not _tells_unit(shares, paper) and (price := _odd_price(lines)):
        reason = price
    elif not _is_between(total, TOTALS):
        reason = f"the scheme would have ₹{total:,.4g} in all"
    return reason and f"values are not in the unit stated: {reason}"


def _tells_unit(shares: Sequence[float], paper: Sequence[float]) -> bool:
    return len(shares) >= FEWEST_SHARES or bool(paper)


def _odd_price(lines: Sequence[DisclosureLine]) -> str | None:
    """A price of companies' paper or of bullion that does not exist."""
    bonds = _prices(lines, LineKind.DEBT, "INE")
    if len(bonds) >= FEWEST_BONDS and not _most_near(bonds, FACE_VALUES + RARE_FACE_VALUES):
        return f"the middle paper of a company would cost ₹{median(bonds):,.4g}"
    for kind, (gram, kilogram) in METAL_PRICES.items():
        if (prices := _prices(lines, kind, "")) and not gram[0] <= median(prices) <= kilogram[1]:
            return f"{kind.value} would cost ₹{median(prices):,.4g}, less than a gram or more than a kilogram of it"
    return None


def _most_near(prices: Sequence[float], face_values: Iterable[float]) -> bool:
    """Whether at least half of the prices are near one of the face values."""
    bounds = [(NEAR_FACE[0] * face, NEAR_FACE[1] * face) for face in face_values]
    return 2 * sum(_is_any(price, bounds) for price in prices) >= len(prices)


def hedge_fault(scheme: str | None, lines: Sequence[DisclosureLine]) -> str | None:
    """Why an arbitrage fund can't be right: it holds shares and the futures sold against them were not all found."""
    net = sum(line.weight for line in lines if line.kind in {LineKind.EQUITY, LineKind.DERIVATIVE})
    if "arbitrage" not in words(scheme or "").split() or abs(net) <= ARBITRAGE_NET:
        return None
    return f"is an arbitrage fund with {net:.1f} % of shares not hedged: contracts are missing"


def sign_fault(lines: Sequence[DisclosureLine]) -> str | None:
    """Why a share can't be what it says: no fund holds less than none, so a short contract was read as a share."""
    short = [line for line in lines if line.kind is LineKind.EQUITY and line.value < 0]
    return f"holds less than none of {short[0].name}: a contract that is not told as one" if short else None


def months_named(file: str) -> set[tuple[int, int]]:
    """(year, month) of every day in a file's name; without a day, of the first month in it."""
    spaced = re.sub(r"(?<=[A-Za-z])(?=\d)|_", " ", file)
    days = days_in(spaced) or [day for day in [month_end_in(spaced)] if day]
    return {(day.year, day.month) for day in days}


def file_name_doubt(file: str, scheme: str | None, as_on: date) -> str | None:
    """A warning where a file's name says other months than the portfolio's; months of the scheme's name aside."""
    named = months_named(file)
    own = month_end_in(scheme or "")
    named -= {(own.year, own.month)} if own else set()
    if not named or (as_on.year, as_on.month) in named:
        return None
    return f"the file's name says {', '.join(f'{year}-{month:02}' for year, month in sorted(named))}, the sheet {as_on}"


def weight_notes(lines: Sequence[DisclosureLine], weighed: Weighed) -> Iterator[str]:
    """Warnings on printed weights that stand on another scale than the total's or that their values contradict."""
    if weighed.rescaled:
        name = lines[weighed.rescaled[0]].name
        yield f"{len(weighed.rescaled)} weights are printed on another scale than the total's, e.g. {name}"
    if weighed.disagreeing:
        line = lines[weighed.disagreeing[0]]
        example = f"{line.name}: {line.stated_weight:.2f} % printed, {line.weight:.2f} % by value"
        yield f"{len(weighed.disagreeing)} printed weights differ from value over total, e.g. {example}"


def line_notes(lines: Sequence[DisclosureLine]) -> Iterator[str]:
    """Warnings on single lines: unidentified, the same ISIN twice, false ISINs, names that are none, face values."""
    if unknown := [line for line in lines if line.kind is LineKind.UNIDENTIFIED]:
        share = sum(abs(line.weight) for line in unknown)
        yield f"{len(unknown)} lines of {share:.2f} % are not identified, e.g. {unknown[0].name}"
    counts = Counter(line.isin for line in lines if line.isin is not None and line.in_total)
    if twice := [isin for isin, count in counts.items() if count > 1]:
        yield f"{len(twice)} ISINs stand in several rows and add up, e.g. {twice[0]}"
    codes = [line.code for line in lines if line.code is not None]
    if wrong := [code for code in codes if looks_like_isin(code) and not is_house_code(code)]:
        yield f"{len(wrong)} codes fail the check digit of an ISIN, e.g. {wrong[0]}"
    if unmapped := [line for line in lines if line.kind in _WITH_ISIN and line.isin is None and line.value]:
        share = sum(abs(line.weight) for line in unmapped)
        yield f"{len(unmapped)} securities of {share:.2f} % have no ISIN, e.g. {unmapped[0].name}"
    held = [line for line in lines if line.kind not in CONTRACTS]
    if opposed := [line for line in held if line.quantity is not None and line.quantity * line.value < 0]:
        yield f"{len(opposed)} quantities have another sign than their values, e.g. {opposed[0].name}"
    if _names_are_industries(lines):
        yield "names repeat more often than industries: the two columns may be exchanged"
    yield from _unit_notes(lines)


def _unit_notes(lines: Sequence[DisclosureLine]) -> Iterator[str]:
    shares, paper = _prices(lines, LineKind.EQUITY, "INE"), _prices(lines, LineKind.DEBT, "IN0")
    if paper and _is_between(median(paper), PAPER_PRICES[1]):
        yield "quantities are face values, or values are 100 times too small"
    if _tells_unit(shares, paper):
        return
    if (total := sum(line.value for line in lines if line.in_total)) < SMALL_TOTAL:
        yield f"the scheme would have ₹{total:,.4g} in all, less than any seen: is it the unit?"
    for kind, bounds in METAL_PRICES.items():
        if (prices := _prices(lines, kind, "")) and not _is_any(median(prices), bounds):
            yield f"{kind.value} costs ₹{median(prices):,.4g}, the price of no gram and no kilogram: is it the unit?"
    bonds = _prices(lines, LineKind.DEBT, "INE")
    if len(bonds) >= FEWEST_BONDS and not _most_near(bonds, FACE_VALUES):
        yield f"most paper of companies is of a rare face value (₹{median(bonds):,.4g}), or values are in another unit"


def _names_are_industries(lines: Sequence[DisclosureLine]) -> bool:
    known = [line for line in lines if line.isin is not None]
    names, industries = {line.name for line in known}, {line.industry for line in known}
    return len(names) < len(industries) or any(_RATING.match(words(name)) for name in names)


def month_outliers(sheets: Sequence[SchemeSheet]) -> frozenset[int]:
    """Indices of the sheets whose day differs from that of most sheets of the same file."""
    days = Counter(sheet.as_on for sheet in sheets if sheet.as_on is not None)
    if len(days) < 2:
        return frozenset()
    usual = days.most_common(1)[0][0]
    return frozenset(at for at, sheet in enumerate(sheets) if sheet.as_on not in {usual, None})


def expectation_fault(
    sheet: SchemeSheet,
    *,
    today: date,
    month: date | None = None,
    scheme: str | None = None,
    last_total: float | None = None,
) -> str | None:
    """Why a sheet is not what was asked for; None where it is.

    ``month`` is any day of the month asked for, ``scheme`` the name asked for (compared without case, punctuation and
    the words that all funds share), ``last_total`` the total of the month before in rupees.
    """
    if sheet.as_on is None or sheet.as_on > today:
        return f"is of {sheet.as_on}, which is not a day in the past"
    if month is not None and (sheet.as_on.year, sheet.as_on.month) != (month.year, month.month):
        return f"is of {sheet.as_on}, not of {month:%Y-%m}"
    if scheme is not None and scheme_key(sheet.name or "") != scheme_key(scheme):
        return f"is of {sheet.name}, not of {scheme}"
    if last_total and sheet.stated_total and not 1 / UNIT_SLIP < sheet.stated_total / last_total < UNIT_SLIP:
        return f"totals ₹{sheet.stated_total:,.0f} after ₹{last_total:,.0f} the month before: a unit is read wrong"
    return None


def _is_between(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _is_any(value: float, bounds: Iterable[tuple[float, float]]) -> bool:
    return any(_is_between(value, bound) for bound in bounds)


def _prices(lines: Iterable[DisclosureLine], kind: LineKind, prefix: str) -> list[float]:
    return [
        line.value / line.quantity
        for line in lines
        if line.kind is kind and line.quantity and line.value > 0 and (line.isin or "").startswith(prefix)
    ]
