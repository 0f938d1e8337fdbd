"""What a book of a hundred funds owns, and how far the funds hold the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from app.domain.prices import FloatArray
from app.measures.conventions import IntArray
from app.measures.lookthrough import Compositions, by_group, compositions, look_through
from app.measures.overlap import fund_overlap
from benchmarks.agreement import TOLERANCE, check_equal
from benchmarks.market import SEED
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

FUNDS, SECURITIES, SECTORS = 100, 2_000, 20
Found = dict[str, FloatArray | IntArray]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """``funds``, ``securities`` and ``weights`` (L,), ``amounts`` (F,) and ``sectors`` (S,), as numbers."""

    funds: IntArray
    securities: IntArray
    weights: FloatArray
    amounts: FloatArray
    sectors: IntArray

    def compositions(self) -> Compositions:
        """Sorted, as they are kept until the next disclosure."""
        return compositions(self.funds, self.securities, self.weights, FUNDS, SECURITIES)

    def frame(self, names: bool) -> tuple[pd.DataFrame, pd.Series[float]]:
        """Lines and amounts for pandas: by ISIN and names as disclosed, or by the numbers of this app."""
        isins = np.array([f"INE{number:06d}018" for number in range(SECURITIES)])
        funds = np.array([f"Fund {number:03d} - Direct Plan - Growth" for number in range(FUNDS)])
        sectors = np.array([f"Sector {number:02d}" for number in range(SECTORS)])
        frame = pd.DataFrame(
            {
                "fund": funds[self.funds] if names else self.funds,
                "isin": isins[self.securities] if names else self.securities,
                "sector": sectors[self.sectors[self.securities]] if names else self.sectors[self.securities],
                "weight": self.weights,
            }
        )
        return frame, pd.Series(self.amounts, index=funds if names else np.arange(FUNDS))


def generate() -> Lines:
    """100 funds of 60 to 430 securities, the same large ones in most of them: 24,000 lines."""
    generator = np.random.default_rng(SEED)
    sizes = generator.integers(60, 430, FUNDS)
    liked = 1.0 / (np.arange(SECURITIES) + 20.0)
    chosen = [generator.choice(SECURITIES, size, replace=False, p=liked / liked.sum()) for size in sizes]
    funds = np.repeat(np.arange(FUNDS), sizes)
    weights = generator.exponential(1.0, len(funds))
    weights /= np.bincount(funds, weights)[funds]
    return Lines(
        funds, np.concatenate(chosen), weights, generator.uniform(1e4, 1e6, FUNDS),
        generator.integers(0, SECTORS, SECURITIES),
    )  # fmt: skip


def build(_: Scene) -> Comparison:
    """From the newest disclosures in memory to the figures of all funds together; the market plays no part."""
    lines = generate()
    kept = lines.compositions()
    named, numbered = lines.frame(names=True), lines.frame(names=False)

    def ours() -> Found:
        return _ours(lines, kept)

    peers = (
        Candidate("pandas merge and groupby on ISINs", lambda: _with_pandas(*named), goal=250),
        Candidate("pandas merge and groupby on this app's numbers", lambda: _with_pandas(*numbered)),
    )
    expected = ours()
    expected["exposure"] = expected["exposure"][np.unique(lines.securities)]  # pandas gives what is held
    count = [check_equal(peer.name, expected, _arrays(peer.run())) for peer in peers][-1]
    return Comparison(
        f"Look-through: {FUNDS} funds, {len(lines.funds):,} lines: exposure, sectors, overlap of every pair",
        (
            Candidate("this app", ours),
            Candidate("this app, with the lines sorted anew", lambda: _ours(lines, lines.compositions())),
            *peers,
        ),
        f"{count} figures equal to {TOLERANCE:g}.",
    )


def _ours(lines: Lines, kept: Compositions) -> Found:
    found, shared = look_through(kept, lines.amounts, np.zeros(SECURITIES)), fund_overlap(kept)
    sectors = by_group(found.net, lines.sectors, SECTORS)
    return {"exposure": found.net, "sectors": sectors[:-1], "overlap": shared.weight, "names": shared.names}


def _arrays(found: Any) -> Found:
    return {name: part.to_numpy() for name, part in found.items()}


def _with_pandas(frame: pd.DataFrame, amounts: pd.Series[float]) -> dict[str, Any]:
    owned = frame.assign(rupees=frame["weight"] * frame["fund"].map(amounts))
    pairs = frame.merge(frame, on="isin")
    pairs["shared"] = np.minimum(pairs["weight_x"], pairs["weight_y"])
    overlap = pairs.groupby(["fund_x", "fund_y"])["shared"].agg(["sum", "count"])
    return {
        "exposure": owned.groupby("isin")["rupees"].sum(),
        "sectors": owned.groupby("sector")["rupees"].sum(),
        "overlap": overlap["sum"].unstack(fill_value=0),
        "names": overlap["count"].unstack(fill_value=0),
    }
