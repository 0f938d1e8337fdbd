from __future__ import annotations

import numpy as np
import pytest
from numba.core import caching

from app.measures import _kernels


def doubled(value: float) -> float:
    return 2.0 * value


def test_without_a_writable_cache_directory_the_kernels_still_compile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caching.CacheImpl, "_locator_classes", [])
    assert _kernels.compiled(doubled)(21.0) == 42.0


def test_an_array_in_the_expected_layout_is_not_copied() -> None:
    array = np.ones((3, 2))
    assert _kernels.prepared(array) is array
    assert _kernels.prepared(array.T).flags.c_contiguous


def test_every_kernel_is_compiled_once_for_all_callers() -> None:
    _kernels.centred_complete_days(_kernels.prepared(np.ones((3, 2)).T))
    _kernels.centred_complete_days(_kernels.prepared(np.ones((3, 2))[:, :1]))
    _kernels.centred_complete_days(_kernels.prepared(np.broadcast_to(np.ones(2), (3, 2))))
    assert len(_kernels.centred_complete_days.signatures) == 1  # type: ignore[attr-defined]
