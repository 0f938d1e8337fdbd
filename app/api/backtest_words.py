"""How methods of VaR and traffic lights are said."""

from __future__ import annotations

from app.domain.backtests import MethodBacktest, RatioTest

METHOD_NAMES = {
    "historical": "Historical",
    "parametric": "Parametric",
    "cornish_fisher": "Cornish-Fisher",
    "ewma": "Exponentially weighted",
    "filtered_historical": "Filtered historical",
}
ZONES = {"green": ("ok", "Green"), "yellow": ("warning", "Yellow"), "red": ("critical", "Red")}
"""Zone -> (tone, word)."""


def exceptions_words(tested: MethodBacktest) -> str:
    """``22 of 502``."""
    return f"{tested.exceptions} of {tested.days}"


def accepted_words(tested: MethodBacktest) -> str:
    """``17 to 35``; empty where nothing was tested."""
    return "" if tested.accepted is None else f"{tested.accepted[0]} to {tested.accepted[1]}"


def chance_words(test: RatioTest | None) -> str:
    """How often a right method would do as badly: ``34%``; empty where nothing was tested."""
    if test is None:
        return ""
    return "below 0.1%" if test.probability < 0.001 else f"{test.probability * 100:.2g}%"
