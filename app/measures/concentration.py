"""How much of a portfolio hangs on few positions. ``values`` (N,) are rupees or any other non-negative unit.

A missing value is left out: shares are of the known total. A negative value raises ValueError. Without a positive total
every measure is NaN.
"""

from __future__ import annotations

import numpy as np

from app.measures.conventions import FloatArray, quotient


def weights(values: FloatArray) -> FloatArray:
    """Share of each value in the known total, (N,); NaN where the value is missing."""
    if np.any(values < 0.0):
        raise ValueError("values must not be negative")
    return quotient(values, np.asarray(np.nansum(values)))


def top_n(values: FloatArray, count: int) -> float:
    """Share of the ``count`` largest values, 0 to 1."""
    known = _known(values)
    return float(np.sort(known)[::-1][:count].sum()) if known.size else float("nan")


def hhi(values: FloatArray) -> float:
    """Herfindahl-Hirschman index: sum of squared shares, from 1/n (equal) to 1 (one position)."""
    known = _known(values)
    return float(np.sum(known**2)) if known.size else float("nan")


def effective_number(values: FloatArray) -> float:
    """Number of equal positions with the same HHI: 1 / HHI, from 1 to n."""
    return 1.0 / hhi(values)


def _known(values: FloatArray) -> FloatArray:
    shares = weights(values)
    return shares[~np.isnan(shares)]
