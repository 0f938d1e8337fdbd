"""Small generated worlds of funds for the tests of look-through and overlap."""

from __future__ import annotations

import numpy as np

from app.measures.conventions import FloatArray
from app.measures.lookthrough import Compositions, compositions


def held(weights: FloatArray) -> Compositions:
    """Compositions of a dense matrix (F, S); a weight of 0 is no line."""
    funds, securities = np.nonzero(weights)
    return compositions(funds, securities, weights[funds, securities], *weights.shape)


def random_weights(seed: int, funds: int = 8, securities: int = 40, full: bool = False) -> FloatArray:
    """Long weights (F, S), about half of them 0, that add up to 95 % (100 % if ``full``) of each fund."""
    rng = np.random.default_rng(seed)
    raw = rng.exponential(1.0, (funds, securities)) * (rng.random((funds, securities)) < 0.5)
    raw[:, 0] += 0.1
    return np.asarray(raw / raw.sum(axis=1, keepdims=True) * (1.0 if full else 0.95))
