"""What a portfolio's own sheet leaves out and the rest of the workbook tells: its scheme's name, and its day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from app.sources.amc.blocks import Block
from app.sources.amc.header import Cells
from app.sources.amc.titles import as_on_days, distinct, names_scheme

INDEX_ROWS = 500


def completed(block: Block, others: Sequence[Cells]) -> Block:
    """The block with a name and a day where its titles have none. ``others`` are the sheets without a portfolio.

    The name is the one beside the sheet's code in an index, else the sheet's own where that is a scheme's. The day is
    taken where all other sheets that name one name the same.
    """
    if block.scheme and block.days:
        return block
    scheme = block.scheme or _beside_code(block.sheet, others) or names_scheme([[block.sheet]])
    days = {day for cells in others for day in as_on_days(cells[:INDEX_ROWS])}
    return replace(block, scheme=scheme, days=block.days or (tuple(days) if len(days) == 1 else ()))


def _beside_code(code: str, others: Iterable[Cells]) -> str | None:
    for cells in others:
        for row in map(distinct, cells[:INDEX_ROWS]):
            if code.casefold() in (text.casefold() for text in row):
                return names_scheme([row])
    return None
