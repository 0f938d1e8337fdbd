"""Fund disclosures: workbooks into scheme sheets."""

from __future__ import annotations

from app.domain.disclosures import SchemeSheet
from app.ingest.disclosure_files import read_ahead
from app.sources.amc.opening import Workbook, open_workbooks
from app.sources.amc.reader import read_workbooks
from app.sources.workbooks import WorkbookReader
from benchmarks.agreement import Disagreement
from benchmarks.disclosure_workbooks import File, generated_files, published_files
from benchmarks.openpyxl_reader import read_with_openpyxl
from benchmarks.scene import Scene
from benchmarks.timing import Candidate, Comparison

Found = list[tuple[SchemeSheet, ...]]


def build(scene: Scene) -> Comparison:
    """Ours opens workbooks in child processes with limits, two at a time; the peers in this process without any."""
    published = published_files()
    files = published or generated_files(scene.scale.workbooks)
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
    return [one.result() for _, one in read_ahead(files, _open, lambda opened: read_workbooks(*opened))]


def _open(file: File, reader: WorkbookReader) -> tuple[tuple[Workbook, ...], str]:
    name, data = file
    return tuple(open_workbooks(data, name, reader)), name
