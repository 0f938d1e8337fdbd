"""Many disclosure files at once: opened two at a time, read while the next are opened, stored each in a transaction."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

from app.Boilerplate import Boilerplate
from app.domain.disclosures import DisclosureFile, SchemeSheet
from app.domain.errors import InputFileError
from app.ingest.disclosure_checks import Asked
from app.ingest.disclosures import DisclosureImport, describe, load_known, store_disclosure
from app.ingest.input_files import read_input
from app.ingest.portfolios import load_index
from app.ingest.scheme_matching import SchemeIndex
from app.sources.amc.checks import months_named
from app.sources.amc.opening import Workbook, open_workbooks
from app.sources.amc.reader import read_workbooks
from app.sources.workbooks import MAX_WORKBOOK, WorkbookReader
from app.store.disclosures import newest_disclosure

SUFFIXES = frozenset({".xlsx", ".xlsb", ".xls", ".zip"})
"""What is looked at in a folder; what a file is, its bytes decide."""
Item = TypeVar("Item")
Opened = TypeVar("Opened")
Result = TypeVar("Result")
AT_ONCE = 2
AHEAD = 6
"""Files opened or read before they are stored, at most."""
TURN = 0.0005
"""Seconds that a busy thread keeps the others waiting; with Python's 5 ms the child processes stand idle for long."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A file with the workbooks in it, or what is known of its bytes already."""

    file: DisclosureFile
    workbooks: tuple[Workbook, ...]
    known: DisclosureImport | None = None


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file with the scheme sheets read from it, or what is known of its bytes already."""

    file: DisclosureFile
    sheets: tuple[SchemeSheet, ...]
    known: DisclosureImport | None


def drop_folder(data_dir: Path) -> Path:
    """Where files may be left to be imported; made here, so that there is something to find."""
    folder = data_dir / "disclosures"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def without_files(paths: Iterable[Path]) -> list[InputFileError]:
    """What is to be said of each folder in which there is nothing to import."""
    wanted = ", ".join(sorted(SUFFIXES))
    remedy = "Leave the fund houses' files there, or give another folder."
    empty = (path for path in paths if path.is_dir() and not find_files([path]))
    return [InputFileError(str(path), f"holds no file to import, looked for {wanted}.", remedy) for path in empty]


def find_files(paths: Iterable[Path]) -> list[Path]:
    """The files themselves, and in place of each folder the workbooks and archives in it and below.

    Those of a folder come in order of the month in their names, where there is one, then of their paths: turnover is
    told from one month to the next, and a run that is broken off leaves no newer month in the way of an older one.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = (at for at in path.rglob("*") if at.suffix.lower() in SUFFIXES and not _is_hidden(at, path))
            found += sorted((at for at in inside if at.is_file()), key=_by_month)
        else:
            found.append(path)
    return list(dict.fromkeys(found))


def import_files(
    database: Boilerplate, paths: Sequence[Path], asked: Asked, progress: Callable[[Path], None]
) -> Iterator[DisclosureImport | InputFileError]:
    """Import the files in order, yielding what became of each; ``progress`` is called with the one that is next.

    A file that was imported before is not read again, unless ``load_known`` says so. One that can't be read from the
    disk comes as its error. Only what was stored before makes a month older: the files may bring several months of a
    scheme in any order.
    """
    beside = frozenset(_hashes(paths)) if asked.puts_back else frozenset()
    with database.transaction() as connection:
        asked = replace(asked, loaded=newest_disclosure(connection), beside=beside)
    index: SchemeIndex | None = None
    for path, one in read_ahead(paths, lambda path, reader: _open(database, path, asked, reader), _read):
        progress(path)
        try:
            done = one.result()
        except InputFileError as error:
            yield error
            continue
        if done.known is None:
            with database.transaction() as connection:
                index = index or load_index(connection)
                result = store_disclosure(connection, done.file, done.sheets, asked, index)
        yield done.known or result


def read_ahead(
    items: Iterable[Item], open_: Callable[[Item, WorkbookReader], Opened], read: Callable[[Opened], Result]
) -> Iterator[tuple[Item, Future[Result]]]:
    """Each item with its reading, in order, some ahead of the one asked for.

    Two are opened at a time, each with a child process, and one is read: no child waits for a reading to end.
    """
    begun: deque[tuple[Item, Future[Result]]] = deque()
    readers: SimpleQueue[WorkbookReader] = SimpleQueue()

    def with_reader(item: Item) -> Opened:
        reader = readers.get()
        try:
            return open_(item, reader)
        finally:
            readers.put(reader)

    def when_open(opened: Future[Opened]) -> Result:
        return read(opened.result())

    with ExitStack() as stack:
        stack.callback(sys.setswitchinterval, sys.getswitchinterval())
        sys.setswitchinterval(TURN)
        for _ in range(AT_ONCE):
            readers.put(stack.enter_context(WorkbookReader()))
        opening, reading = ThreadPoolExecutor(AT_ONCE), ThreadPoolExecutor(1)
        stack.callback(reading.shutdown, cancel_futures=True)
        stack.callback(opening.shutdown, cancel_futures=True)
        for item in items:
            begun.append((item, reading.submit(when_open, opening.submit(with_reader, item))))
            if len(begun) > AHEAD:
                yield begun.popleft()
        while begun:
            yield begun.popleft()


def _hashes(paths: Iterable[Path]) -> Iterator[str]:
    for path in paths:
        with suppress(InputFileError):
            yield describe(read_input(path, MAX_WORKBOOK), path.name).sha256


def _open(database: Boilerplate, path: Path, asked: Asked, reader: WorkbookReader) -> OpenedFile:
    data = read_input(path, MAX_WORKBOOK)
    file = describe(data, path.name)
    with database.transaction() as connection:
        known = load_known(connection, file, asked)
    return OpenedFile(file, () if known else tuple(open_workbooks(data, file.name, reader)), known)


def _read(opened: OpenedFile) -> ReadFile:
    sheets = () if opened.known else read_workbooks(opened.workbooks, opened.file.name)
    return ReadFile(opened.file, sheets, opened.known)


def _by_month(path: Path) -> tuple[tuple[int, int], Path]:
    return min(months_named(path.name), default=(0, 0)), path


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "~$")) for part in path.relative_to(folder).parts)
