"""How the series of a portfolio move with each other."""

from __future__ import annotations

import math

import numpy as np

from app.measures._kernels import centred_complete_days, correlate, prepared
from app.measures.conventions import FloatArray


def complete_days(returns: FloatArray) -> int:
    """Number of rows of ``returns`` (T, N) on which every series has a return."""
    return int(np.count_nonzero(~np.isnan(returns).any(axis=1)))


def correlation_matrix(returns: FloatArray) -> FloatArray:
    """Pearson correlations (N, N) of the columns of ``returns`` (T, N) over the days on which all have a return.

    Taking the same days for every pair keeps the matrix positive semi-definite; its diagonal is exactly 1. Rows and
    columns of constant series are NaN; all is NaN below two complete days, so leave out series with short histories
    first.
    """
    days = centred_complete_days(prepared(returns))
    matrix: FloatArray = days.T @ days
    if len(days) < 2:
        matrix.fill(math.nan)
    correlate(matrix)
    return matrix
