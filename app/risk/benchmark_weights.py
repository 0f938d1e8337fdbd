"""What an index consists of, read from the newest disclosure of an index fund that tracks it. Pure.

The free lists of indices name constituents without weights; index funds publish theirs every month.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.domain.disclosures import LineKind, PortfolioLines
from app.domain.scheme_names import scheme_words

PASSIVE = frozenset({"index", "etf", "bees"})
FEW_OTHERS = 2.0
"""Percent that an index fund holds in cash; one with more is not a copy of its index today."""
_NOT_PLAIN = frozenset({"fof"})


@dataclass(frozen=True, slots=True)
class BenchmarkWeights:
    """Weights in percent by ISIN that sum to 100; ``fund`` published them as of ``as_on``."""

    index: str
    weights: dict[str, float]
    fund: str
    as_on: date


def benchmark_weights(lines: PortfolioLines, index: str) -> BenchmarkWeights | None:
    """The weights of an index (``Nifty 50``) from the newest portfolio that copies it; None without one.

    A fund copies the index when, the name of its house and words such as Index Fund or ETF taken away, its name is the
    index's. Of one day's funds the one with the least beside its shares is taken.
    """
    copies = [
        (disclosure.as_on, shares)
        for at, disclosure in enumerate(lines.disclosures)
        if tracks(disclosure.name, index) and not disclosure.partial
        for shares in [_shares(lines, at)]
        if 100.0 - FEW_OTHERS <= lines.weight[shares].sum() <= 100.0 + FEW_OTHERS
    ]
    if not copies:
        return None
    as_on, shares = max(copies, key=lambda copy: (copy[0], -abs(100.0 - lines.weight[copy[1]].sum())))
    total = lines.weight[shares].sum()
    weights: dict[str, float] = {}
    for isin, weight in zip(lines.isin[shares].tolist(), (lines.weight[shares] / total * 100.0).tolist(), strict=True):
        weights[isin] = weights.get(isin, 0.0) + weight
    return BenchmarkWeights(index, weights, lines.disclosures[int(lines.portfolio[shares[0]])].name, as_on)


@lru_cache(maxsize=16_384)
def tracks(scheme: str, index: str) -> bool:
    """True where a scheme's name says that it copies the index: ``HDFC Nifty 50 Index Fund`` and ``Nifty 50``.

    ``Nifty Next 50``, ``Nifty 50 Equal Weight`` and a fund of such funds are others.
    """
    said, wanted = scheme_words(scheme), tuple(word for word in scheme_words(index) if word != "index")
    if not PASSIVE & set(said) or _NOT_PLAIN & set(said) or not wanted:
        return False
    plain = " ".join(word for word in said if word not in PASSIVE)
    match = re.fullmatch(rf"(?P<house>.+?) {re.escape(' '.join(wanted))}", plain)
    return match is not None and not _INDEX_WORDS & set(match["house"].split())


_INDEX_WORDS = frozenset({"nifty", "sensex", "bse", "nse", "next", "equal", "weight", "momentum", "alpha", "quality"})


def _shares(lines: PortfolioLines, portfolio: int) -> NDArray[np.int64]:
    """Indices of the portfolio's shares that have an ISIN."""
    known = np.array([isin is not None for isin in lines.isin], bool)
    kinds = (lines.kind == LineKind.EQUITY) | (lines.kind == LineKind.FOREIGN_EQUITY)
    return np.flatnonzero((lines.portfolio == portfolio) & kinds & known & lines.in_total)
