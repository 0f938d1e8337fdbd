"""Contrast of the colour tokens in both themes, by the WCAG 2.2 formula (relative luminance, sRGB)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).parents[3] / "app" / "frontend" / "css" / "tokens.css"
TEXT, GRAPHIC = 4.5, 3.0
PAIRS = [
    *[(ink, ground, TEXT) for ink in ("tx", "mu") for ground in ("bg", "card", "sub")],
    *[("ac", ground, TEXT) for ground in ("card", "ac-s", "sub")],
    *[(ink, "card", TEXT) for ink in ("ok", "wa", "ba")],
    *[(ink, "sub", TEXT) for ink in ("ok", "wa", "ba")],
    *[("wa", "wa-s", TEXT), ("ba", "ba-s", TEXT), ("ac", "wa-s", TEXT), ("ac", "ba-s", TEXT), ("ac", "bg", TEXT)],
    *[("tx", ground, TEXT) for ground in ("ba-s", "wa-s", "ac-s")],
    *[("bg", "tx", TEXT)],
    *[(ink, "card", GRAPHIC) for ink in ("n", "wa-f", "ba-f", "gr", "ctl", "v")],
    *[("tx", f"heat-{step}", TEXT) for step in range(5)],
    *[("heat-tx", f"heat-{step}", TEXT) for step in (5, 6)],
]


def tokens() -> dict[str, tuple[str, str]]:
    rule = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
    return {name: (light, dark) for name, light, dark in rule.findall(TOKENS.read_text(encoding="utf-8"))}


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_black_on_white_has_the_ratio_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "needed"), PAIRS)
def test_a_pair_of_tokens_has_enough_contrast(ink: str, ground: str, needed: float, theme: int) -> None:
    found = tokens()
    assert contrast(found[ink][theme], found[ground][theme]) >= needed
