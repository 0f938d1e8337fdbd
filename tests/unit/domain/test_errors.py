from __future__ import annotations

import pytest

from app.domain.errors import DatabaseUnavailable, InputFileError, RiskError, SettingsError, UnknownWindow


def test_an_error_reads_as_message_and_remedy() -> None:
    assert str(RiskError("It broke.", "Mend it.")) == "It broke. Mend it."
    assert str(RiskError("It broke.")) == "It broke."


def test_a_file_error_names_file_and_row() -> None:
    error = InputFileError("prices.csv", "close is missing.", "Add it.", row=7)
    assert str(error) == "prices.csv, row 7: close is missing. Add it."
    assert (error.file, error.reason, error.row) == ("prices.csv", "close is missing.", 7)
    assert InputFileError("prices.csv", "is empty.").message == "prices.csv: is empty."


@pytest.mark.parametrize(
    ("kind", "code"), [(RiskError, 1), (SettingsError, 2), (UnknownWindow, 2), (DatabaseUnavailable, 3)]
)
def test_each_kind_of_error_has_its_exit_code(kind: type[RiskError], code: int) -> None:
    assert kind("x").exit_code == code
    assert InputFileError("f", "x").exit_code == 4
