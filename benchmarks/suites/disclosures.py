"""Fund disclosures: workbooks into scheme sheets."""

from __future__ import annotations

from app.domain.disclosures import SchemeSheet
from app.ingest.disclosure_files import read_ahead
from app.sources.amc.reader import read_disclosure
from benchmarks.agreement import Disagreement
from benchmarks.openpyxl_reader import File, generated_files, published_files, read_with_openpyxl
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

Found = list[tuple[SchemeSheet, ...]]
LINES = 60


def build(scene: Scene) -> Comparison:
    """Ours opens workbooks in child processes with limits, two at a time; the peers in this process without any."""
    published = published_files()
    count = max(2, scene.scale.held // 5)
    files = published or generated_files(count, 2 * count, LINES)
    found = _read(files)
    for read_only in (True, False):
        if read_with_openpyxl(files, read_only=read_only) != found:
            raise Disagreement(f"openpyxl, read_only={read_only}: other scheme sheets than ours")
    sheets, lines = sum(map(len, found)), sum(len(sheet.lines) for file in found for sheet in file)
    size = sum(len(data) for _, data in files) / 1e6
    return Comparison(
        f"Disclosures: {len(files)} {'published' if published else 'generated'} workbooks (.xlsx), {size:.2g} MB, read",
        (
            Candidate("this app", lambda: _read(files)),
            Candidate("the same reader on openpyxl", lambda: read_with_openpyxl(files, read_only=False), goal=5),
            Candidate("the same reader on openpyxl, read_only", lambda: read_with_openpyxl(files, read_only=True)),
        ),
        f"{sheets} scheme sheets with {lines} lines exactly equal.",
    )


def _read(files: list[File]) -> Found:
    return [
        one.result() for _, one in read_ahead(files, lambda file, reader: read_disclosure(file[1], file[0], reader))
    ]
