from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.domain.errors import InputFileError
from app.ingest.input_files import read_input


def test_a_file_of_just_the_size_allowed_is_read_and_a_larger_one_is_not(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(bytes(1 << 20))
    assert len(read_input(file, 1 << 20)) == 1 << 20
    file.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(InputFileError, match=r"a\.csv: is larger than 1 MB"):
        read_input(file, 1 << 20)


def test_what_is_no_regular_file_is_not_even_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        with pytest.raises(InputFileError, match="is a device or a pipe"):
            read_input(path, 1)


def test_a_file_that_is_not_there_is_told_as_the_system_does(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="No such file or directory"):
        read_input(tmp_path / "gone.csv", 1)
