"""A correlation matrix into JSON."""

from __future__ import annotations

import json

from app.domain.serialise import to_json
from app.measures.correlation import correlation_matrix
from app.measures.returns import simple_returns
from benchmarks.agreement import check_equal
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison


def build(scene: Scene) -> Comparison:
    """The array as it is, against lists of Python floats."""
    matrix = correlation_matrix(simple_returns(scene.market.closes[:, 1 : scene.scale.held + 1]))

    def ours() -> bytes:
        return to_json(matrix)

    def usual() -> str:
        return json.dumps(matrix.tolist())

    count = check_equal("json", json.loads(ours()), json.loads(usual()), 0.0)
    return Comparison(
        f"JSON of a correlation matrix, {len(matrix)} x {len(matrix)}",
        (Candidate("this app: orjson on the array", ours), Candidate("json.dumps of lists", usual)),
        f"{count} figures exactly equal.",
    )
