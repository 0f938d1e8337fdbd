"""Readers of the published data sets that the measures are checked against."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd

from app.measures.conventions import FloatArray
from tests.shared_data import shared_file


def table(name: str) -> dict[str, FloatArray]:
    """Columns of a published CSV file, its first (the dates) left out; blank cells are NaN."""
    frame = pd.read_csv(shared_file(f"benchmarks/{name}"), index_col=0)
    return {str(column): frame[column].to_numpy(float) for column in frame}


def dates(name: str) -> list[str]:
    return [str(day) for day in pd.read_csv(shared_file(f"benchmarks/{name}"), usecols=[0]).iloc[:, 0]]


def expected(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(shared_file(f"benchmarks/{name}").read_text(encoding="utf-8"))
    return content


def nist(name: str) -> FloatArray:
    """The observations of a NIST StRD file, (n,) or (n, 2): what follows its last "Data:" line."""
    text = shared_file(f"benchmarks/nist-strd/{name}.dat").read_text(encoding="ascii")
    rows = text.rpartition("Data:")[2].replace("-----", "").splitlines()[1:]
    return np.loadtxt([row for row in rows if row.strip(" -")])


def agreeing_digits(value: float, certified: float) -> float:
    """Log relative error, capped at 15: the number of digits in agreement."""
    error = abs(value - certified) / abs(certified)
    return 15.0 if error == 0.0 else min(15.0, -float(np.log10(error)))
